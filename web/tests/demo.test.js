// The demonstration: its wallets, its clock and its store do what demo.js prints.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { demo } from "../demo/demo.js";
import { person } from "./browser.js";
import { scratch } from "./project.js";
import * as steps from "./steps.js";

let shown;
before(async () => {
  const folder = join(scratch(), "demo");
  cpSync(join(process.env.ZKML_WEB_FILES, "digits"), join(folder, "project"), { recursive: true });
  shown = await demo(folder, 0, process.env.ZKML_COMMAND);
});
after(() => shown?.stop());

test("both roles, to the payment, with the wallets of the demonstration", async () => {
  const { chain, project, url } = shown;
  const someone = await person(chain, url, undefined);
  const { page } = someone;
  // The wallet asks, too.
  page.on("dialog", (dialog) => dialog.accept());
  await steps.button(page, "Connect Demo host").click();
  await page.getByTestId("account").filter({ hasText: chain.accounts[1] }).waitFor();
  const { bounty, keyFile } = await steps.create(someone, project);
  await steps.button(page, "Disconnect").click();
  await steps.button(page, "Connect Demo hunter").click();
  await page.getByTestId("account").filter({ hasText: chain.accounts[2] }).waitFor();
  await steps.commit(someone, project, bounty);
  await steps.button(page, "Let an hour pass").click();
  await steps.stateIs(someone, "Revealing");

  // The other window is the host's; hours pass until it is the next one's turn.
  const host = await person(chain, url, undefined);
  host.page.on("dialog", (dialog) => dialog.accept());
  await steps.button(host.page, "Connect Demo host").click();
  await host.page.getByTestId("account").filter({ hasText: chain.accounts[1] }).waitFor();
  await host.open(`#/bounty/${bounty}/host?package=${project.cid}`);
  await host.page.getByLabel("Key file, if you have one of this bounty").setInputFiles(keyFile.path);
  await steps.rebuild(host);
  await host.page.getByText("Choose the data again").click();
  await host.page.getByLabel("Labels (.json, .csv)").setInputFiles(project.labels);
  await host.page.getByLabel("Files of the data").setInputFiles(project.data);
  await steps.reveal(host, project, bounty);
  await steps.fetchData(someone);
  await steps.proveAccuracy(someone, 2);
  for (let i = 0; i < 2; i++) {
    await steps.stateIs(someone, "Proving");
    await steps.button(page, "Let an hour pass").click();
  }
  await steps.stateIs(someone, "Delivering");
  await steps.deliver(someone);
  await steps.stateIs(someone, "Paid");
  await steps.withdraw(someone);
  assert.equal((await steps.receive(host, project, bounty)).name, "weights.safetensors");
  for (const one of [someone, host]) assert.deepEqual(one.violations, []);
  await Promise.all([someone.close(), host.close()]);
});
