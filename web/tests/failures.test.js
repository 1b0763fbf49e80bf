// What goes wrong around a step: refunds, another chain or account, a no in the wallet, a node that is away, a chain that takes blocks back, a gateway that lies.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numberToHex, parseEther } from "viem";
import * as steps from "./steps.js";
import { accessible, world } from "./world.js";

let w;
/** Whether blocks go on being made, which is what counts confirmations. */
let ticking = true;
let ticker;
before(async () => {
  w = await world({ confirmations: 2 });
  ticker = setInterval(() => ticking && w.chain.call("evm_mine").catch(() => undefined), 500);
});
after(async () => {
  clearInterval(ticker);
  await w?.stop();
});

const NOTHING = "nothing was sent, no money moved";

test("a bounty that nobody wants is cancelled, or refunded after its time", async () => {
  const { chain, project } = w;
  const host = await w.person(1);
  const first = await steps.create(host, project);
  await host.open(`#/bounty/${first.bounty}/host?package=${project.cid}`);
  await steps.refund(host, "Cancel the bounty");
  await steps.stateIs(host, "Cancelled");
  const before = await chain.balance(chain.accounts[1]);
  await steps.withdraw(host);
  assert.ok((await chain.balance(chain.accounts[1])) > before + parseEther("4.99"));

  const second = await steps.create(host, project);
  await host.open(`#/bounty/${second.bounty}/host?package=${project.cid}`);
  await chain.pass((await w.terms(second.bounty)).commitUntil);
  await steps.stateIs(host, "Refundable");
  await steps.refund(host);
  await steps.withdraw(host);
  await steps.stateIs(host, "Refunded");
  await host.close();
});

test("a host that does not show its data: reward and bond go back", async () => {
  const { chain, project } = w;
  const [host, hunter] = [await w.person(1), await w.person(2)];
  const { bounty } = await steps.create(host, project);
  await steps.commit(hunter, project, bounty);
  // Nothing is shown before the last commitment is final: one block could be taken back, and two count here.
  ticking = false;
  await chain.pass((await w.terms(bounty)).commitUntil);
  await host.open(`#/bounty/${bounty}/host?package=${project.cid}`);
  await steps.stateIs(host, "Revealing");
  await steps.rebuild(host);
  const put = () => w.ipfs.door.asked.filter((line) => line.startsWith("POST")).length;
  const before = put();
  await host.page.getByLabel("Passphrase of the key file").fill(steps.PASSPHRASE);
  await steps.button(host.page, "Publish and prove the data").click();
  await host.page.getByRole("alert").filter({ hasText: /by the blocks that count, which have 2 confirmations, it is open to commitments/ }).waitFor();
  assert.equal(put(), before);
  ticking = true;
  // And not on the node's clock alone, which is ahead of this computer's.
  const doubt = host.page.getByRole("alertdialog").filter({ hasText: "The clocks disagree" });
  for (let i = 0; !(await doubt.isVisible()); i++) {
    assert.ok(i < 10, "the question is asked");
    await steps.button(host.page, "Publish and prove the data").click();
    await doubt.waitFor({ timeout: 3000 }).catch(() => undefined);
  }
  await accessible(host);
  await doubt.getByRole("button", { name: "Do not go on" }).click();
  await host.page.getByRole("alert").filter({ hasText: "show the data: not gone on with" }).waitFor();
  assert.equal(put(), before);

  await chain.pass((await w.terms(bounty)).revealUntil);
  await steps.stateIs(hunter, "Refundable");
  await steps.reclaim(hunter);
  await steps.withdraw(hunter);
  await host.open(`#/bounty/${bounty}/host?package=${project.cid}`);
  await steps.refund(host);
  await steps.withdraw(host);
  await Promise.all([host.close(), hunter.close()]);
});

test("another chain, another account, and a no in the wallet", async () => {
  const { chain, project } = w;
  const [host, hunter] = [await w.person(1), await w.person(2)];
  const { page } = hunter;
  const { bounty } = await steps.create(host, project);
  await steps.openModel(hunter, project, bounty);
  await page.getByLabel("I accept keys of a single party").check();
  const sent = await chain.sent(chain.accounts[2]);
  const commit = steps.button(page, "Commit, with the bond");

  hunter.state.reject = true;
  await commit.click();
  await hunter.sign();
  await page.getByRole("alert").filter({ hasText: "commit: rejected in the wallet" }).waitFor();
  await page.getByRole("alert").filter({ hasText: `The money: ${NOTHING}.` }).waitFor();
  hunter.state.reject = false;

  await hunter.chainIs(1);
  await page.getByText("The wallet is on chain 1, expected 31337").waitFor();
  await commit.click();
  await page.getByRole("alert").filter({ hasText: "commit: the wallet is on chain 1, expected 31337" }).waitFor();
  await accessible(hunter);
  await steps.button(page, "Switch the wallet").click();
  await steps.button(page, "Switch the wallet").waitFor({ state: "detached" });
  assert.equal(hunter.state.chainId, 31337);

  // The account changes while the step is shown: it is not the step of the other one.
  await commit.click();
  await page.getByRole("alertdialog").waitFor();
  await hunter.become(chain.accounts[5]);
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  await page.getByTestId("account").filter({ hasText: chain.accounts[5] }).waitFor();
  assert.ok(await commit.isDisabled());
  await hunter.become(chain.accounts[2]);
  assert.deepEqual([await chain.sent(chain.accounts[2]), await chain.sent(chain.accounts[5])], [sent, 0]);

  // And the wallet changes it without a word, after the step was shown.
  await steps.openModel(hunter, project, bounty);
  await page.getByLabel("I accept keys of a single party").check();
  await commit.click();
  await page.getByRole("alertdialog").waitFor();
  hunter.state.account = chain.accounts[5];
  await hunter.sign();
  await page.getByRole("alert").filter({ hasText: `the wallet has another account than ${chain.accounts[2]} now` }).waitFor();
  hunter.state.account = chain.accounts[2];
  assert.equal(await chain.sent(chain.accounts[2]), sent);

  // What the contract would refuse is not shown to be signed.
  await steps.commit(hunter, project, bounty);
  await chain.pass((await w.terms(bounty)).commitUntil);
  const late = await w.person(6);
  await steps.openModel(late, project, bounty);
  assert.ok(await steps.button(late.page, "Commit, with the bond").isDisabled());
  await Promise.all([host.close(), hunter.close(), late.close()]);
});

test("a reload, a node that is away, and blocks that are taken back while a transaction is waited for", async () => {
  const { chain, project } = w;
  const [host, hunter] = [await w.person(1), await w.person(2)];
  const { page } = hunter;
  const { bounty } = await steps.create(host, project);
  ticking = false;
  await chain.call("evm_setAutomine", [false]);
  await steps.openModel(hunter, project, bounty);
  await page.getByLabel("I accept keys of a single party").check();
  await steps.button(page, "Commit, with the bond").click();
  await hunter.sign();
  const told = page.locator(".told");
  await told.filter({ hasText: "commit: sent, waiting for a block" }).waitFor();

  await hunter.reload();
  await told.filter({ hasText: "commit: sent, waiting for a block" }).waitFor();
  await page.context().setOffline(true);
  await told.filter({ hasText: "the node does not answer" }).waitFor();
  await page.context().setOffline(false);
  await told.filter({ hasText: "commit: sent, waiting for a block" }).waitFor();

  const hash = await page.evaluate(() => Object.keys(localStorage).find((key) => key.startsWith("zkml:pending:")).slice("zkml:pending:".length));
  const raw = await chain.call("eth_getRawTransactionByHash", [hash]);
  const before = await chain.call("evm_snapshot");
  await chain.call("evm_mine");
  await told.filter({ hasText: "1 of 2 confirmations" }).waitFor();
  await chain.call("evm_revert", [before]);
  await chain.call("anvil_dropTransaction", [hash]).catch(() => undefined);
  await told.filter({ hasText: "its block was taken back by the chain" }).waitFor();
  await chain.call("eth_sendRawTransaction", [raw]).catch(() => undefined);
  await chain.call("anvil_mine", [numberToHex(3)]);
  await told.filter({ hasText: /commit: done in block \d+/ }).waitFor();
  await page.getByText(/^Committed, as number 1/).waitFor();
  assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("zkml:pending:")).length), 0);
  await chain.call("evm_setAutomine", [true]);
  ticking = true;
  await Promise.all([host.close(), hunter.close()]);
});

test("a gateway that lies, breaks off, or answers too much", async () => {
  const { project, ipfs } = w;
  const host = await w.person(1);
  const { page } = host;
  await host.open("#/new");
  await page.getByLabel("CID of the package").fill(project.cid);
  const refused = async (lie, reason) => {
    ipfs.door.lie = lie;
    await steps.button(page, "Fetch and rebuild").click();
    await page.getByRole("alert").filter({ hasText: reason }).waitFor();
  };
  await refused((bytes) => (bytes[9] ^= 1, bytes), /answered \d+ bytes that are not those of bafkrei/);
  await refused((bytes) => bytes.subarray(1), /answered \d+ bytes that are not those of bafkrei/);
  await refused(() => Buffer.alloc(300_000), "answered more than 262208 bytes");
  await refused(() => null, "is its address right, and does it run?");
  // The manifest is right, and a block of the package is another one.
  await refused((bytes, url) => (url.includes(project.cid) ? bytes : Buffer.from("other")), "answered 5 bytes that are not those of");
  ipfs.door.lie = null;
  await steps.rebuild(host);
  await page.getByLabel("CID of the package").fill("bafkreihello");
  await host.close();
});
