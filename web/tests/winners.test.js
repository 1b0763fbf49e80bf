// Two hunters of whom the best wins: whoever was first, and whoever lets its turn pass.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parseEther } from "viem";
import { mistaken } from "./project.js";
import * as steps from "./steps.js";
import { world } from "./world.js";

let w;
before(async () => {
  w = await world();
});
after(() => w?.stop());

/** What anyone reads who checks the bounty. */
async function checked(bounty, ...texts) {
  const anyone = await w.person(null, `#/bounty/${bounty}/check?package=${w.project.cid}`);
  await steps.rebuild(anyone);
  await steps.button(anyone.page, "Check all").click();
  for (const text of texts) await anyone.page.getByText(text).first().waitFor();
  await anyone.close();
}

test("the most accurate is paid, and not the first that committed", async () => {
  const { chain, project } = w;
  const [host, worse, better] = [await w.person(1), await w.person(2), await w.person(3)];
  const before = await chain.balance(chain.accounts[2]);
  const { bounty } = await steps.create(host, project, { winner: "best", fields: { Threshold: "1" } });
  await steps.commit(worse, mistaken(project), bounty);
  await steps.commit(better, project, bounty);
  await better.page.getByText("Committed, as number 2").waitFor();
  const terms = await w.terms(bounty);
  await chain.pass(terms.commitUntil);
  await steps.reveal(host, project, bounty);
  for (const [hunter, correct] of [[worse, 1], [better, 2]]) {
    await steps.stateIs(hunter, "Proving");
    await steps.fetchData(hunter);
    await hunter.page.getByText(`the model answers ${correct} of 2 correctly, 1 are asked for`).waitFor();
    await steps.proveAccuracy(hunter, 2);
    await hunter.page.getByText("qualified, 0 of 1 parts delivered").waitFor();
  }

  await chain.pass(terms.proveUntil);
  await steps.stateIs(worse, "Delivering");
  await worse.page.getByText(/^Your turn begins in \d+ minutes\.$/).waitFor();
  const delivers = steps.button(worse.page, "Deliver the weights");
  assert.ok(await delivers.isDisabled());

  // If the better one lets its turn pass, it is the other's. (Then that has not happened.)
  const now = await chain.call("evm_snapshot");
  await chain.pass(terms.proveUntil + terms.deliveryWindow);
  await steps.deliver(worse, 1);
  await checked(bounty, "all 7 proofs hold", `${chain.accounts[2]} was paid 5 ETH: 1 correct in 2 of 2 chunks, 1 were asked for; 1 of 1 parts delivered; 1 more accurate let their turn pass`);
  await chain.call("evm_revert", [now]);

  await steps.stateIs(better, "Delivering");
  await steps.deliver(better, 1);
  await steps.stateIs(worse, "Paid");
  assert.ok(await delivers.isDisabled());
  assert.equal(await worse.page.getByText("Your turn begins in").count(), 0);
  await steps.reclaim(worse);
  await worse.page.getByTestId("credit").filter({ hasText: "1 ETH" }).waitFor();
  await steps.withdraw(worse);
  // The bond is back: all that it has paid is gas.
  assert.ok((await chain.balance(chain.accounts[2])) > before - parseEther("0.01"));
  await better.page.getByTestId("credit").filter({ hasText: "6 ETH" }).waitFor();
  await steps.withdraw(better);
  await steps.receive(host, project, bounty);
  await host.page.getByText(new RegExp(`with the commitment 0x[0-9a-f]{64} of ${chain.accounts[3]}`)).waitFor();
  await checked(bounty, "all 7 proofs hold", `${chain.accounts[3]} was paid 5 ETH: 2 correct in 2 of 2 chunks, 1 were asked for; 1 of 1 parts delivered`);
  for (const someone of [host, worse, better]) assert.deepEqual(someone.violations, []);
});
