// Files that people choose, and that are damaged or others: each is named, nothing is signed, and the right ones are taken afterwards.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lastCalls, refuses } from "./calls.js";
import { hunterProject, root, zkmlMeanwhile } from "./project.js";
import * as steps from "./steps.js";
import { world } from "./world.js";

let w;
let host;
let hunter;
before(async () => {
  w = await world({}, "small");
  [host, hunter] = [await w.person(1), await w.person(2)];
});
after(() => w?.stop());

const NOISE = Buffer.alloc(5_000_000, createHash("sha512").update("noise").digest());

/** A file of this name, with other bytes. */
function file(name, bytes) {
  const folder = join(process.env.ZKML_WEB_FILES, "damaged");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

function flipped(bytes, at) {
  const other = Buffer.from(bytes);
  other[at < 0 ? other.length + at : at] ^= 1;
  return other;
}

/** An open bounty, and the hunter at it. */
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
  const folder = join(process.env.ZKML_WEB_FILES, `hunter-${bounty}`);
  hunterProject(folder, project, { rpc: chain.rpc, factory: chain.factory, key: chain.keys[2], bounty, secrets, store: ipfs.url });
  for (const part of ["accuracy", "delivery"])
    await zkmlMeanwhile(process.env.ZKML_COMMAND, folder, ["bounty", "prove", part, bounty, "--package", project.cid, "--development"]);
  return (name) => join(folder, `zkml/bounty/hunter-${bounty.toLowerCase()}`, name);
}

test("damaged proofs, and those of another bounty, are refused by their names", async () => {
  const { chain, ipfs } = w;
  const other = await proven();
  const mine = await proven();
  const { page } = hunter;
  const asked = ipfs.door.asked.length;
  const refused = (path, step, reason) => refuses(hunter, path, step, reason, chain, chain.accounts[2]);
  for (const [name, step] of [["accuracy-0", "Prove and submit the accuracy"], ["delivery-0", "Deliver the weights"]]) {
    const right = readFileSync(mine(`${name}.proof`));
    for (const [bytes, reason] of [
      [Buffer.alloc(0), "?"],
      [right.subarray(0, 3), "?"],
      [right.subarray(0, right.length / 2), "?"],
      [right.subarray(0, -1), "?"],
      [flipped(right, 0), "?"],
      [flipped(right, right.length / 2), "?"],
      [flipped(right, -1), "?"],
      [NOISE, "?"],
      [readFileSync(other(`${name}.proof`)), "the proof is invalid for these public inputs"],
    ]) {
      await refused(file(`${name}.proof`, bytes), step, new RegExp(`^${name}\\.proof: .*${reason}`));
    }
    for (const text of ["", "no JSON", "null", "{}", '{"call": "0x123"}', NOISE]) {
      await refused(file(`${name}.call.json`, text), step, new RegExp(`^${name}\\.call\\.json: `));
    }
    await refused(file(`${name} (1).proof`, right), step, `${name} (1).proof: its name does not say what it proves`);
  }
  const all = ["accuracy-0.proof", "accuracy-1.proof", "delivery-0.proof"].map(mine);
  // The proof of one chunk by the name of the other.
  await refused(file("accuracy-0.proof", readFileSync(mine("accuracy-1.proof"))), "Prove and submit the accuracy", "accuracy-0.proof: ");
  await page.getByLabel(/^Proofs that were made elsewhere/).setInputFiles(all);
  await steps.proveAccuracy(hunter, 2);
  await steps.deliver(hunter, 1);
  await steps.stateIs(hunter, "Paid");
  // Nothing was proven in the page instead: no key was fetched for it.
  assert.equal(ipfs.door.asked.length, asked);
  // Each is the file that was chosen.
  assert.equal((await lastCalls(chain, chain.accounts[2], 3)).length, 3);
});

test("damaged models are refused by their names, and so is another than was committed to", async () => {
  const { project } = w;
  const { page } = hunter;
  const { bounty } = await opened();
  await page.getByLabel("Passphrase of the key file").fill(steps.PASSPHRASE);
  const refused = async (path, reason) => {
    await page.getByLabel("Model (.onnx, .safetensors)").setInputFiles(path);
    await page.getByRole("button", { name: /open the model$/i }).click();
    await steps.refused(hunter, reason);
  };
  const onnx = readFileSync(project.model);
  const digits = readFileSync(join(root, "examples/digits/digits.safetensors"));
  for (const [name, bytes, reason] of [
    ["empty.onnx", Buffer.alloc(0), "?"],
    ["half.onnx", onnx.subarray(0, onnx.length / 2), "?"],
    ["short.onnx", onnx.subarray(0, -1), "?"],
    ["header.onnx", flipped(onnx, 0), "?"],
    ["noise.onnx", NOISE, "?"],
    ["other.onnx", readFileSync(join(root, "zkml-import/tests/onnx/digits.onnx")), "?"],
    ["empty.safetensors", Buffer.alloc(0), "?"],
    ["short.safetensors", digits.subarray(0, -1), "?"],
    ["length.safetensors", flipped(digits, 7), "?"],
    ["header.safetensors", flipped(digits, 8), "?"],
    ["noise.safetensors", NOISE, "?"],
    ["other.safetensors", digits, "?"],
  ]) {
    await refused(file(name, bytes), new RegExp(`^${name.replace(".", "\\.")}: .*${reason}`));
  }
  await steps.commit(hunter, project, bounty);
  // One bit of one weight.
  await refused(file("changed.onnx", flipped(onnx, onnx.indexOf("fc.weightJ") + "fc.weightJ".length + 2 + 2)), "the account has committed to");
  await steps.openModel(hunter, project, bounty);
});

test("a damaged key file does not open, and does not take the place of the one that is kept", async () => {
  const { chain, project } = w;
  const { page } = hunter;
  const { bounty, keyFile } = await opened();
  const saved = page.waitForEvent("download");
  await steps.openModel(hunter, project, bounty);
  const key = JSON.parse(readFileSync(await (await saved).path(), "utf8"));
  const choose = (name, text) => page.getByLabel("Another key file").setInputFiles(file(name, text));
  for (const [name, text, reason] of [
    ["short.key.json", JSON.stringify(key).slice(0, -1), "it is no key file of a bounty, or not all of one"],
    ["without.key.json", JSON.stringify({ ...key, bounty: undefined }), "it is no key file of a bounty, or not all of one"],
    ["noise.key.json", NOISE, "it is no key file of a bounty, or not all of one"],
    ["host.key.json", readFileSync(keyFile.path), `the key file is of the host of ${bounty} on chain 31337, expected the hunter of ${bounty}`],
    ["other.key.json", JSON.stringify({ ...key, account: chain.accounts[3] }), `the key file is of the account ${chain.accounts[3]}, expected ${chain.accounts[2]}`],
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
