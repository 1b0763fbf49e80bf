// A whole bounty, from its creation to the payment, in both roles: sealed, with a reload at each step; and open, in tokens.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { getAddress, parseEther } from "viem";
import { changed, lastCalls, refuses } from "./calls.js";
import { hunterProject, scratch, zkmlMeanwhile } from "./project.js";
import * as steps from "./steps.js";
import { picture, world } from "./world.js";

let w;
before(async () => {
  w = await world({}, "digits");
});
after(() => w?.stop());

test("a sealed bounty, with a reload at each step", async () => {
  const { chain, project } = w;
  const [host, hunter] = [await w.person(1), await w.person(2)];
  const [hostBalance, hunterBalance] = [await chain.balance(chain.accounts[1]), await chain.balance(chain.accounts[2])];
  const made = await steps.create(host, project, {}, () => picture(host, "web-create"));
  const { bounty } = made;
  // Amounts and addresses are shown in full before signing, and the gas.
  assert.match(made.shown, new RegExp(bounty));
  assert.match(made.shown, /5 ETH/);
  assert.match(made.shown, new RegExp(chain.accounts[1]));
  assert.match(made.shown, /gas, at most\s+\d{3},\d{3}/);
  assert.ok((await chain.balance(chain.accounts[1])) < hostBalance - parseEther("5"));
  // The key file is encrypted: none of the words of the secrets are in it.
  const file = JSON.parse(readFileSync(made.keyFile.path, "utf8"));
  assert.deepEqual([file.role, file.bounty.toLowerCase()], ["host", bounty.toLowerCase()]);
  assert.ok(!("key" in file) && !JSON.stringify(file).includes("secret"));

  const { page } = hunter;
  await page.getByText("5 ETH for 2 of 2 correct").waitFor();
  const commitShown = await steps.commit(hunter, project, bounty);
  assert.match(commitShown, /bond\s+1 ETH/);
  await hunter.reload();
  await page.getByText("has not committed").waitFor({ state: "detached" });
  // Not before its time.
  await host.open(`#/bounty/${bounty}/host?package=${project.cid}`);
  await host.page.getByText("Not before the last commitment is final").waitFor();

  await chain.pass((await w.terms(bounty)).commitUntil);
  await steps.stateIs(hunter, "Revealing");
  await host.reload();
  await steps.reveal(host, project, bounty);
  await steps.stateIs(hunter, "Proving");

  const terms = await w.terms(bounty);
  // Nobody proves anything: the reward goes back to the host, and the bond to the hunter. (Then that has not happened.)
  let now = await chain.call("evm_snapshot");
  await chain.pass(terms.proveUntil);
  await steps.stateIs(host, "Refundable");
  await steps.refund(host);
  await host.page.getByTestId("credit").filter({ hasText: "5 ETH" }).waitFor();
  await steps.reclaim(hunter);
  await hunter.page.getByTestId("credit").filter({ hasText: "1 ETH" }).waitFor();
  await chain.call("evm_revert", [now]);
  await steps.stateIs(host, "Proving");

  await hunter.reload();
  await steps.openModel(hunter, project, bounty);
  await steps.fetchData(hunter);
  now = await chain.call("evm_snapshot");
  await steps.proveAccuracy(hunter, 2);
  await picture(hunter, "web-submit");

  // Who qualified lets its turn pass: its bond is lost, and the reward goes back.
  const proven = await chain.call("evm_snapshot");
  await chain.pass(terms.proveUntil + terms.deliveryWindow);
  await steps.stateIs(hunter, "Refundable");
  await steps.button(page, "Reclaim the bond").click();
  await page.getByRole("alert").filter({ hasText: `the contract refuses it: BondLost (hunter: ${chain.accounts[2]})` }).waitFor();
  await steps.refund(host);
  await chain.call("evm_revert", [proven]);
  await steps.stateIs(hunter, "Proving");

  // Forged: the proof of one chunk for the other; and a ciphertext of which one element was changed.
  const accuracy = await lastCalls(chain, chain.accounts[2], 2);
  await chain.pass(terms.proveUntil);
  await steps.deliver(hunter);
  const [delivery] = await lastCalls(chain, chain.accounts[2], 2);
  await chain.call("evm_revert", [now]);
  await steps.stateIs(hunter, "Proving");
  await page.getByText("0 of 2 chunks proven").waitFor();
  const forged = changed("accuracy-0.call.json", accuracy[1], ([, ...rest]) => [0, ...rest]);
  await refuses(hunter, forged, "Prove and submit the accuracy", "the accuracy proof does not hold: the proof is invalid for these public inputs", chain, chain.accounts[2]);
  await steps.proveAccuracy(hunter, 2);
  now = await chain.call("evm_snapshot");
  await chain.pass(terms.proveUntil);
  await steps.stateIs(hunter, "Delivering");
  const wrong = changed("delivery-0.call.json", delivery, ([chunk, key, [first, ...ct], ...rest]) => [chunk, key, [first ^ 1n, ...ct], ...rest]);
  await refuses(hunter, wrong, "Deliver the weights", "the delivery proof does not hold: the proof is invalid for these public inputs", chain, chain.accounts[2]);
  await chain.call("evm_revert", [now]);

  await hunter.reload();
  await steps.openModel(hunter, project, bounty);
  await steps.stateIs(hunter, "Proving");
  // First in line, and first wins: the turn has begun.
  await chain.pass(terms.proveUntil);
  await steps.stateIs(hunter, "Delivering");
  const delivered = await steps.deliver(hunter);
  assert.match(delivered[0], /part 1 of 2[^]*pays\s+nothing yet/);
  assert.match(delivered[1], /part 2 of 2[^]*pays\s+5 ETH and the bond/);
  await steps.stateIs(hunter, "Paid");
  await hunter.reload();
  await page.getByTestId("credit").filter({ hasText: "6 ETH" }).waitFor();
  const withdrawn = await steps.withdraw(hunter);
  assert.match(withdrawn, new RegExp(`recipient\\s+${chain.accounts[2]}`));
  assert.ok((await chain.balance(chain.accounts[2])) > hunterBalance + parseEther("4.99"));

  await host.reload();
  const weights = await steps.receive(host, project, bounty);
  assert.equal(weights.name, "weights.safetensors");
  await host.page.getByText(/with the commitment 0x[0-9a-f]{64} of 0x/).waitFor();
  const bytes = readFileSync(weights.path);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString("utf8"));
  const numbers = Object.values(header).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  assert.equal(numbers, 2746);
  await picture(host, "web-receive");

  // Anyone checks it, without a wallet, at the address that is shared.
  const anyone = await w.person(null, `#/bounty/${bounty}/check?package=${project.cid}`);
  await steps.rebuild(anyone);
  await steps.button(anyone.page, "Check all").click();
  await anyone.page.getByText("all 6 proofs hold").waitFor();
  await anyone.page.getByText("all groups are proven to be its, and 2 files are those of their CIDs").waitFor();
  await anyone.page.getByText(`${chain.accounts[2]} was paid 5 ETH: 2 correct in 2 of 2 chunks, 2 were asked for; 2 of 2 parts delivered`).waitFor();
  await picture(anyone, "web-check");
  for (const someone of [host, hunter, anyone]) assert.deepEqual(someone.violations, []);
  await Promise.all([host.close(), hunter.close(), anyone.close()]);
});

test("an open bounty in tokens, with proofs that the command made", async () => {
  const { chain, project, ipfs } = w;
  let host = await w.person(3);
  const hunter = await w.person(4);
  const token = getAddress(await w.token([chain.accounts[3], chain.accounts[4]]));
  const { bounty, shown, keyFile } = await steps.create(host, project, { mode: "open", fields: { "Token (ERC-20), nothing for ether": token } });
  assert.match(shown, new RegExp(`reward\\s+5 "T" of token ${token}\n`));
  await hunter.open(`#/bounty/${bounty}/hunter?package=${project.cid}`);
  await steps.openModel(hunter, project, bounty);
  await hunter.page.getByLabel("I accept keys of a single party").check();
  await steps.button(hunter.page, "Commit, with the bond").click();
  const approve = await hunter.sign();
  assert.match(approve, new RegExp(`allows the bounty to take\\s+1 "T" of token ${token}[^]*${bounty}`));
  await hunter.sign();
  await hunter.page.getByText(/^Committed, as number 1/).waitFor();
  // From another browser: with the key file that was saved, and the data chosen again.
  await host.close();
  host = await w.person(3);
  await host.open(`#/bounty/${bounty}/host?package=${project.cid}`);
  await host.page.getByLabel("Key file, if you have one of this bounty").setInputFiles(keyFile.path);
  await host.page.getByText("this browser has the encrypted file").waitFor();
  await steps.rebuild(host);
  await host.page.getByText("Choose the data again").click();
  await host.page.getByLabel("Labels (.json, .csv)").setInputFiles(project.labels);
  await host.page.getByLabel("Files of the data").setInputFiles([project.data[0], project.labels]);
  await host.page.getByText(/labels.json has \d+ bytes, expected 64/).waitFor();
  await host.page.getByLabel("Files of the data").setInputFiles(project.data);
  await host.page.getByText(`${project.data.length} files with labels`).waitFor();
  await steps.reveal(host, project, bounty);
  await steps.fetchData(hunter);

  // The command goes on where the page was: with the account's key, and the secrets.
  const { page } = hunter;
  await page.getByText("Prove on the command line instead").click();
  const saved = page.waitForEvent("download");
  await steps.button(page, "Save secrets.json").click();
  const secrets = readFileSync(await (await saved).path(), "utf8");
  const folder = join(scratch(), "hunter");
  hunterProject(folder, project, { rpc: chain.rpc, factory: chain.factory, key: chain.keys[4], bounty, secrets, store: ipfs.url });
  const command = await page.locator("pre").innerText();
  await zkmlMeanwhile(process.env.ZKML_COMMAND, folder, command.trim().split(" ").slice(1));
  await zkmlMeanwhile(process.env.ZKML_COMMAND, folder, command.replace("accuracy", "delivery").trim().split(" ").slice(1));
  const kept = (name) => join(folder, `zkml/bounty/hunter-${bounty.toLowerCase()}`, name);
  await page.getByLabel(/^Proofs that were made elsewhere/).setInputFiles(["accuracy-0.proof", "accuracy-1.proof", "delivery-0.proof", "delivery-1.proof"].map(kept));
  const asked = ipfs.door.asked.length;
  await steps.proveAccuracy(hunter, 2);
  await steps.deliver(hunter);
  // No proving key was fetched for it.
  assert.equal(ipfs.door.asked.length, asked);
  await steps.stateIs(hunter, "Paid");
  await page.getByTestId("credit").filter({ hasText: `6 "T" of token ${token}` }).waitFor();
  await steps.withdraw(hunter);
  await steps.receive(host, project, bounty);
  await host.page.getByText(/with the commitment 0x[0-9a-f]{64} of 0x/).waitFor();
  for (const someone of [host, hunter]) assert.deepEqual(someone.violations, []);
});
