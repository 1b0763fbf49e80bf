// Sample projects of both parties, made by the command `zkml` once: the host's package, data and labels, and the hunter's model.
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { powers } from "./powers.js";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** A folder of this process alone: files of tests run side by side. */
export function scratch() {
  const folder = join(process.env.ZKML_WEB_FILES, `process-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs the command in a folder. */
export function zkml(command, folder, arguments_, env = {}) {
  try {
    return execFileSync(command, arguments_, { cwd: folder, env: { ...process.env, ...env }, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`zkml ${arguments_.join(" ")}: ${error.stderr}`, { cause: error });
  }
}

/** Likewise, while the servers of this process answer it. */
export const zkmlMeanwhile = (command, folder, arguments_) => promisify(execFile)(command, arguments_, { cwd: folder, encoding: "utf8" });

function edit(path, pairs) {
  let text = readFileSync(path, "utf8");
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(path, text);
}

const rows = () => readFileSync(join(root, "examples/digits/digits-uci.csv"), "utf8").trim().split("\n");

/** An image of six by six, as a row with its label. */
const image = (n, label) => [...Array.from({ length: 36 }, (_, i) => (n * 37 + i * 59 + 11) % 200), label].join(",");

/** What a project is made of: a model, samples of it, and two files of data, which are two chunks, all as rows with labels. */
const KINDS = {
  /** The shipped digits, of 2,746 weights, which are delivered in two parts. */
  digits: () => ({ model: "digits.onnx", samples: rows().slice(0, 20), data: rows().slice(1200, 1202), tries: 10 }),
  /** A network of 77 weights, whose proofs take a second. Labels are what it answers. */
  small: () => ({ model: "classifier.onnx", samples: [0, 1, 2, 3, 4, 5, 6, 7].map((n) => image(n, 1)), data: [image(0, 1), image(1, 2)], tries: 5 }),
};

const setup = (command, folder) => zkml(command, folder, ["bounty", "setup"]);

/**
 * Makes the keys by ceremonies of two contributors and a beacon. Their transcripts are kept in a folder, and taken from it the next time, if they are of
 * these circuits still: `finish` verifies them, and writes the keys.
 */
export const ceremonies = (kept) => (command, folder) => {
  mkdirSync(kept, { recursive: true });
  const ptau = join(kept, "powers.ptau");
  writeFileSync(ptau, powers(15));
  for (const statement of ["data", "accuracy", "delivery"]) {
    const step = (...words) => zkml(command, folder, ["ceremony", "--bounty", statement, ...words]);
    const [transcript, at] = [join(kept, `${statement}.zkml`), join(folder, `zkml/bounty/${statement}/ceremony.zkml`)];
    try {
      mkdirSync(dirname(at), { recursive: true });
      copyFileSync(transcript, at);
      step("finish", "--ptau", ptau);
    } catch {
      step("new", "--force", "--ptau", ptau);
      for (const name of ["first", "second"]) {
        step("contribute", "--name", name, "--unverified", "--entropy", "samples.csv");
        step("accept", "contribution.zkml");
        rmSync(join(folder, "contribution.zkml"));
      }
      step("beacon", "00000000000000000002a7c4c1e48d76");
      step("finish", "--ptau", ptau);
      copyFileSync(at, transcript);
    }
  }
};

/** The project in a folder, which is made if there is none: it takes half a minute, or a few seconds if it is small. `keys` makes its keys. */
export function project(command, folder, kind = "digits", keys = setup) {
  const { model, samples, data, tries } = KINDS[kind]();
  const name = (i) => `${String(i).padStart(5, "0")}.bin`;
  if (!existsSync(folder)) {
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(join(fresh, "data"), { recursive: true });
    copyFileSync(join(root, "zkml-import/tests/onnx", model), join(fresh, model));
    writeFileSync(join(fresh, "samples.csv"), samples.join("\n"));
    zkml(command, fresh, ["init", model, "--samples", "samples.csv", "--weights", "committed"]);
    edit(join(fresh, "zkml.toml"), [
      ["# range = [0.0, 1.0]", "bytes = true"],
      ["time_limit = 60.0", `tries = ${tries}`],
    ]);
    const bounty = '\n[bounty]\ngroups = 1\nitems = 1\nwiden = 1\nelements = 75\nreward = "5 ether"\nthreshold = 0.75\n';
    writeFileSync(join(fresh, "zkml.toml"), readFileSync(join(fresh, "zkml.toml"), "utf8") + bounty);
    zkml(command, fresh, ["quantize"]);
    keys(command, fresh);
    zkml(command, fresh, ["bounty", "package"]);
    const labels = {};
    for (const [i, row] of data.entries()) {
      const values = row.split(",").map(Number);
      labels[name(i)] = values.pop();
      writeFileSync(join(fresh, "data", name(i)), Uint8Array.from(values));
    }
    writeFileSync(join(fresh, "labels.json"), JSON.stringify(labels));
    renameSync(fresh, folder);
  }
  const store = join(folder, "zkml/bounty/store");
  const made = JSON.parse(readFileSync(join(folder, "zkml/bounty/package.json"), "utf8"));
  return {
    folder,
    cid: made.package,
    /** Whether the keys are of a single party. */
    development: made.keys.some(({ provenance }) => provenance.includes("single party")),
    /** The hashes of the transcripts of ceremonies. */
    transcripts: made.keys.flatMap(({ provenance }) => /[0-9a-f]{64}/.exec(provenance) ?? []),
    store,
    blocks: readdirSync(store).map((block) => join(store, block)),
    model: join(folder, model),
    data: data.map((_, i) => join(folder, "data", name(i))),
    labels: join(folder, "labels.json"),
  };
}

/** The small project with another model, whose first and last class have each other's weights: it is wrong where one of them is right. */
export function mistaken(project) {
  const bytes = readFileSync(project.model);
  // The name of the tensor is followed by its data: a byte that says so, two of its length, and a row of 18 numbers for each class.
  const start = bytes.indexOf("fc.weightJ") + "fc.weightJ".length + 2;
  const row = (i) => bytes.subarray(start + 72 * i, start + 72 * (i + 1));
  const first = Buffer.from(row(0));
  row(2).copy(row(0));
  first.copy(row(2));
  const model = join(scratch(), "mistaken.onnx");
  writeFileSync(model, bytes);
  return { ...project, model };
}

/** Writes a hunter's project for the command, with an account's key and the secrets of a page's key file. */
export function hunterProject(folder, from, { rpc, factory, key, bounty, secrets, store }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, `zkml/bounty/hunter-${bounty.toLowerCase()}`), { recursive: true });
  for (const name of [basename(from.model), "samples.csv", "zkml.toml"]) copyFileSync(join(from.folder, name), join(folder, name));
  const places = `[bounty]\nrpc = "${rpc}"\nchain = 31337\nfactory = "${factory}"\nkey = "account.key"\nstore = "${store}"`;
  edit(join(folder, "zkml.toml"), [["[bounty]", places]]);
  const secret = (name, text) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o600);
  };
  secret("account.key", `${key}\n`);
  secret(`zkml/bounty/hunter-${bounty.toLowerCase()}/secrets.json`, secrets);
}
