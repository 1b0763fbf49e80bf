// Sample projects of both parties, made by the command `zkml` once: the host's package, data and labels, and the hunter's model.
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** How many files the host has: two chunks of one. Weights are delivered in two parts. */
const FILES = 2;

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

const digits = () => gunzipSync(readFileSync(join(root, "examples/digits/digits-uci.csv.gz"))).toString("utf8").trim().split("\n");

/** The project in a folder, which is made if there is none: it takes half a minute. */
export function project(command, folder) {
  if (!existsSync(folder)) {
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(join(fresh, "data"), { recursive: true });
    const rows = digits();
    copyFileSync(join(root, "zkml-import/tests/onnx/digits.onnx"), join(fresh, "digits.onnx"));
    writeFileSync(join(fresh, "samples.csv"), rows.slice(0, 20).join("\n"));
    zkml(command, fresh, ["init", "digits.onnx", "--samples", "samples.csv", "--weights", "committed"]);
    edit(join(fresh, "zkml.toml"), [
      ["# range = [0.0, 1.0]", "bytes = true"],
      ["time_limit = 60.0", "tries = 10"],
    ]);
    const bounty = '\n[bounty]\ngroups = 1\nitems = 1\nwiden = 1\nelements = 75\nreward = "5 ether"\nthreshold = 0.75\n';
    writeFileSync(join(fresh, "zkml.toml"), readFileSync(join(fresh, "zkml.toml"), "utf8") + bounty);
    zkml(command, fresh, ["quantize"]);
    zkml(command, fresh, ["bounty", "setup"]);
    zkml(command, fresh, ["bounty", "package"]);
    const labels = {};
    for (const [i, row] of rows.slice(1200, 1200 + FILES).entries()) {
      const values = row.split(",").map(Number);
      const name = `${String(i).padStart(5, "0")}.bin`;
      labels[name] = values.pop();
      writeFileSync(join(fresh, "data", name), Uint8Array.from(values));
    }
    writeFileSync(join(fresh, "labels.json"), JSON.stringify(labels));
    renameSync(fresh, folder);
  }
  const store = join(folder, "zkml/bounty/store");
  return {
    folder,
    cid: JSON.parse(readFileSync(join(folder, "zkml/bounty/package.json"), "utf8")).package,
    store,
    blocks: readdirSync(store).map((name) => join(store, name)),
    model: join(folder, "digits.onnx"),
    data: Array.from({ length: FILES }, (_, i) => join(folder, "data", `${String(i).padStart(5, "0")}.bin`)),
    labels: join(folder, "labels.json"),
  };
}

/** Writes a hunter's project for the command, with an account's key and the secrets of a page's key file. */
export function hunterProject(folder, from, { rpc, factory, key, bounty, secrets, store }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, `zkml/bounty/hunter-${bounty.toLowerCase()}`), { recursive: true });
  for (const name of ["digits.onnx", "samples.csv", "zkml.toml"]) copyFileSync(join(from, name), join(folder, name));
  const places = `[bounty]\nrpc = "${rpc}"\nchain = 31337\nfactory = "${factory}"\nkey = "account.key"\nstore = "${store}"`;
  edit(join(folder, "zkml.toml"), [["[bounty]", places]]);
  const secret = (name, text) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o600);
  };
  secret("account.key", `${key}\n`);
  secret(`zkml/bounty/hunter-${bounty.toLowerCase()}/secrets.json`, secrets);
}
