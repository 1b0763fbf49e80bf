// A headless Chromium that asks nobody for anything, and a wallet in it: an EIP-1193 provider that announces itself as EIP-6963 says, and forwards to the chain.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"];

/** What is in the page: all it does is ask, and tell. */
function provider() {
  const listeners = new Map();
  const wallet = {
    async request({ method, params }) {
      const answer = await window.zkmlWallet(method, JSON.stringify(params ?? []));
      if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      return answer.result;
    },
    on(event, told) {
      listeners.set(event, [...(listeners.get(event) ?? []), told]);
      return wallet;
    },
    removeListener(event, told) {
      listeners.set(event, (listeners.get(event) ?? []).filter((other) => other !== told));
      return wallet;
    },
  };
  window.zkmlTell = (event, value) => {
    for (const told of listeners.get(event) ?? []) told(value);
  };
  const icon = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";
  const info = { uuid: "6a9b2f64-6f0c-4c27-9f8b-0d6a5a7e2c11", name: "Test Wallet", icon, rdns: "org.example.testwallet" };
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider: wallet }) }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}

/** A person at a page, with a wallet of one account. */
export async function person(chain, url, account, options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "zkml-web-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", ...QUIET],
    headless: true,
    viewport: { width: 1100, height: 900 },
    acceptDownloads: true,
    ...options,
  });
  const page = browser.pages()[0] ?? (await browser.newPage());
  const state = { account, chainId: 31337, reject: false, send: null, permitted: false, asked: [] };
  const violations = [];
  const tell = (event, value) => page.evaluate(([event, value]) => window.zkmlTell?.(event, value), [event, value]);
  const answer = async (method, params) => {
    state.asked.push(method);
    switch (method) {
      case "eth_requestAccounts":
        state.permitted = true;
        return [state.account];
      case "eth_accounts":
        return state.permitted ? [state.account] : [];
      case "eth_chainId":
        return `0x${state.chainId.toString(16)}`;
      case "wallet_switchEthereumChain":
        state.chainId = Number(params[0].chainId);
        await tell("chainChanged", params[0].chainId);
        return null;
      case "wallet_requestPermissions":
      case "wallet_revokePermissions":
        return null;
      case "eth_sendTransaction":
        if (state.reject) throw Object.assign(new Error("User rejected the request."), { code: 4001 });
        if (state.send) return state.send(params);
        return chain.call(method, params);
      default:
        return chain.call(method, params);
    }
  };
  await page.exposeFunction("zkmlWallet", async (method, params) => {
    try {
      return { result: await answer(method, JSON.parse(params)) };
    } catch (error) {
      return { error: { message: error.message, code: error.code ?? -32603 } };
    }
  });
  if (account) await page.addInitScript(provider);
  page.on("console", (line) => {
    if (/Content Security Policy|Refused to/.test(line.text())) violations.push(line.text());
    if (process.env.ZKML_WEB_LOG) console.log(line.text());
  });
  page.on("pageerror", (error) => violations.push(String(error)));
  // Two files of tests share the machine with whatever else it does.
  page.setDefaultTimeout(60_000);
  try {
    await page.goto(url);
    if (account) {
      await page.getByRole("button", { name: "Connect Test Wallet" }).click();
      await page.getByTestId("account").filter({ hasText: account }).waitFor();
    }
  } catch (error) {
    await browser.close();
    throw error;
  }
  return {
    page,
    state,
    violations,
    tell,
    async become(next) {
      state.account = next;
      await tell("accountsChanged", [next]);
    },
    async chainIs(id) {
      state.chainId = id;
      await tell("chainChanged", `0x${id.toString(16)}`);
    },
    /** Confirms what is shown; returns it. That the clocks disagree, as time passes here when it is told to, is gone on with. */
    async sign() {
      const review = page.getByRole("alertdialog").filter({ hasText: "Before you sign" });
      const doubt = page.getByRole("alertdialog").filter({ hasText: "The clocks disagree" });
      await review.or(doubt).waitFor();
      if (await doubt.isVisible()) await doubt.getByRole("button", { name: "Go on all the same" }).click();
      await review.waitFor();
      const text = await review.innerText();
      await review.getByRole("button", { name: "Sign in the wallet" }).click();
      await review.waitFor({ state: "detached" });
      return text;
    },
    async open(hash) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, hash);
    },
    /** A reload, as a person does it: what was typed is gone. */
    async reload() {
      await page.reload();
      if (account) await page.getByTestId("account").waitFor();
    },
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
