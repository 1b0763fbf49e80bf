// The steps of both parties, as people do them at the page.
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { scratch } from "./project.js";

export const PASSPHRASE = "correct horse battery";

export const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Rebuilds the package of the bounty that is shown. */
export async function rebuild({ page }) {
  const [fetch, rebuilt] = [button(page, "Fetch and rebuild"), page.getByTestId("rebuilt")];
  await fetch.or(rebuilt).first().waitFor();
  // It stays rebuilt while the page is open.
  if (!(await rebuilt.isVisible())) await fetch.click();
  await rebuilt.waitFor();
}

/** Accepts the keys, of a single party or of ceremonies. */
export const accept = (page) => page.getByLabel(/I accept keys of a single party|I have verified the transcripts/).check();

/** Fills the form of a new bounty. */
export async function fill(host, project, terms = {}) {
  const { page } = host;
  await host.open("#/new");
  await page.getByLabel("CID of the package").fill(project.cid);
  await rebuild(host);
  await accept(page);
  await page.getByLabel("Files of the data").setInputFiles(project.data);
  await page.getByLabel("Labels (.json, .csv)").setInputFiles(project.labels);
  await page.getByText(`${project.data.length} files with labels`).waitFor();
  const given = {
    Reward: "5",
    "Bond of each hunter": "1",
    Threshold: "0.75",
    "Time to commit": "1h",
    "Time to show the data": "1h",
    "Time to prove": "1h",
    "Time to deliver, each": "1h",
    ...terms.fields,
  };
  for (const [label, value] of Object.entries(given)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByLabel("When it is shown").selectOption(terms.mode ?? "sealed");
  await page.getByLabel("Who wins").selectOption(terms.winner ?? "first");
  await page.getByLabel("Passphrase of the key file").fill(PASSPHRASE);
  await page.getByLabel("The same again").fill(PASSPHRASE);
}

/** Fills the form of a new bounty, and creates it; returns its address and what was shown before signing. */
export async function create(host, project, terms = {}, before = async () => {}) {
  const { page } = host;
  await fill(host, project, terms);
  await before();
  const saved = page.waitForEvent("download");
  await button(page, "Create and fund the bounty").click();
  const file = await saved;
  if (terms.fields?.["Token (ERC-20), nothing for ether"]) await host.sign();
  const shown = await host.sign();
  await page.getByText(/^bounty 0x[0-9a-fA-F]{40} holds/).waitFor();
  const bounty = /0x[0-9a-fA-F]{40}/.exec(await page.getByText(/^bounty 0x[0-9a-fA-F]{40} holds/).innerText())[0];
  // Downloads end with the browser that made them.
  const path = join(scratch(), file.suggestedFilename());
  await file.saveAs(path);
  return { bounty, shown, keyFile: { path } };
}

/** Opens a hunter's model, with a new key file the first time. */
export async function openModel(hunter, project, bounty) {
  const { page } = hunter;
  await hunter.open(`#/bounty/${bounty}/hunter?package=${project.cid}`);
  await rebuild(hunter);
  await page.getByLabel("Model (.onnx, .safetensors)").setInputFiles(project.model);
  await page.getByLabel("Passphrase of the key file").fill(PASSPHRASE);
  const again = page.getByLabel("The same again");
  if (await again.isVisible()) await again.fill(PASSPHRASE);
  await page.getByRole("button", { name: /open the model$/i }).click();
  await page.getByText(/^the model fits/).waitFor();
}

export async function commit(hunter, project, bounty) {
  const { page } = hunter;
  await openModel(hunter, project, bounty);
  await accept(page);
  await button(page, "Commit, with the bond").click();
  const shown = await hunter.sign();
  await page.getByText(/^Committed, as number/).waitFor();
  return shown;
}

export async function reveal(host, project, bounty) {
  const { page } = host;
  await host.open(`#/bounty/${bounty}/host?package=${project.cid}`);
  await rebuild(host);
  await page.getByLabel("Passphrase of the key file").fill(PASSPHRASE);
  await button(page, "Publish and prove the data").click();
  for (const _ of project.data) await host.sign();
  await page.getByText(/^All \d+ groups are shown/).waitFor();
}

export async function fetchData(hunter) {
  await button(hunter.page, "Fetch the data, and try the model").click();
  await hunter.page.getByText(/files, whose commitment is the bounty's/).waitFor();
}

export async function proveAccuracy(hunter, chunks) {
  await button(hunter.page, "Prove and submit the accuracy").click();
  const shown = [];
  for (let i = 0; i < chunks; i++) shown.push(await hunter.sign());
  await hunter.page.getByText(/^all chunks are proven/).waitFor();
  return shown;
}

export async function deliver(hunter, parts = 2) {
  await button(hunter.page, "Deliver the weights").click();
  const shown = [];
  for (let i = 0; i < parts; i++) shown.push(await hunter.sign());
  await hunter.page.getByText(/^delivered: /).waitFor();
  return shown;
}

export async function receive(host, project, bounty) {
  const { page } = host;
  await host.open(`#/bounty/${bounty}/host?package=${project.cid}`);
  await rebuild(host);
  await page.getByLabel("Passphrase of the key file").fill(PASSPHRASE);
  const saved = page.waitForEvent("download");
  await button(page, "Decrypt and save").click();
  const file = await saved;
  return { name: basename(file.suggestedFilename()), path: await file.path() };
}

export async function withdraw(someone) {
  await button(someone.page, "Withdraw all").click();
  const shown = await someone.sign();
  await someone.page.getByText(/were sent to 0x/).waitFor();
  return shown;
}

/** Waits until the page shows a state. */
export const stateIs = (someone, state) => someone.page.getByTestId("state").filter({ hasText: state }).waitFor();

export async function refund(someone, name = "Refund the reward") {
  await button(someone.page, name).click();
  const shown = await someone.sign();
  await someone.page.getByText(/are credited to the host$/).waitFor();
  return shown;
}

export async function reclaim(hunter) {
  await button(hunter.page, "Reclaim the bond").click();
  await hunter.sign();
  await hunter.page.getByText(/^the bond of .* is credited to you/).waitFor();
}

/** Waits for an error, beside which is said that no money moved; nothing is shown to be signed. */
export async function refused({ page }, reason) {
  await page.getByRole("alert").filter({ hasText: reason }).filter({ hasText: "The money: nothing was sent, no money moved." }).waitFor();
  assert.equal(await page.getByRole("alertdialog").count(), 0);
}
