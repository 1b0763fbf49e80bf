// A development chain, with the factory of bounties; time passes when it is told to.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createPublicClient, createWalletClient, http, numberToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { root } from "./project.js";

export async function chain(port = 0) {
  const binary = process.env.ZKML_ANVIL ?? join(root, "contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
  const child = spawn(binary, ["--port", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const keys = [];
  const found = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("exit", () => failed(new Error(`${binary} ended`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const key = /^\(\d+\) (0x[0-9a-f]{64})$/.exec(line);
      if (key) keys.push(key[1]);
      const listening = /^Listening on 127\.0\.0\.1:(\d+)$/.exec(line);
      if (listening) done(Number(listening[1]));
    });
  });
  const rpc = `http://127.0.0.1:${found}`;
  const client = createPublicClient({ chain: foundry, transport: http(rpc), pollingInterval: 50, cacheTime: 0 });
  const call = (method, params = []) => client.request({ method, params });
  const deployer = createWalletClient({ account: privateKeyToAccount(keys[9]), chain: foundry, transport: http(rpc) });
  const code = `0x${readFileSync(join(root, "zkml-bounty/artifacts/BountyFactory.hex"), "utf8").trim()}`;
  const deploy = async (bytecode) => {
    const hash = await deployer.sendTransaction({ data: bytecode });
    return (await client.waitForTransactionReceipt({ hash })).contractAddress;
  };
  const factory = await deploy(code);
  return {
    rpc,
    keys,
    accounts: keys.map((key) => privateKeyToAccount(key).address),
    factory,
    /** What the page is told of it, and of an IPFS node. */
    config: (ipfs) => ({
      chain: 31337,
      name: "a development chain",
      symbol: "ETH",
      rpc,
      factory,
      since: 0,
      confirmations: 1,
      gateways: [ipfs],
      ipfsApi: ipfs,
    }),
    client,
    call,
    deploy,
    /** Lets the time pass to this one, in seconds since 1970. */
    async pass(until) {
      await call("evm_setNextBlockTimestamp", [numberToHex(BigInt(until))]);
      await call("evm_mine");
    },
    balance: (address) => client.getBalance({ address }),
    sent: (address) => client.getTransactionCount({ address }),
    stop: () =>
      new Promise((done) => {
        child.removeAllListeners("exit").once("exit", done);
        child.kill();
      }),
  };
}
