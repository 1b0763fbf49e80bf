// A whole bounty, from its creation to the payment, in both roles: sealed, with a reload at each step; and open, in tokens.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parseEther } from "viem";
import * as steps from "./steps.js";
import { picture, world } from "./world.js";

let w;
before(async () => {
  w = await world();
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

  await hunter.reload();
  await steps.openModel(hunter, project, bounty);
  await steps.fetchData(hunter);
  await steps.proveAccuracy(hunter, 2);
  await picture(hunter, "web-submit");
  const terms = await w.terms(bounty);
  await hunter.reload();
  await steps.openModel(hunter, project, bounty);
  await steps.stateIs(hunter, "Proving");
  // First in line, and first wins: the turn has begun.
  await chain.pass(terms.proveUntil);
  await steps.stateIs(hunter, "Delivering");
  const delivered = await steps.deliver(hunter);
  assert.match(delivered, /pays\s+5 ETH and the bond/);
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
  await anyone.page.getByText("all 5 proofs hold").waitFor();
  await anyone.page.getByText("all groups are proven to be its, and 2 files are those of their CIDs").waitFor();
  await anyone.page.getByText(`${chain.accounts[2]} was paid 5 ETH: 2 correct, 2 were asked for`).waitFor();
  await picture(anyone, "web-check");
  for (const someone of [host, hunter, anyone]) assert.deepEqual(someone.violations, []);
  await Promise.all([host.close(), hunter.close(), anyone.close()]);
});
