// Files that people choose, and that are damaged or others: each is named, nothing is signed, and the right ones are taken afterwards.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { refuses } from "./calls.js";
import { hunterProject, mistaken, root, scratch, zkmlMeanwhile } from "./project.js";
import * as steps from "./steps.js";
import { world } from "./world.js";

let w;
let host;
let hunter;
before(async () => {
  w = await world();
  [host, hunter] = [await w.person(1), await w.person(2)];
});
after(() => w?.stop());

const NOISE = Buffer.alloc(5_000_000, createHash("sha512").update("noise").digest());

/** A file of this name, with other bytes. */
function file(name, bytes) {
  const folder = join(scratch(), "damaged");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

function flipped(bytes, at) {
  const other = Buffer.from(bytes);
  other[at < 0 ? other.length + at : at] ^= 1;
  return other;
}

/** An open bounty, which its host has made, and the hunter at it. */
async function opened() {
  const made = await steps.create(host, w.project, { mode: "open" });
  await hunter.open(`#/bounty/${made.bounty}/hunter?package=${w.project.cid}`);
  await steps.rebuild(hunter);
  return made;
}

/** A bounty whose proofs the command has made: where they are, by their names. */
async function proven() {
  const { chain, project, ipfs } = w;
  const { page } = hunter;
  const { bounty } = await opened();
  await steps.commit(hunter, project, bounty);
  await steps.reveal(host, project, bounty);
  await steps.fetchData(hunter);
  await page.getByText("Prove on the command line instead").click();
  const saved = page.waitForEvent("download");
  await steps.button(page, "Save secrets.json").click();
  const secrets = readFileSync(await (await saved).path(), "utf8");
  const folder = join(scratch(), `hunter-${bounty}`);
  hunterProject(folder, project, { rpc: chain.rpc, factory: chain.factory, key: chain.keys[2], bounty, secrets, store: ipfs.url });
  for (const part of ["accuracy", "delivery"])
    await zkmlMeanwhile(process.env.ZKML_COMMAND, folder, ["bounty", "prove", part, bounty, "--package", project.cid, "--development"]);
  return (name) => join(folder, `zkml/bounty/hunter-${bounty.toLowerCase()}`, name);
}

/** Chooses what is not the proof of this name: it is said, by the file's name, and nothing is signed. */
async function refusesProofs(name, step, mine, other) {
  const right = readFileSync(mine(`${name}.proof`));
  const refused = (path, reason) => refuses(hunter, path, step, reason, w.chain, w.chain.accounts[2]);
  for (const [bytes, reason] of [
    [Buffer.alloc(0), "the file is truncated: expected 79 bytes, found 0"],
    [right.subarray(0, -1), "the file is truncated: expected 375 bytes, found 374"],
    [flipped(right, 0), "not a zkml file, expected a proof"],
    [flipped(right, right.length >> 1), "the file is damaged: its checksum is that of other contents"],
    [flipped(right, -1), "the file is damaged: its checksum is that of other contents"],
    [NOISE, "not a zkml file, expected a proof"],
    [readFileSync(other(`${name}.proof`)), `the ${name.split("-")[0]} proof says another weights than the contract will compute`],
  ]) {
    await refused(file(`${name}.proof`, bytes), `${name}.proof: ${reason}`);
  }
  for (const text of ["", "no JSON", "null", "{}", NOISE]) await refused(file(`${name}.call.json`, text), `${name}.call.json: it has no call, expected {"call": "0x.."}`);
  await refused(file(`${name}.call.json`, '{"call": "0x123"}'), `${name}.call.json: the call can't be read`);
  await refused(file(`${name} (1).proof`, right), `${name} (1).proof: its name does not say what it proves`);
}

test("damaged proofs, and those of another bounty, are refused by their names", async () => {
  const { ipfs } = w;
  const other = await proven();
  const mine = await proven();
  const asked = ipfs.door.asked.length;
  const choose = () => hunter.page.getByLabel(/^Proofs that were made elsewhere/).setInputFiles(["accuracy-0.proof", "accuracy-1.proof", "delivery-0.proof"].map(mine));
  await refusesProofs("accuracy-0", "Prove and submit the accuracy", mine, other);
  await choose();
  await steps.proveAccuracy(hunter, 2);
  await refusesProofs("delivery-0", "Deliver the weights", mine, other);
  await choose();
  await steps.deliver(hunter, 1);
  await steps.stateIs(hunter, "Paid");
  // Nothing was proven in the page instead: no key was fetched for it.
  assert.equal(ipfs.door.asked.length, asked);
});

test("damaged models are refused by their names, and so is another than was committed to", async () => {
  const { project } = w;
  const { page } = hunter;
  const { bounty } = await opened();
  await page.getByLabel("Passphrase of the key file").fill(steps.PASSPHRASE);
  await page.getByLabel("The same again").fill(steps.PASSPHRASE);
  const refused = async (path, reason) => {
    await page.getByLabel("Model (.onnx, .safetensors)").setInputFiles(path);
    await page.getByRole("button", { name: /open the model$/i }).click();
    await steps.refused(hunter, reason);
  };
  const onnx = readFileSync(project.model);
  const digits = readFileSync(join(root, "examples/digits/digits.safetensors"));
  const tensors = (reason) => `it can't be read as safetensors (cannot read safetensors data: ${reason}`;
  const neither = (reason, onnx) => `${tensors(reason)}), nor as ONNX (it is no ONNX model${onnx})`;
  for (const [name, bytes, reason] of [
    ["empty.onnx", Buffer.alloc(0), neither("header too small", ": it has no graph")],
    ["short.onnx", onnx.subarray(0, -1), neither("header too large", ", or cut off")],
    ["header.onnx", flipped(onnx, 0), neither("header too large", ", or cut off")],
    ["noise.onnx", NOISE, neither("header too large", ", or cut off")],
    ["other.onnx", readFileSync(join(root, "zkml-import/tests/onnx/digits.onnx")), "found `input` () of shape [1, 8, 8] as layer `input`, expected `input` () of shape [1, 6, 6]"],
    ["short.safetensors", digits.subarray(0, -1), tensors("incomplete metadata, file not fully covered")],
    ["length.safetensors", flipped(digits, 7), tensors("header too large")],
    ["header.safetensors", flipped(digits, 8), tensors("invalid JSON in header")],
    ["other.safetensors", digits, "parameter `conv.weight` is missing, expected shape [2, 1, 3, 3]; found `scores.weight`"],
  ]) {
    await refused(file(name, bytes), `${name}: ${reason}`);
  }
  await steps.commit(hunter, project, bounty);
  await refused(mistaken(project).model, "the account has committed to");
  await steps.openModel(hunter, project, bounty);
});

test("a damaged key file does not open, and does not take the place of the one that is kept", async () => {
  const { chain, project } = w;
  const { page } = hunter;
  const { bounty, keyFile } = await opened();
  const saved = page.waitForEvent("download");
  await steps.openModel(hunter, project, bounty);
  const key = JSON.parse(readFileSync(await (await saved).path(), "utf8"));
  const hosts = JSON.parse(readFileSync(keyFile.path, "utf8"));
  const choose = (name, text) => page.getByLabel("Another key file").setInputFiles(file(name, text));
  for (const [name, text, reason] of [
    ["short.key.json", JSON.stringify(key).slice(0, -1), "it is no key file of a bounty, or not all of one"],
    ["without.key.json", JSON.stringify({ ...key, bounty: undefined }), "it is no key file of a bounty, or not all of one"],
    ["noise.key.json", NOISE, "it is no key file of a bounty, or not all of one"],
    ["host.key.json", readFileSync(keyFile.path), `the key file is of the host ${hosts.account} of bounty ${bounty} on chain 31337, expected the hunter ${key.account} of ${bounty}`],
    ["other.key.json", JSON.stringify({ ...key, account: chain.accounts[3] }), `the key file is of the hunter ${chain.accounts[3]} of bounty ${bounty} on chain 31337, expected the hunter ${key.account} of ${bounty}`],
  ]) {
    await choose(name, text);
    await page.getByRole("alert").filter({ hasText: `${name}: ${reason}` }).waitFor();
  }
  const open = steps.button(page, "Open the model");
  const ciphertext = flipped(Buffer.from(key.ciphertext, "base64"), 0).toString("base64");
  await choose("changed.key.json", JSON.stringify({ ...key, ciphertext }));
  await open.click();
  await steps.refused(hunter, "the key file does not open; is the passphrase right, and the file whole?");

  await hunter.reload();
  await steps.rebuild(hunter);
  await page.getByLabel("Model (.onnx, .safetensors)").setInputFiles(project.model);
  await page.getByLabel("Passphrase of the key file").fill(`${steps.PASSPHRASE} `);
  await open.click();
  await steps.refused(hunter, "the key file does not open; is the passphrase right, and the file whole?");
  await steps.openModel(hunter, project, bounty);
  for (const someone of [host, hunter]) assert.deepEqual(someone.violations, []);
});
