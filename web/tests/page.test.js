// The page itself: what is loaded first, whom it asks, and who can use it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import * as steps from "./steps.js";
import { accessible, world } from "./world.js";

let w;
before(async () => {
  w = await world();
});
after(() => w?.stop());

test("the first load is under 500 KB compressed, and asks this server and the node alone", async () => {
  const someone = await w.person(null);
  const asked = new Set();
  const files = new Set();
  someone.page.on("request", (request) => {
    asked.add(new URL(request.url()).origin);
    if (request.url().startsWith(w.url)) files.add(request.url());
  });
  await someone.page.reload();
  await someone.page.getByText("There is none yet.").waitFor();
  await someone.page.waitForLoadState("networkidle").catch(() => undefined);
  let bytes = 0;
  for (const file of files) bytes += gzipSync(Buffer.from(await (await fetch(file)).arrayBuffer()), { level: 9 }).length;
  console.log(`first load: ${bytes} bytes compressed, ${files.size} files`);
  assert.ok(files.size >= 4 && bytes > 50_000, [...files].join(" "));
  assert.ok(bytes < 500_000, `${bytes} bytes`);
  assert.deepEqual([...asked].sort(), [new URL(w.url).origin, w.chain.rpc].sort());
  // Whatever else a script would ask is refused.
  const refused = await someone.page.evaluate(() => fetch("http://127.0.0.1:9/").then(() => "asked", (error) => error.name));
  assert.equal(refused, "TypeError");
  assert.ok(someone.violations.some((line) => line.includes("connect-src")), "the policy has refused it");
  await someone.close();
});

test("a keyboard suffices, on a narrow screen, in both schemes of colours", async () => {
  const someone = await w.person(1, "", { viewport: { width: 360, height: 740 } });
  const { page } = someone;
  for (const hash of ["#/", "#/new", "#/nothing"]) {
    await someone.open(hash);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await accessible(someone);
    const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(inner <= outer, `${hash} is ${inner} wide on a screen of ${outer}`);
  }
  await someone.open("#/new");
  await page.getByRole("heading", { name: "New bounty" }).waitFor();
  await someone.reload();
  await page.getByRole("heading", { name: "New bounty" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "To the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await page.keyboard.press("Tab");
  await page.keyboard.insertText(w.project.cid);
  // On to the button, by its name, with the keyboard alone.
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement?.textContent)) === "Fetch and rebuild") break;
  }
  await page.keyboard.press("Enter");
  await page.getByTestId("rebuilt").waitFor();
  assert.deepEqual(someone.violations, []);
  await someone.close();
});

test("an address that is no bounty is said to be none, and a draft survives a reload", async () => {
  const someone = await w.person(1, `#/bounty/${w.chain.accounts[3]}`);
  await someone.page.getByRole("alert").filter({ hasText: `is no bounty of the factory` }).waitFor();
  await someone.open("#/new");
  await someone.page.getByLabel("Reward", { exact: true }).fill("12.5");
  await someone.reload();
  assert.equal(await someone.page.getByLabel("Reward", { exact: true }).inputValue(), "12.5");
  // Key files open with their passphrase, and with no other.
  const made = await steps.create(someone, w.project);
  await someone.open(`#/bounty/${made.bounty}/host?package=${w.project.cid}`);
  await steps.rebuild(someone);
  await w.chain.pass((await w.terms(made.bounty)).commitUntil - 1);
  await someone.page.getByLabel("Passphrase of the key file").fill("another passphrase");
  await someone.page.getByLabel("Another key file").setInputFiles(w.project.labels);
  await someone.page.getByRole("alert").filter({ hasText: "labels.json: it is no key file of a bounty" }).waitFor();
  await someone.close();
});

test("without a node to put files to: the package from its folder, and files that the host saves to publish them", async () => {
  const alone = await world({ ipfsApi: null });
  try {
    const { chain, project, ipfs } = alone;
    const host = await alone.person(1);
    const { page } = host;
    const puts = () => ipfs.door.asked.filter((line) => line.startsWith("POST")).length;
    const before = puts();
    // No gateway has anything.
    ipfs.door.lie = () => Buffer.from("nothing");
    await host.open("#/new");
    await page.getByLabel("Or the package's folder (zkml/bounty/store)").setInputFiles(project.store);
    const made = await steps.create(host, project, { fields: { "Time to commit": "10m" } });
    await chain.pass((await alone.terms(made.bounty)).commitUntil);
    // Nobody has committed, so that there is nothing to show.
    await host.open(`#/bounty/${made.bounty}/host?package=${project.cid}`);
    await steps.stateIs(host, "Refundable");
    const open = await steps.create(host, project, { mode: "open" });
    await host.open(`#/bounty/${open.bounty}/host?package=${project.cid}`);
    await steps.rebuild(host);
    await page.getByLabel("Passphrase of the key file").fill(steps.PASSPHRASE);
    const saved = [];
    page.on("download", (file) => saved.push(file.suggestedFilename()));
    await steps.button(page, "Publish and prove the data").click();
    for (const _ of project.data) await host.sign();
    await page.getByText(/^All \d+ groups are shown/).waitFor();
    assert.equal(saved.length, project.data.length);
    assert.ok(saved.every((name) => /^bafkrei[a-z2-7]{52}$/.test(name)), saved.join(" "));
    assert.equal(puts(), before, "nothing was put to the node");
    // Whoever checks is told that the files are not there yet.
    await host.open(`#/bounty/${open.bounty}/check?package=${project.cid}`);
    await steps.button(page, "Check all").click();
    await page.getByText(/all groups are shown; a file can't be had/).waitFor();
    await page.getByRole("alert").filter({ hasText: "1 of what was checked does not hold" }).waitFor();
  } finally {
    await alone.stop();
  }
});
