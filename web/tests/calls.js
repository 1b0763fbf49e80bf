// Files of proofs that are chosen at the page: changed ones, and that they are refused.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeFunctionData, encodeFunctionData, parseAbi } from "viem";
import { scratch } from "./project.js";
import * as steps from "./steps.js";

const proofAbi = parseAbi([
  "function proveAccuracy(uint16 chunk, uint32 correct, bytes key, uint256[8] proof)",
  "function deliver(uint16 chunk, uint256[2] ephemeral, uint256[] ct, uint256 cm, bytes key, uint256[8] proof)",
]);

/** The file of a call, changed. */
export function changed(name, call, change) {
  const { functionName, args } = decodeFunctionData({ abi: proofAbi, data: call });
  const path = join(scratch(), name);
  writeFileSync(path, JSON.stringify({ call: encodeFunctionData({ abi: proofAbi, functionName, args: change([...args]) }) }));
  return path;
}

/** The last calls that an account has sent. */
export async function lastCalls(chain, account, n) {
  const found = [];
  for (let block = await chain.client.getBlockNumber(); found.length < n; block--) {
    const { transactions } = await chain.client.getBlock({ blockNumber: block, includeTransactions: true });
    found.unshift(...transactions.filter((t) => t.from.toLowerCase() === account.toLowerCase()).map((t) => t.input));
  }
  return found;
}

/** Refuses the proofs of files before anything is signed. */
export async function refuses(hunter, path, name, reason, chain, account) {
  const sent = await chain.sent(account);
  await hunter.page.getByLabel(/^Proofs that were made elsewhere/).setInputFiles(path);
  await steps.button(hunter.page, name).click();
  await steps.refused(hunter, reason);
  assert.equal(await chain.sent(account), sent);
  await hunter.page.getByLabel(/^Proofs that were made elsewhere/).setInputFiles([]);
}
