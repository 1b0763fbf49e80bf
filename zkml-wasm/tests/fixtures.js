// Circuits, keys and proofs to test with, made by the command `zkml` (`ZKML_COMMAND`), of the network of digits that ships; a folder a case.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
export const model = join(root, "zkml-import/tests/onnx/digits.onnx");

/** The digits that ship: 64 pixels from 0 to 16, and a label. */
export const digits = readFileSync(join(root, "examples/digits/digits-uci.csv"), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(",").map(Number))
  .map((row) => ({ pixels: row.slice(0, 64), label: row[64] }));

/** The one that fixtures prove. Its class is not 0: a point of a key that is multiplied by 0 may be any. */
export const proven = digits[7];

/** How the model is read for the circuits here. */
export const options = { range: { whole: [0, 16] } };

/** The circuits: who sees what, and the proof system. */
export const cases = {
  groth16: { system: "groth16", input: "private", weights: "public", output: "public" },
  "groth16-private": { system: "groth16", input: "private", weights: "private", output: "public" },
  "two-phase": { system: "two-phase", input: "public", weights: "public", output: "public" },
  "two-phase-committed": { system: "two-phase", input: "committed", weights: "committed", output: "public" },
};

function command() {
  const path = resolve(process.env.ZKML_COMMAND ?? join(target, "debug/zkml"));
  if (!existsSync(path)) throw new Error(`there is no ${path}; run \`cargo build --features cli\`, or set ZKML_COMMAND`);
  return path;
}

/** Runs `zkml` in a folder, and returns what it printed. */
export function zkml(folder, ...args) {
  return execFileSync(command(), args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Whether `zkml` ends without an error, and what it printed as JSON. */
export function run(folder, ...args) {
  const { status, stdout } = spawnSync(command(), [...args, "--json"], { cwd: folder, encoding: "utf8" });
  return { status, said: stdout ? JSON.parse(stdout) : undefined };
}

/** The folder of a case: `zkml/` in it has the circuit, its keys and a proof of `proven`. */
export function folder(name) {
  const path = join(target, "wasm-tests", String(process.pid), name);
  if (!existsSync(join(path, "zkml/proofs/digit.proof"))) make(name, path);
  return path;
}

function make(name, path) {
  mkdirSync(path, { recursive: true });
  process.once("exit", () => rmSync(dirname(path), { recursive: true, force: true }));
  copyFileSync(model, join(path, "digits.onnx"));
  writeFileSync(join(path, "samples.csv"), digits.slice(0, 60).map(({ pixels }) => `${pixels}\n`).join(""));
  writeFileSync(join(path, "digit.json"), JSON.stringify({ shape: [1, 8, 8], data: proven.pixels }));
  const { system, input, weights, output } = cases[name];
  const seen = ["--input", input, "--weights", weights, "--output", output, "--system", system];
  zkml(path, "init", "digits.onnx", "--samples", "samples.csv", "--force", ...seen);
  const project = join(path, "zkml.toml");
  writeFileSync(project, readFileSync(project, "utf8").replace("# range = [0.0, 1.0]", "range = [0, 16]"));
  zkml(path, "quantize", "--tries", "20");
  zkml(path, "setup");
  zkml(path, "prove", "digit.json");
}

/** The files of a case. */
export function files(name) {
  const read = (file) => new Uint8Array(readFileSync(join(folder(name), "zkml", file)));
  return {
    circuit: read("circuit.zkml"),
    provingKey: read("proving.key"),
    verifyingKey: read("verifying.key"),
    proof: read("proofs/digit.proof"),
    plan: readFileSync(join(folder(name), "zkml/plan.json"), "utf8"),
  };
}

/** A file with another payload: with the length and the checksum of that. */
export function withPayload(file, change) {
  const payload = change(Buffer.from(file.slice(47, file.length - 32)));
  const header = Buffer.from(file.slice(0, 47));
  header.writeBigUInt64LE(BigInt(payload.length), 39);
  return sealed(Buffer.concat([header, payload, Buffer.alloc(32)]));
}

/** A file with the checksum of its contents. */
export function sealed(file) {
  const body = Buffer.from(file).subarray(0, file.length - 32);
  return new Uint8Array(Buffer.concat([body, createHash("sha256").update(body).digest()]));
}

/** Numbers below `n`, seeded (mulberry32). */
export function random(seed) {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}
