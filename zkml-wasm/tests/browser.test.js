// The page of examples/browser in a headless Chromium (`CHROMIUM`), as its users see it. With ZKML_BLESS=1 the picture of the documentation is made anew.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, urlToHttpOptions } from "node:url";
import { VerifyingKey } from "zkml-dsl";
import { serve } from "../../examples/browser/serve.js";
import { launch } from "./chromium.js";
import { files, folder, sealed, zkml } from "./fixtures.js";
import { strokes } from "./strokes.js";

const pageFiles = process.env.ZKML_BROWSER_FILES;
const picture = new URL("../../docs/browser.png", import.meta.url);

let server, browser, close, origin;
before(async () => {
  assert.ok(pageFiles && existsSync(pageFiles), "set ZKML_BROWSER_FILES to the folder that `cargo run --example browser` wrote");
  server = await serve(pageFiles, 0);
  origin = `http://127.0.0.1:${server.address().port}`;
  ({ browser, close } = await launch());
});
after(async () => {
  await close?.();
  server?.close();
});

/** A test with a page that asks nobody else, and has no errors. */
function onPage(name, body) {
  test(name, { timeout: 240_000 }, async () => {
    const page = await browser.newPage();
    const [requests, messages] = [[], []];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && messages.push(message.text()));
    page.on("pageerror", (error) => messages.push(String(error)));
    try {
      await page.goto(`${origin}/`);
      await page.waitForFunction(() => document.querySelectorAll("#samples button").length === 10);
      await body(page);
      const elsewhere = requests.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith(`blob:${origin}/`));
      assert.deepEqual(elsewhere, []);
      assert.deepEqual(messages, []);
    } finally {
      await page.close();
    }
  });
}

/** Drops files on the page, as a hand does. */
async function drop(page, dropped) {
  const transfer = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of all) transfer.items.add(new File([Uint8Array.from(bytes)], name));
    return transfer;
  }, dropped.map(({ name, bytes }) => ({ name, bytes: [...bytes] })));
  for (const type of ["dragenter", "dragover", "drop"]) await page.dispatchEvent("#drop", type, { dataTransfer: transfer });
}

const verdict = (page) => page.locator("#verdict .verdict").first();

/** Draws strokes with the mouse. */
async function draw(page, digit) {
  const { x, y, width } = await page.locator("#canvas").boundingBox();
  for (const [first, ...rest] of strokes[digit]) {
    const place = ([px, py]) => [x + (px / 100) * width, y + (py / 100) * width];
    await page.mouse.move(...place(first));
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...place(point), { steps: 3 });
    await page.mouse.up();
  }
}

async function proved(page) {
  await page.locator("#proved").waitFor({ state: "visible", timeout: 120_000 });
  return page.locator("#answer").innerText();
}

async function downloaded(page, id) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(id)]);
  return new Uint8Array(readFileSync(await download.path()));
}

for (const name of ["groth16", "two-phase-committed"]) {
  onPage(`${name}: files of the command that are dropped are verified`, async (page) => {
    const { verifyingKey, proof } = files(name);
    await drop(page, [{ name: "7.proof", bytes: proof }, { name: "verifying.key", bytes: verifyingKey }]);
    await page.click("#verify:enabled");
    await verdict(page).waitFor();
    const text = await page.locator("#verdict").innerText();
    assert.match(text, /^Valid/);
    assert.match(text, /output\s+class 7 of 10/);
    assert.match(text, /setup by a single party, who can forge/);
    assert.ok(text.includes(VerifyingKey.fromBytes(verifyingKey).fingerprint));
    if (name !== "groth16") assert.match(text, /weights\s+commitment 0x[0-9a-f]{64}/);

    await page.click("summary");
    await page.fill("#expected", '[{"name": "output", "class": 7}]');
    await page.click("#verify");
    await page.getByText("Valid, and it says what was expected").waitFor();
    await page.fill("#expected", '[{"name": "output", "class": 5}]');
    await page.click("#verify");
    await page.getByText(/Not valid: .*`class` of output\[0\] is 7, expected 5/).waitFor();
    await page.fill("#expected", "{");
    await page.click("#verify");
    await page.getByText(/What is expected can't be read/).waitFor();
  });
}

onPage("a corrupted proof, another key and other files are refused, each with its reason", async (page) => {
  const { verifyingKey, proof } = files("groth16");
  const refusals = {
    "its checksum is that of other contents": new Uint8Array(proof).fill(1, 60, 70),
    "is invalid for these public inputs": sealed(new Uint8Array(proof).fill(3, proof.length - 64, proof.length - 63)),
    "is truncated": proof.slice(0, 100),
  };
  await drop(page, [{ name: "verifying.key", bytes: verifyingKey }]);
  assert.ok(await page.locator("#verify").isDisabled());
  for (const [reason, bytes] of Object.entries(refusals)) {
    await drop(page, [{ name: "bad.proof", bytes }]);
    await page.click("#verify:enabled");
    await page.getByText(reason).waitFor();
    assert.match(await verdict(page).innerText(), /^Not valid: /);
    assert.match(await verdict(page).getAttribute("class"), /bad/);
  }
  await drop(page, [{ name: "7.proof", bytes: proof }, { name: "verifying.key", bytes: files("groth16-private").verifyingKey }]);
  await page.click("#verify:enabled");
  await page.getByText("use the key of that circuit").waitFor();
  await drop(page, [{ name: "<b>notes</b>.txt", bytes: Buffer.from("hello") }]);
  await page.getByText("<b>notes</b>.txt is neither a verifying key nor a proof of zkml").waitFor();
  // What was refused has broken nothing.
  await drop(page, [{ name: "verifying.key", bytes: verifyingKey }]);
  await page.click("#verify:enabled");
  await page.locator("#verdict .good").waitFor();
});

onPage("a digit that is drawn is proved, and the command accepts the proof", async (page) => {
  for (const digit of [7, 0, 3]) {
    await page.click("#clear");
    await draw(page, digit);
    await page.click("#prove:enabled");
    // The page answers while the worker proves.
    const answered = await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(true))));
    assert.ok(answered);
    assert.equal(await proved(page), `The network sees a ${digit}. Proven, and verified.`);
    assert.match(await page.locator("#figures").innerText(), /^Proof of 2\d\d bytes, made in .* verified in \d+ ms/);
  }
  const [proof, key] = [await downloaded(page, "#proof-link"), await downloaded(page, "#key-link")];
  const here = folder("groth16");
  writeFileSync(join(here, "page.proof"), proof);
  writeFileSync(join(here, "page.key"), key);
  assert.match(zkml(here, "verify", "page.proof", "--key", "page.key"), /valid\s+page.proof\s+output class 3 of 10/);
  assert.deepEqual(key, new Uint8Array(readFileSync(join(pageFiles, "verifying.key"))));
  await page.click("#verify-it");
  await page.locator("#verdict .good").waitFor();
  if (process.env.ZKML_BLESS === "1") await page.screenshot({ path: fileURLToPath(picture), fullPage: true, animations: "disabled" });
});

onPage("everything works by keyboard", async (page) => {
  const press = async (id, key = "Enter") => {
    for (let n = 0; n < 60; n++) {
      if (await page.evaluate((id) => document.activeElement?.matches(id), id)) return page.keyboard.press(key);
      await page.keyboard.press("Tab");
    }
    assert.fail(`${id} can't be reached by the tabulator`);
  };
  await press('[aria-label="Sample of the digit 4"]');
  assert.equal(await page.getAttribute('[aria-label="Sample of the digit 4"]', "aria-pressed"), "true");
  await press("#prove", "Space");
  assert.equal(await proved(page), "The network sees a 4. Proven, and verified.");
  await page.evaluate(() => document.activeElement.blur());
  await press("#verify-it");
  await page.locator("#verdict .good").waitFor();
  // Nothing but the picture of what is drawn has no name.
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("button, a, input, textarea, canvas[role]")]
      .filter((e) => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length > 0))
      .map((e) => e.outerHTML),
  );
  assert.deepEqual(nameless, []);
});

onPage("dark and light have enough contrast", async (page) => {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const ratios = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const light = (name) => {
        const canvas = new OffscreenCanvas(1, 1).getContext("2d");
        canvas.fillStyle = style.getPropertyValue(name).trim();
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((x) => x / 255).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const pairs = [["--text", "--card"], ["--soft", "--card"], ["--soft", "--ground"], ["--on-main", "--main"], ["--main", "--card"]];
      pairs.push(...["good", "bad", "warn"].map((name) => [`--${name}`, `--${name}-ground`]));
      return pairs.map(([a, b]) => {
        const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y);
        return [a, b, (bright + 0.05) / (dark + 0.05)];
      });
    });
    for (const [a, b, ratio] of ratios) assert.ok(ratio >= 4.5, `${colorScheme}: ${a} on ${b} is ${ratio.toFixed(2)}`);
  }
});

test("the server has the page and nothing else", async () => {
  const policy = (await fetch(`${origin}/`)).headers.get("content-security-policy");
  assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*/);
  // `fetch` tidies paths up, and whoever attacks does not.
  const raw = (path) =>
    new Promise((done, failed) => get({ ...urlToHttpOptions(new URL(origin)), path }, (response) => done(response.resume().statusCode)).on("error", failed));
  for (const path of ["/../Cargo.toml", "/serve.js", "/files/../serve.js", "/files/%2e%2e/secret", "/files/..%2f..%2fx"]) {
    assert.equal(await raw(path), 404, path);
  }
  for (const path of ["/zkml/", "/files", "/zkml/sub/x", "/__proto__/x"]) assert.equal(await raw(path), 404, path);
  assert.equal(await raw("/%"), 400);
  assert.equal(await raw("/files/samples.json"), 200);
  assert.equal((await fetch(`${origin}/`, { method: "POST" })).status, 405);
});
