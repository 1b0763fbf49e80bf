// The page's modules without a browser: those that need neither React nor the library's worker.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./project.js";

const web = join(root, "web");

/** Bundles these files of `src/`, and imports them: an object by their names. */
export async function modules(names) {
  // Of Vite, which has the version.
  const rolldown = createRequire(createRequire(join(web, "package.json")).resolve("vite/package.json")).resolve("rolldown");
  const { rolldown: bundle } = await import(pathToFileURL(rolldown).href);
  // Inside of the folder, so that packages are found.
  const folder = mkdtempSync(join(web, "node_modules/.modules-"));
  try {
    const entry = join(folder, "entry.ts");
    writeFileSync(entry, names.map((name) => `export * as ${name.split("/").pop()} from ${JSON.stringify(join(web, "src", name))};`).join("\n"));
    const file = join(folder, "modules.mjs");
    await (await bundle({ input: entry, platform: "node", logLevel: "silent" })).write({ file, format: "esm", codeSplitting: false });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A browser's store of texts. */
export function storage() {
  const texts = new Map();
  return {
    get length() {
      return texts.size;
    },
    key: (i) => [...texts.keys()][i] ?? null,
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, value) => texts.set(key, String(value)),
    removeItem: (key) => texts.delete(key),
    clear: () => texts.clear(),
  };
}
