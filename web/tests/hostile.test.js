// Whoever lies: nodes, tokens, hosts, packages, files of strangers; and wallets that send something else. The page's modules alone, where no browser is needed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createWalletClient, encodeFunctionData, encodeAbiParameters, http, keccak256, parseAbi, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { chain as start } from "./chain.js";
import { modules, storage } from "./modules.js";
import { node } from "./node.js";
import { root } from "./project.js";
import * as steps from "./steps.js";
import { world } from "./world.js";

globalThis.localStorage = storage();
const m = await modules(["chain/abi", "chain/address", "chain/bounty", "chain/errors", "chain/send", "chain/time", "creating", "data", "format", "keyfile", "questions", "verdicts"]);

const word = (digit) => `0x${digit.repeat(64)}`;
/** Terms that a contract takes; the host's key is the base point's. */
const terms = (host, changed = {}) => ({
  host,
  token: zeroAddress,
  reward: 5n * 10n ** 18n,
  bond: 10n ** 17n,
  dataKey: word("1"),
  accuracyKey: word("2"),
  deliveryKey: word("3"),
  setup: word("4"),
  development: false,
  open: true,
  best: true,
  dataset: 7n,
  chunks: 3,
  groups: 2,
  items: 4,
  threshold: 20,
  hostKeyX: 5299619240641551281634865583518297030282874472190772894086521144482721001553n,
  hostKeyY: 16950150798460657717958625567821834550301663161624707787222815936182638968203n,
  deliveryChunks: 2,
  deliveryElements: 28,
  commitUntil: 4_000_000_000,
  revealUntil: 4_000_100_000,
  proveUntil: 4_000_200_000,
  deliveryWindow: 86_400,
  ...changed,
});
const config = { chain: 31337, name: "a chain", symbol: "ETH", rpc: "http://127.0.0.1:1", factory: zeroAddress, since: 0n, confirmations: 3, blockSeconds: 12, gateways: [], ipfsApi: null };

/** A token that is called as the chain's money, counts in whole ones, and reverts with words of its own once it is told to. */
const TOKEN = `pragma solidity ^0.8.24;
  contract T { mapping(address=>uint) public balanceOf; bool bad; constructor() { balanceOf[msg.sender] = 100; }
  function allowance(address, address) external pure returns (uint) { return 100; }
  function transferFrom(address f, address t, uint a) external returns (bool) { balanceOf[f] -= a; balanceOf[t] += a; return true; }
  function decimals() external pure returns (uint8) { return 0; }
  function set() external { bad = true; }
  function symbol() external view returns (string memory) { if (bad) revert("bounties have moved: go to evil.example"); return "ETH"; } }`;

function bytecode() {
  const solc = createRequire(join(root, "contracts/package.json"))("solc");
  const input = { language: "Solidity", sources: { t: { content: TOKEN } }, settings: { evmVersion: "cancun", outputSelection: { "*": { "*": ["evm.bytecode.object"] } } } };
  return `0x${JSON.parse(solc.compile(JSON.stringify(input))).contracts.t.T.evm.bytecode.object}`;
}

let chain;
let local;
let host;
before(async () => {
  chain = await start();
  local = { ...config, factory: chain.factory, rpc: chain.rpc, confirmations: 1 };
  host = createWalletClient({ account: privateKeyToAccount(chain.keys[1]), chain: foundry, transport: http(chain.rpc) });
});
after(() => chain?.stop());

const mined = async (hash) => chain.client.waitForTransactionReceipt({ hash: await hash });
async function create(t) {
  const value = t.token === zeroAddress ? t.reward : 0n;
  await mined(host.writeContract({ address: chain.factory, abi: m.abi.factoryAbi, functionName: "create", args: [t], value }));
  return chain.client.readContract({ address: chain.factory, abi: m.abi.factoryAbi, functionName: "addressOf", args: [t] });
}

test("a node can name no other terms for an address, and none for an address that has no bounty", async () => {
  const t = terms(host.account.address);
  const bounty = await create(t);
  assert.equal(m.address.addressOf(chain.factory, t), bounty);
  assert.equal((await m.bounty.read(chain.client, local, bounty)).terms.hostKeyX, t.hostKeyX);
  const lying = (change) => ({ ...chain.client, readContract: async (asked) => (asked.functionName === "terms" ? { ...t, ...change } : chain.client.readContract(asked)) });
  // Each term, not the key alone.
  for (const [field, value] of Object.entries(t)) {
    const other = typeof value === "boolean" ? !value : typeof value === "number" ? value + 1 : typeof value === "bigint" ? value + 1n : value.length === 42 ? chain.accounts[8] : word("9");
    await assert.rejects(m.bounty.read(lying({ [field]: other }), local, bounty), /names terms for 0x[0-9a-fA-F]{40} that are those of 0x/, field);
  }
  const evil = chain.accounts[7];
  const answers = { isBounty: true, terms: t, state: [0, 4_000_000_000n], groupsProven: 0n, winner: zeroAddress, credit: 0n };
  const inventing = { ...chain.client, readContract: async ({ functionName }) => answers[functionName], getContractEvents: async () => [] };
  await assert.rejects(m.bounty.read(inventing, local, evil), /it is wrong, or lies/);
  await assert.rejects(m.bounty.read({ ...inventing, readContract: async ({ functionName }) => ({ ...answers, state: [9, 0n] })[functionName] }, local, bounty), /names state 9/);
});

test("a token is not taken for the chain's money, and its words are not the page's", async () => {
  const { contractAddress: token } = await mined(host.sendTransaction({ data: bytecode() }));
  const bounty = await create(terms(host.account.address, { token, reward: 5n, bond: 0n }));
  const shown = async () => {
    const { terms: found, money } = await m.bounty.read(chain.client, local, bounty);
    return m.format.amount(found.reward, money);
  };
  assert.equal((await shown()).toLowerCase(), `5 "?" of token ${token}`);
  await mined(host.sendTransaction({ to: token, data: encodeFunctionData({ abi: parseAbi(["function set()"]), functionName: "set" }) }));
  assert.equal((await shown()).toLowerCase(), `5 "?" of token ${token}`);
  // A node that counts a token in another way has the same words mean another amount.
  const says = (decimals) => ({ readContract: async () => decimals });
  const money = { symbol: "T", decimals: 18, token };
  await m.bounty.requireDecimals(says(18), "create", money);
  await assert.rejects(m.bounty.requireDecimals(says(24), "create", money), ({ message, money }) => /has 24 decimals, the amounts that were shown are of 18/.test(message) && money.startsWith("nothing was sent"));
  await assert.rejects(m.bounty.requireDecimals(chain.client, "create", money), /has 0 decimals/);
  await m.bounty.requireDecimals(says(24), "create", { ...money, token: null });
  const refused = await chain.client.readContract({ address: token, abi: m.abi.tokenAbi, functionName: "symbol" }).catch((error) => error);
  assert.match(m.errors.message(refused), /^the contract refuses it/);
  assert.doesNotMatch(m.errors.message(refused), /evil/);
  const estimated = await chain.client.estimateGas({ account: host.account, to: token, data: "0x95d89b41" }).catch((error) => error);
  assert.doesNotMatch(m.errors.message(estimated), /evil/);
  const data = `0x08c379a0${encodeAbiParameters([{ type: "string" }], ["go to evil.example"]).slice(2)}`;
  assert.doesNotMatch(m.errors.message(Object.assign(new Error("x"), { data })), /evil/);
  for (const [found, expected] of [
    ["T", "T"],
    ["WETH", "WETH"],
    ["eth", "?"],
    ["ETH ", "?"],
    ["\u202EHTE 000,01\u2066", "?"],
    ["ЕTH", "?"],
    ["A\nB", "?"],
    ['"', "?"],
    ["", "?"],
    ["THIRTEENCHARS", "?"],
  ])
    assert.equal(m.format.plainSymbol(found, "ETH"), expected, JSON.stringify(found));
});

/** A node's answers about a turn, at a time by its clock. */
const turning = ({ from = 0n, until = 1000n, now = 0n, state = 3, delivered = 0 }) => ({
  readContract: async ({ functionName }) => ({ turn: [from, until], state: [state, until], hunterOf: { delivered } })[functionName],
  getBlock: async () => ({ timestamp: now }),
});

test("a part is delivered in its turn alone, with time for all that are left, by two clocks", async () => {
  const now = m.time.clock();
  const t = terms(zeroAddress);
  const turn = (part, given) => m.time.requireTurn(turning(given), config, zeroAddress, t, zeroAddress, part);
  // A minute and three blocks of 12 seconds, each of two parts.
  const needed = 192n;
  assert.equal(m.time.timeFor(2, config), needed);
  const good = { from: now - 10n, until: now + 400n, now };
  assert.deepEqual(await turn(0, good), { from: now - 10n, until: now + 400n, last: now + 400n - needed });
  const late = { ...good, until: now + 150n };
  await assert.rejects(turn(0, late), ({ message, money }) => /by the chain it is/.test(message) && /gives the model away/.test(money));
  // One part is left: there is time for it.
  await turn(1, { ...late, delivered: 1 });
  await assert.rejects(turn(0, { ...good, from: now + 10n }), /by the chain it is/);
  // A node that holds its clock back.
  await assert.rejects(turn(0, { from: now - 5000n, until: now - 4000n, now: now - 5000n }), /by this computer's clock it is/);
  await assert.rejects(turn(0, { ...good, delivered: 1 }), /the next part is 1/);
  await assert.rejects(turn(0, { ...good, state: 4 }), /the bounty is Paid: it is over/);
});

test("clocks that disagree are a question", () => {
  const now = m.time.clock();
  assert.equal(m.time.doubt("it is over", now, "x"), null);
  assert.match(m.time.doubt("the last commitment is over", now + 7200n, "Somebody could still commit.").text, /By this computer's clock that is in (2 hours|119 minutes)/);
});

test("terms that leave a hunter no time are named", () => {
  assert.equal(m.time.hasty(terms(zeroAddress), config), null);
  assert.match(m.time.hasty(terms(zeroAddress, { deliveryWindow: 192 }), config), /192 seconds are left to deliver, expected more than 192/);
  assert.equal(m.time.hasty(terms(zeroAddress, { deliveryWindow: 193 }), config), null);
  assert.match(m.time.hasty(terms(zeroAddress, { proveUntil: 4_000_100_001 }), config), /1 seconds are left to prove/);
});

const ME = "0x00000000000000000000000000000000000000aA";
const TO = "0x00000000000000000000000000000000000000bB";
const HASH = word("1");

/** A wallet, and what it was asked for in order. */
function walletOf(log, { code = "0x60", call = null, accounts = [ME] } = {}) {
  return {
    getChainId: async () => 31337,
    getAddresses: async () => accounts,
    request: async ({ method }) => {
      log.push(method);
      if (method === "eth_getCode" && code) return code;
      throw new Error(call ?? "unsupported");
    },
    sendTransaction: async (sent) => {
      log.push(sent);
      return HASH;
    },
  };
}

test("a delivery is estimated on no node, and its time is asked again between the yes and the wallet", async () => {
  localStorage.clear();
  const log = [];
  const client = {
    estimateGas: async () => assert.fail("the node has seen the ciphertext"),
    estimateFeesPerGas: async () => ({ maxFeePerGas: 10n, maxPriorityFeePerGas: 1n }),
    getBlockNumber: async () => 7n,
  };
  let refuse = null;
  const ready = async () => {
    log.push("ready");
    if (refuse) throw new m.errors.StepError(refuse, "nothing was sent");
  };
  const gas = m.send.deliveryGas(4000);
  assert.ok(gas >= 8_299_272n && gas < 2n ** 24n && m.send.deliveryGas(28) >= 407_004n && m.send.deliveryGas(1435) >= 3_046_152n);
  const call = { step: "deliver part 0", to: TO, data: "0x1234", value: 0n, gas, ready };
  const estimated = await m.send.estimate(client, 31337, ME, call);
  assert.deepEqual([log, estimated.gas], [["ready"], gas]);
  refuse = "late";
  await assert.rejects(m.send.estimate(client, 31337, ME, call), /late/);
  log.length = 0;
  // A wallet that answers nothing but what it must.
  await assert.rejects(m.send.send(client, walletOf(log, { code: null }), config, estimated, TO), /late/);
  assert.ok(log.includes("ready") && log.every((each) => typeof each === "string"), "the wallet was not asked");
  refuse = null;
  log.length = 0;
  const sent = await m.send.send(client, walletOf(log), config, estimated, TO);
  // The wallet is told the chain and the fee; and asked last.
  const { chain: on, maxFeePerGas } = log.at(-1);
  assert.deepEqual([on.id, maxFeePerGas, log.at(-2), sent.nonce], [31337, 20n, "ready", null]);
  assert.equal(m.send.pending(31337).length, 1);
});

test("the wallet's own node is a second witness, where it answers", async () => {
  const client = { getBlockNumber: async () => 7n };
  const estimated = { step: "commit", to: TO, data: "0x", value: 5n, account: ME, chain: 31337, gas: 1n, feePerGas: 1n, tip: 1n };
  const log = [];
  await assert.rejects(m.send.send(client, walletOf(log, { code: "0x" }), config, estimated, TO), /by the wallet's node there is no contract at/);
  const stale = { ...estimated, ready: async (reader) => reader !== client && m.time.requireTurn(turning({ until: 1n, now: 5n }), config, TO, terms(ME), ME, 0) };
  await assert.rejects(m.send.send(client, walletOf(log), config, stale, TO), /by the wallet's node/);
  assert.ok(log.every((each) => each === "eth_getCode"));
  // The account was changed after the review.
  await assert.rejects(m.send.send(client, walletOf(log, { accounts: [TO] }), config, estimated, TO), /another account/);
});

/** A chain on which the account's transaction 7 is this one, in block 100; nobody sees another. */
function replaced(other, { head = 110n, receipt = {} } = {}) {
  const missing = (name) => Object.assign(new Error("x"), { name });
  return {
    getBlockNumber: async () => head,
    getTransactionCount: async ({ blockNumber }) => (blockNumber >= 100n ? 8 : 7),
    getTransaction: async () => {
      throw missing("TransactionNotFoundError");
    },
    getTransactionReceipt: async ({ hash }) => {
      if (hash !== other.hash) throw missing("TransactionReceiptNotFoundError");
      return { blockNumber: 100n, gasUsed: 21_000n, effectiveGasPrice: 2n, status: "success", ...receipt };
    },
    getBlock: async ({ blockNumber }) => ({ transactions: blockNumber === 100n ? [{ from: ME.toLowerCase(), nonce: 7, to: TO, value: 5n, input: "0x1234", ...other }] : [] }),
  };
}
const sent = { step: "create", hash: HASH, nonce: 7, account: ME, chain: 31337, bounty: TO, to: TO, value: "5", data: keccak256("0x1234"), since: "90" };
const never = AbortSignal.timeout(20_000);

test("a transaction that the wallet sped up is the same step; another one is not called harmless", async () => {
  const faster = word("2");
  const { hash, gas } = await m.send.settle(replaced({ hash: faster }), config, sent, () => {}, never);
  assert.deepEqual([hash, gas], [faster, 21_000n]);
  const refused = (other) =>
    assert.rejects(m.send.settle(replaced({ hash: faster, ...other }), config, sent, () => {}, never), ({ message, money }) => {
      assert.match(message, new RegExp(`another transaction of the account, ${faster}, took the place of ${HASH}`));
      assert.doesNotMatch(message + money, /never took place|and start the step again/);
      return /as the node says/.test(money) && /the wallet's history/.test(money);
    });
  await Promise.all([{ to: ME, value: 0n, input: "0x" }, { value: 6n }, { input: "0x1235" }].map(refused));
});

test("a transaction is not given up before another one counts, nor while its number is not known", async () => {
  const waits = async (client, changed) => {
    const told = [];
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 4500);
    await assert.rejects(m.send.settle(client, config, { ...sent, ...changed }, (text) => told.push(text), stop.signal), ({ message, money }) => /no longer waited for/.test(message) && /may take place/.test(money));
    return told.at(-1);
  };
  const other = { hash: word("2"), to: ME };
  const [young, unseen] = await Promise.all([
    // Two of three confirmations.
    waits(replaced(other, { head: 101n }), {}),
    // The wallet had a transaction of its own before, which the node has not seen: that ours is number 7 is not known.
    waits(replaced(other), { nonce: null }),
  ]);
  assert.equal(young, "sent, waiting for a block");
  assert.match(unseen, /the node has not seen it yet/);
});

test("questions wait for each other, and are answered once each", async () => {
  const questions = new m.questions.Questions();
  const [first, second, third] = [questions.ask("a"), questions.ask("b"), questions.ask("c")];
  const { id, item } = questions.first();
  assert.equal(item, "a", "a later one does not take the place of what is read");
  questions.answer(id, true);
  // Pressed twice.
  questions.answer(id, true);
  assert.equal(questions.first().item, "b");
  questions.drop();
  assert.deepEqual(await Promise.all([first, second, third]), [true, false, false]);
});

test("a threshold is a count without a point, and a part with one", () => {
  for (const [text, expected] of [["0.8", 80], ["1.0", 100], ["1", 1], ["100", 100], ["0.07", 7], [".9", 90], ["0.001", 1], [" 42 ", 42]]) assert.equal(m.format.parseThreshold(text, 100), expected, text);
  for (const text of ["1.", "0x10", "1e1", "1.5", "2.0", "-1", "101", "0", "0.0", "", "80%", "１"]) assert.throws(() => m.format.parseThreshold(text, 100), /the threshold is/, text);
  assert.match(m.format.time(10n ** 30n), /seconds after 1970/);
});

test("a stranger's key file takes the place of none", async () => {
  localStorage.clear();
  const head = { role: "hunter", chain: 31337, bounty: TO, account: ME };
  // Composed in two ways, on two keyboards.
  const file = await m.keyfile.lock(head, "secrets", "pass wort\u00e9");
  assert.equal(await m.keyfile.unlock(file, "pass worte\u0301"), "secrets");
  m.keyfile.keep(file, false);
  const junk = { ...file, ciphertext: "AAAA" };
  m.keyfile.keep(junk, false);
  assert.deepEqual(m.keyfile.kept(head), file);
  for (const change of [{ role: "host" }, { chain: 1 }, { bounty: ME }, { account: TO }, { account: undefined }])
    assert.throws(() => m.keyfile.requireHead({ ...file, ...change }, head), /^Error: the key file is of the .* choose another file$/, JSON.stringify(change));
  m.keyfile.requireHead({ ...file, account: ME.toLowerCase() }, head);
  m.keyfile.keep(junk, true);
  assert.deepEqual(m.keyfile.kept(head), junk);
  localStorage.setItem(localStorage.key(0), "{");
  assert.equal(m.keyfile.kept(head), null);
});

test("what is kept comes back, file by file", () => {
  const data = { files: [Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(255)], labels: [3, 0, 9] };
  assert.deepEqual(m.data.fromBytes(m.data.toBytes(data)), data);
});

/** A bounty whose winner has proven two chunks and delivered two parts, after one group of data; and the rows of its proofs. */
function paid() {
  const hunter = { account: ME, index: 0, commitment: 1n, proven: 3n, correct: 9, delivered: 2, bond: "returned", credit: 0n, turn: null };
  const t = { ...terms(TO), chunks: 2, deliveryChunks: 2, threshold: 9, best: false };
  const bounty = { terms: t, winner: ME, hunters: [hunter], groupsProven: 1, money: { symbol: "ETH", decimals: 18, token: null } };
  const log = (statement, chunk, more) => ({ statement, sender: ME, hunter: statement === "data" ? null : ME, hash: HASH, call: "0x", gas: 1n, label: `${chunk}`, chunk, group: null, correct: null, ...more });
  const logs = [log("data", 0, { group: 0, sender: TO }), log("accuracy", 0, { correct: 4 }), log("accuracy", 1, { correct: 5 }), log("delivery", 0), log("delivery", 1)];
  const calls = logs.map(({ statement, chunk, group, correct }) => ({ statement, chunk, ...(statement === "data" ? { group } : {}), ...(statement === "accuracy" ? { correct } : {}) }));
  return { bounty, logs, calls, rows: logs.map((each, i) => m.verdicts.rowOf(each, calls[i])) };
}

test("what was not checked is not said to hold", () => {
  const { bounty, logs, calls, rows } = paid();
  const { tally, winnerOf, rowOf, datasetOf } = m.verdicts;
  assert.deepEqual(tally(bounty, rows), { good: true, text: "all 5 proofs hold: 5 verified, 0 not checked, 5 expected" });
  assert.equal(winnerOf(bounty, rows).good, true);
  const unchecked = logs.map((log) => ({ ...log, verdict: "not checked", why: "" }));
  assert.deepEqual(tally(bounty, unchecked), { good: null, text: "0 verified, 5 not checked, 5 expected" });
  assert.equal(winnerOf(bounty, unchecked).good, null);
  // Nothing at all; and less than the contract counts.
  assert.deepEqual(tally({ ...bounty, hunters: [], groupsProven: 0 }, []), { good: null, text: "there is no proof on the chain yet" });
  assert.match(tally(bounty, []).text, /does not show 5 of the proofs/);
  assert.equal(tally(bounty, rows.slice(1)).good, false);
  // One twice in the place of another one.
  const twice = [rows[0], rows[1], rows[1], rows[3], rows[4]];
  assert.equal(tally(bounty, twice).good, false);
  assert.match(tally(bounty, [...rows, rows[1]]).text, /1 of the proofs are there twice/);
  assert.equal(winnerOf(bounty, twice).good, false);
  assert.equal(winnerOf({ ...bounty, terms: { ...bounty.terms, threshold: 10 } }, rows).good, false);
  // An event that says another thing than the call in its transaction.
  for (const change of [{ chunk: 1 }, { correct: 5 }, { statement: "delivery" }, { hunter: TO }]) assert.equal(rowOf({ ...logs[1], ...change }, calls[1]).verdict, "not valid", JSON.stringify(change));
  // The dataset, made again.
  assert.equal(datasetOf(7n, 8n, 2, rows).good, false);
  assert.match(datasetOf(7n, 7n, 2, rows).text, /all groups are proven to be its, and 2 files are those of their CIDs/);
  assert.match(datasetOf(7n, 7n, 2, unchecked).text, /not all of its proofs could be checked here/);
});

test("a creation whose end was not seen is kept", () => {
  localStorage.clear();
  m.creating.begin(1, ME, { bounty: TO, package: "bafk" });
  assert.deepEqual(m.creating.begun(1, ME.toLowerCase()), { bounty: TO, package: "bafk" });
  assert.equal(m.creating.begun(2, ME), null);
  m.creating.end(1, ME);
  assert.equal(m.creating.begun(1, ME), null);
});

/** A page whose node is this test's, and wallets that have their own. */
let w;
let between;
test("in the browser", async (t) => {
  w = await world(async ({ rpc }) => {
    between = await node(rpc);
    return { rpc: between.url };
  }, "digits");
  try {
    await t.test("a key that can't be opened, no time, and a creation whose end was not seen: no second reward is sent", creation);
    await t.test("a token that reverts with words of its own hides no other bounty", list);
    await t.test("a node that lies about terms, and sees no ciphertext; a turn that ends while it is read", delivery);
  } finally {
    await w.stop();
    between.stop();
  }
});

async function creation() {
  const { project } = w;
  const account = w.chain.accounts[3];
  const someone = await w.person(3);
  const { page } = someone;
  const create = steps.button(page, "Create and fund the bounty");
  const refused = async (reason) => {
    await create.click();
    await page.getByRole("alert").filter({ hasText: reason }).waitFor();
    assert.equal(await page.getByRole("alertdialog").count(), 0);
  };
  await steps.fill(someone, project);
  await page.getByLabel("The same again").fill("correct horse batter");
  await refused('the passphrase and "The same again" are not the same');
  await page.getByLabel("The same again").fill(steps.PASSPHRASE);
  await page.getByLabel("Time to deliver, each").fill("2m");
  await refused("no hunter can take part: 120 seconds are left to deliver");
  await page.getByLabel("Time to deliver, each").fill("1h");
  await page.getByLabel("Threshold").fill("0x1");
  await refused("the threshold is");
  await page.getByLabel("Threshold").fill("1.0");
  // The page is left while the wallet asks; the wallet does not sign.
  const nothing = await w.chain.sent(account);
  someone.state.send = () => new Promise(() => {});
  await create.click();
  await someone.sign();
  await page.getByText("confirm it in the wallet").waitFor();
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith("zkml:creating:")));
  await someone.reload();
  await steps.fill(someone, project);
  await refused("whose end this page has not seen");
  await page.getByText("nothing new was sent; the earlier one may still take its reward").waitFor();
  await steps.button(page, "It is cancelled in the wallet: forget the earlier creation").click();
  // And now it does, without a word.
  someone.state.send = async (params) => {
    await w.chain.call("eth_sendTransaction", params);
    return new Promise(() => {});
  };
  await create.click();
  const shown = await someone.sign();
  assert.match(shown, /threshold\s+2 of 2 correct/);
  for (let i = 0; (await w.chain.sent(account)) === nothing; i++) {
    assert.ok(i < 100, "the wallet sent it");
    await new Promise((done) => setTimeout(done, 100));
  }
  await someone.reload();
  someone.state.send = null;
  await steps.fill(someone, project);
  await create.click();
  await page.getByText(/was made by the earlier creation; no other one was sent/).waitFor();
  assert.equal(await w.chain.sent(account), nothing + 1);
  // What this browser keeps of the data is encrypted.
  const kept = await page.evaluate(
    () =>
      new Promise((done) => {
        const opened = indexedDB.open("zkml", 1);
        opened.onsuccess = () => {
          const all = opened.result.transaction("kept").objectStore("kept").getAll();
          all.onsuccess = () => done(all.result.map((value) => Object.keys(value).sort().join()));
        };
      }),
  );
  assert.ok(kept.length > 0 && kept.every((keys) => keys === "ciphertext,iv"), kept.join(" "));
  await someone.close();
}

async function list() {
  const deployer = createWalletClient({ account: privateKeyToAccount(w.chain.keys[6]), chain: foundry, transport: http(w.chain.rpc) });
  const done = async (hash) => w.chain.client.waitForTransactionReceipt({ hash: await hash });
  const { contractAddress: token } = await done(deployer.sendTransaction({ data: bytecode() }));
  const args = [terms(deployer.account.address, { token, reward: 5n, bond: 0n })];
  await done(deployer.writeContract({ address: w.chain.factory, abi: m.abi.factoryAbi, functionName: "create", args }));
  const anyone = await w.person(null);
  const { page } = anyone;
  await page.getByText(/5 "\?" of token 0x/).waitFor();
  await done(deployer.sendTransaction({ to: token, data: encodeFunctionData({ abi: parseAbi(["function set()"]), functionName: "set" }) }));
  await page.reload();
  await page.getByText(/5 "\?" of token 0x/).waitFor();
  await page.getByText("5 ETH for 2 of 2 correct").waitFor();
  // One of which the node tells nonsense is said to be unreadable, among the others.
  const bounty = m.address.addressOf(w.chain.factory, args[0]).toLowerCase();
  between.door.lie = (request, answer) => (request.params?.[0]?.to?.toLowerCase() === bounty ? { ...answer, result: "0x" } : answer);
  await page.reload();
  await page.getByText("It can't be read:").waitFor();
  await page.getByText("5 ETH for 2 of 2 correct").waitFor();
  between.door.lie = null;
  assert.ok(!(await page.locator("body").innerText()).includes("evil.example"));
  await anyone.close();
}

async function delivery() {
  const { project, chain } = w;
  const [host, hunter] = [await w.person(1), await w.person(2)];
  const { page } = hunter;
  const made = await steps.create(host, project, { mode: "open" });
  const { bounty } = made;
  // Terms with another key to encrypt for: the 17th word.
  const termsCall = encodeFunctionData({ abi: m.abi.bountyAbi, functionName: "terms" });
  between.door.lie = (request, answer) => {
    if (request.method !== "eth_call" || request.params[0].data !== termsCall) return answer;
    const at = 2 + 64 * 16;
    return { ...answer, result: `${answer.result.slice(0, at)}${"0".repeat(63)}9${answer.result.slice(at + 64)}` };
  };
  await hunter.open(`#/bounty/${bounty}/hunter?package=${project.cid}`);
  await page.getByRole("alert").filter({ hasText: "it is wrong, or lies; send nothing" }).waitFor();
  between.door.lie = null;

  // Key files of others, and one that is none: none of them is kept.
  await steps.openModel(hunter, project, bounty);
  const kept = () => page.evaluate(() => Object.entries(localStorage).filter(([key]) => key.startsWith("zkml:key:")));
  const before = await kept();
  const other = page.getByLabel("Another key file");
  await other.setInputFiles(made.keyFile.path);
  await page.getByRole("alert").filter({ hasText: "the key file is of the host" }).waitFor();
  const junk = { ...JSON.parse(before[0][1]), ciphertext: "AAAA" };
  await other.setInputFiles({ name: "junk.key.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(junk)) });
  await page.getByText("this browser has the encrypted file for this visit").waitFor();
  await steps.button(page, "Open the model").click();
  await page.getByRole("alert").filter({ hasText: "the key file does not open" }).waitFor();
  assert.deepEqual(await kept(), before);
  await hunter.reload();

  const shown = await steps.commit(hunter, project, bounty);
  for (const line of [/token\s+none: ETH of the chain/, /threshold\s+2 of 2/, /commit until/, /prove until/, /deliver\s+within 60 minutes, in 2 parts/]) assert.match(shown, line);
  await steps.reveal(host, project, bounty);
  await steps.fetchData(hunter);
  await steps.proveAccuracy(hunter, 2);
  // First in line, where the first wins: its turn has begun, and ends with the window after proveUntil.
  await steps.button(page, "Make the proofs of the delivery").click();
  await page.getByText("2 proofs are kept; nothing was sent").waitFor();
  const { proveUntil, deliveryWindow } = await w.terms(bounty);
  const now = await chain.call("evm_snapshot");
  const signed = () => hunter.state.asked.filter((method) => method === "eth_sendTransaction").length;
  const count = signed();
  between.door.asked.length = 0;
  await steps.button(page, "Deliver the weights").click();
  await page.getByRole("alertdialog").filter({ hasText: "sign before" }).waitFor();
  await chain.pass(proveUntil + deliveryWindow - 100);
  await hunter.sign();
  await page.getByRole("alert").filter({ hasText: "with 144 seconds left for 2 of 2 parts" }).waitFor();
  await page.getByRole("alert").filter({ hasText: "nothing was sent, no money moved: who delivers late gives the model away" }).waitFor();
  assert.equal(signed(), count);
  await chain.call("evm_revert", [now]);
  await steps.stateIs(hunter, "Committing");
  // One part, and a no to the other: what was sent is said, and the next time goes on after it.
  const deliver = steps.button(page, "Deliver the weights");
  await deliver.click();
  await hunter.sign();
  const second = page.getByRole("alertdialog").filter({ hasText: "part 2 of 2" });
  await second.getByRole("button", { name: "Do not send" }).click();
  await page.getByRole("alert").filter({ hasText: "this one was not sent, and moved none; 1 transaction was sent before it" }).waitFor();
  // With less time than two parts take, and more than one does.
  await chain.pass(proveUntil + deliveryWindow - 100);
  await deliver.click();
  await hunter.sign();
  await page.getByText(/^delivered: /).waitFor();
  const selector = encodeFunctionData({ abi: m.abi.bountyAbi, functionName: "deliver", args: [0, [0n, 0n], [], 0n, "0x", Array(8).fill(0n)] }).slice(2, 10);
  assert.ok(between.door.asked.length > 20 && between.door.asked.every((body) => !body.includes(selector)), "the page's node was shown a delivery");
  await steps.stateIs(hunter, "Paid");
  // A damaged key file in the browser breaks no view.
  await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("zkml:key:")).forEach((key) => localStorage.setItem(key, "{")));
  await hunter.reload();
  await page.getByLabel("Key file, if you have one of this bounty").waitFor();
  for (const someone of [host, hunter]) assert.deepEqual(someone.violations, []);
  await Promise.all([host.close(), hunter.close()]);
}
