// A bounty whose keys many parties made: what the page says of them, and does not ask, from its creation to the payment.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ceremonies } from "./project.js";
import * as steps from "./steps.js";
import { world } from "./world.js";

const kept = process.env.ZKML_WEB_CEREMONIES;
const skip = kept ? false : "the ceremonies take minutes; ZKML_CEREMONIES=1 ./test.sh holds them";
let w;
before(async () => {
  if (!skip) w = await world({}, "small", ceremonies(kept));
});
after(() => w?.stop());

test("with keys of ceremonies nobody is asked to trust a single party", { skip }, async () => {
  const { chain, project } = w;
  assert.equal(project.transcripts.length, 3);
  const [host, hunter] = [await w.person(1), await w.person(2)];
  const asked = (someone) => someone.page.getByLabel(/keys of a single party/i).count();
  const shown = async (someone) => {
    await someone.page.getByText("Network, digests, ceremonies").click();
    for (const transcript of project.transcripts) await someone.page.getByText(`said to be a ceremony, whose transcript has the hash ${transcript}, not verified here`, { exact: true }).waitFor();
  };
  const { bounty } = await steps.create(host, project, {}, async () => {
    assert.equal(await asked(host), 0);
    await shown(host);
  });
  const terms = await w.terms(bounty);
  assert.equal(terms.development, false);
  await steps.commit(hunter, project, bounty);
  await shown(hunter);
  assert.equal(await asked(hunter), 0);
  assert.doesNotMatch(await hunter.page.locator("pre").textContent(), /--development/);

  await chain.pass(terms.commitUntil);
  await steps.reveal(host, project, bounty);
  await steps.stateIs(hunter, "Proving");
  await steps.fetchData(hunter);
  await steps.proveAccuracy(hunter, 2);
  await steps.deliver(hunter, 1);
  await steps.stateIs(hunter, "Paid");
  await hunter.page.getByTestId("credit").filter({ hasText: "6 ETH" }).waitFor();

  const anyone = await w.person(null, `#/bounty/${bounty}/check?package=${project.cid}`);
  await steps.rebuild(anyone);
  await shown(anyone);
  await steps.button(anyone.page, "Check all").click();
  await anyone.page.getByText("all 5 proofs hold").waitFor();
  await anyone.page.getByText(`said to be of ceremonies, whose transcripts have the hash ${terms.setup}; they are not verified here`).waitFor();
  await anyone.open("#/");
  await anyone.page.getByText("5 ETH for 2 of 2 correct").waitFor();
  for (const someone of [host, hunter, anyone]) {
    assert.equal(await asked(someone), 0);
    assert.deepEqual(someone.violations, []);
  }
});
