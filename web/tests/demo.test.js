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

test("both roles in one browser, with the wallets of the demonstration", async () => {
  const { chain, project, url } = shown;
  const someone = await person(chain, url, undefined);
  const { page } = someone;
  // The wallet asks, too.
  page.on("dialog", (dialog) => dialog.accept());
  await steps.button(page, "Connect Demo host").click();
  await page.getByTestId("account").filter({ hasText: chain.accounts[1] }).waitFor();
  const { bounty } = await steps.create(someone, project);
  await steps.button(page, "Disconnect").click();
  await steps.button(page, "Connect Demo hunter").click();
  await page.getByTestId("account").filter({ hasText: chain.accounts[2] }).waitFor();
  await steps.commit(someone, project, bounty);
  await steps.button(page, "Let an hour pass").click();
  await steps.stateIs(someone, "Revealing");
  assert.deepEqual(someone.violations, []);
  await someone.close();
});
