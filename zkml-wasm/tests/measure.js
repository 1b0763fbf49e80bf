// What it takes: natively (`zkml bench`, with as many threads as there are cores), in Node.js and in Chromium, on the circuits of the tests:
//   ZKML_COMMAND=zkml node tests/measure.js
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../../examples/browser/serve.js";
import { launch } from "./chromium.js";
import { cases, folder, model, options, proven, run } from "./fixtures.js";

/** Milliseconds of each step: medians of five, but for reading, which is done once. Runs in either. */
async function measure({ library, origin, files, pixels, options, hidden }) {
  const zkml = await import(library);
  await zkml.default();
  const { Circuit, Model, ProvingKey, VerifyingKey } = zkml;
  const bytes = async (name) => (files ? files[name] : new Uint8Array(await (await fetch(`${origin}/files/${name}`)).arrayBuffer()));
  const timed = (f, n) => {
    const times = [];
    let value;
    for (let i = 0; i < n; i++) {
      const start = performance.now();
      value = f();
      times.push(performance.now() - start);
    }
    return [value, times.sort((a, b) => a - b)[n >> 1]];
  };
  const [circuitFile, keyFile, verifyingFile] = [await bytes("circuit.zkml"), await bytes("proving.key"), await bytes("verifying.key")];
  let [circuit, building] = timed(() => Circuit.fromBytes(circuitFile), 1);
  if (hidden) {
    const text = new TextDecoder().decode(await bytes("plan.json"));
    circuit = circuit.withWeights(Model.fromOnnx(await bytes("digits.onnx"), options), text);
  }
  const [key, reading] = timed(() => ProvingKey.fromBytes(keyFile), 1);
  const [{ proof }, proving] = timed(() => circuit.prove(key, pixels), 5);
  const verifyingKey = VerifyingKey.fromBytes(verifyingFile);
  const [, verifying] = timed(() => verifyingKey.verify(proof), 5);
  return { constraints: circuit.constraints, keyBytes: keyFile.length, building, reading, proving, verifying };
}

const { browser, close } = await launch();
const page = await browser.newPage();
const rows = [];
for (const [name, { weights }] of Object.entries(cases)) {
  const path = join(folder(name), "zkml");
  const given = { pixels: proven.pixels, options, hidden: weights !== "public" };
  const files = Object.fromEntries(
    [...["circuit.zkml", "proving.key", "verifying.key", "plan.json"].map((name) => join(path, name)), model].map((path) => [
      path.split("/").at(-1),
      new Uint8Array(readFileSync(path)),
    ]),
  );
  const node = await measure({ ...given, files, library: "zkml-dsl" });
  const server = await serve(path, 0);
  const origin = `http://127.0.0.1:${server.address().port}`;
  await page.goto(`${origin}/`);
  // The model is not among the files of `zkml setup`.
  const onnx = [...files["digits.onnx"]];
  await page.evaluate((onnx) => {
    const ask = window.fetch;
    window.fetch = (url, ...rest) => (String(url).endsWith("digits.onnx") ? Promise.resolve(new Response(Uint8Array.from(onnx))) : ask(url, ...rest));
  }, onnx);
  const chromium = await page.evaluate(measure, { ...given, origin, library: `${origin}/zkml/index.js` });
  server.close();
  const { said } = run(folder(name), "bench", "digit.json");
  const [building, proving, verifying] = [said.build_seconds, said.prove_seconds, said.verify_seconds].map((time) => 1000 * time);
  const native = { building, proving, verifying };
  rows.push({ name, node, chromium, native });
}
await close();

const ms = (x) => `${x < 100 ? x.toFixed(0) : (Math.round(x / 10) * 10).toLocaleString("en")} ms`;
console.log("| circuit | constraints | proving key | | build the circuit | read the key | prove | verify |");
console.log("|---|---:|---:|---|---:|---:|---:|---:|");
for (const { name, node, chromium, native } of rows) {
  const head = `\`${name}\` | ${node.constraints.toLocaleString("en")} | ${(node.keyBytes / 1e6).toFixed(2)} MB`;
  for (const [where, took] of Object.entries({ native, "Node.js": node, Chromium: chromium })) {
    const first = where === "native" ? head : "| |";
    const steps = ["building", "reading", "proving", "verifying"].map((step) => (took[step] === undefined ? "-" : ms(took[step])));
    console.log(`| ${first} | ${where} | ${steps.join(" | ")} |`);
  }
}
