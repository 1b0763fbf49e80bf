// Of the demonstration alone: two wallets of a development chain, that announce themselves as any wallet does (EIP-6963) and ask before they sign; and a
// clock to move. The chain holds their keys, which everybody knows: nothing here is worth anything.
const { rpc, accounts } = await (await fetch("./demo.json")).json();

async function call(method, params = []) {
  const answer = await fetch(rpc, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) });
  const { result, error } = await answer.json();
  if (error) throw Object.assign(new Error(error.message), { code: error.code, data: error.data });
  return result;
}

function wallet(name, account, uuid) {
  const permitted = `demo:permitted:${name}`;
  const provider = {
    async request({ method, params }) {
      switch (method) {
        case "eth_requestAccounts":
          sessionStorage.setItem(permitted, "yes");
          return [account];
        case "eth_accounts":
          return sessionStorage.getItem(permitted) ? [account] : [];
        case "wallet_revokePermissions":
          sessionStorage.removeItem(permitted);
          return null;
        case "eth_sendTransaction":
          if (!window.confirm(`${name}: sign this transaction to ${params[0].to}, with ${BigInt(params[0].value ?? "0x0")} wei?`))
            throw Object.assign(new Error("rejected"), { code: 4001 });
          return call(method, params);
        default:
          return call(method, params);
      }
    },
    on: () => provider,
    removeListener: () => provider,
  };
  const info = { uuid, name, icon: new URL("./icon.svg", location.href).href, rdns: `org.example.${name.toLowerCase().replace(" ", "-")}` };
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}

wallet("Demo host", accounts[0], "0b1f6f0e-5b0c-4c76-8a0b-6a2f0a6f1c01");
wallet("Demo hunter", accounts[1], "0b1f6f0e-5b0c-4c76-8a0b-6a2f0a6f1c02");

const bar = document.createElement("aside");
bar.setAttribute("aria-label", "Demonstration");
bar.className = "told";
bar.append("A development chain: nothing here is worth anything. ");
for (const [text, seconds] of [["Let an hour pass", 3600], ["Let a day pass", 86_400]]) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", async () => {
    await call("evm_increaseTime", [seconds]);
    await call("evm_mine");
  });
  bar.append(button);
}
document.body.append(bar);
