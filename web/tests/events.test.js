// Who polls: a node is asked about no block twice, and what a reorganisation took back is gone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { chain as start } from "./chain.js";
import { modules } from "./modules.js";
import { node } from "./node.js";

const { events } = (await modules(["chain/events"])).events;

/** A contract that emits the first word of what it is called with: `log1(0, 32, 7)`, after a copy of it to memory. */
const CODE = "0x600e600c600039600e6000f3600035600052600760206000a100";
let chain;
let between;
before(async () => {
  chain = await start();
  between = await node(chain.rpc);
});
after(async () => {
  between?.stop();
  await chain?.stop();
});

test("blocks are asked about once, and anew where they were taken back", async () => {
  const address = await chain.deploy(CODE);
  const account = privateKeyToAccount(chain.keys[1]);
  const wallet = createWalletClient({ account, chain: foundry, transport: http(chain.rpc) });
  const emit = async (n) => chain.client.waitForTransactionReceipt({ hash: await wallet.sendTransaction({ to: address, data: `0x${n.toString(16).padStart(64, "0")}` }) });
  const client = createPublicClient({ chain: foundry, transport: http(between.url) });
  const ranges = [];
  const poll = async () => {
    ranges.length = 0;
    const logs = await events(client, "numbers", 0n, (fromBlock, toBlock) => {
      ranges.push([Number(fromBlock), Number(toBlock)]);
      return client.getLogs({ address, fromBlock, toBlock });
    });
    return logs.map(({ data }) => Number(data));
  };
  await emit(1);
  assert.deepEqual(await poll(), [1]);
  const first = Number(await chain.client.getBlockNumber({ cacheTime: 0 }));
  assert.deepEqual(ranges, [[0, first]]);
  assert.deepEqual([await poll(), ranges], [[1], []]);
  const now = await chain.call("evm_snapshot");
  await emit(2);
  assert.deepEqual([await poll(), ranges], [[1, 2], [[first + 1, first + 1]]]);
  // Taken back: by fewer blocks, and by as many others.
  await chain.call("evm_revert", [now]);
  assert.deepEqual([await poll(), ranges], [[1], [[0, first]]]);
  const again = await chain.call("evm_snapshot");
  await emit(3);
  assert.deepEqual(await poll(), [1, 3]);
  await chain.call("evm_revert", [again]);
  await emit(4);
  assert.deepEqual([await poll(), ranges], [[1, 4], [[0, first + 1]]]);
  // Other events of the same client are others.
  assert.equal((await events(client, "others", 0n, async () => [])).length, 0);
});

test("no piece is longer than what public nodes look through", async () => {
  const asked = [];
  const client = { getBlock: async ({ blockNumber = 20_006n } = {}) => ({ number: blockNumber, hash: `0x${blockNumber}` }) };
  assert.deepEqual(await events(client, "far", 7n, async (from, to) => (asked.push([from, to]), [to])), [10_006n, 20_006n]);
  assert.deepEqual(asked, [[7n, 10_006n], [10_007n, 20_006n]]);
});

test("a node that is behind takes nothing back, and nothing is asked twice after it", async () => {
  let latest = 105n;
  let blocks = 0;
  const client = { getBlock: async ({ blockNumber = latest } = {}) => (blocks++, { number: blockNumber, hash: `0x${blockNumber}` }) };
  const poll = () => events(client, "behind", 100n, async (from, to) => Array.from({ length: Number(to - from) + 1 }, (_, i) => from + BigInt(i)));
  const first = [100n, 101n, 102n, 103n, 104n, 105n];
  assert.deepEqual(await poll(), first);
  latest = 101n;
  assert.deepEqual(await poll(), first);
  latest = 106n;
  assert.deepEqual(await poll(), [...first, 106n]);
  // Where there is no new block, one question is enough to know it.
  blocks = 0;
  assert.deepEqual(await poll(), [...first, 106n]);
  assert.equal(blocks, 1);
});

test("what was answered while the chain changed is not kept", async () => {
  const client = createPublicClient({ chain: foundry, transport: http(between.url) });
  const now = await chain.call("evm_snapshot");
  await chain.call("evm_mine");
  const found = await events(client, "changing", 0n, async () => {
    await chain.call("evm_revert", [now]);
    return [1];
  });
  assert.deepEqual(found, [1]);
  const asked = [];
  await events(client, "changing", 0n, async (from, to) => (asked.push([from, to]), []));
  assert.equal(asked[0][0], 0n);
});
