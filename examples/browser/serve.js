// A server of this page: `node serve.js FILES [PORT]`, where FILES is the folder that `cargo run --example browser` wrote. It answers this machine alone.
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { serveFiles } from "../../web/serve.js";

const here = dirname(fileURLToPath(import.meta.url));

const HEADERS = {
  "Cache-Control": "no-cache",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; worker-src 'self'; " +
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** What of this folder belongs to the page. */
const PAGE = new Set(["index.html", "style.css", "icon.svg", "main.js", "digit.js", "worker.js"]);

/** The file of a name, or nothing. */
function file(name, folders) {
  const [first, ...rest] = name.split(sep);
  if (rest.length === 0) return PAGE.has(first) ? join(here, first) : undefined;
  const folder = Object.hasOwn(folders, first) ? folders[first] : undefined;
  return folder && rest.length === 1 && rest[0] !== ".." ? join(folder, rest[0]) : undefined;
}

/** A server of the page, with the package and the files of a circuit. */
export function serve(files, port, dist = resolve(here, "../../zkml-wasm/dist")) {
  const folders = { zkml: dist, files };
  return serveFiles((name) => file(name, folders), HEADERS, port);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [files, port = "8000"] = process.argv.slice(2);
  if (!files) {
    console.error("usage: node serve.js FILES [PORT]");
    process.exit(2);
  }
  const server = await serve(resolve(files), Number(port));
  console.log(`http://localhost:${server.address().port}/`);
}
