// A server of this page: `node serve.js FILES [PORT]`, where FILES is the folder that `cargo run --example browser` wrote. It answers this machine alone.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

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

/** The file of a path, or nothing. */
function file(path, folders) {
  const name = normalize(decodeURIComponent(path)).replace(/^[/\\]+/, "") || "index.html";
  const [first, ...rest] = name.split(sep);
  if (rest.length === 0) return PAGE.has(first) ? join(here, first) : undefined;
  const folder = Object.hasOwn(folders, first) ? folders[first] : undefined;
  return folder && rest.length === 1 && rest[0] !== ".." ? join(folder, rest[0]) : undefined;
}

/** A server of the page, with the package and the files of a circuit. */
export function serve(files, port, dist = resolve(here, "../../zkml-wasm/dist")) {
  const folders = { zkml: dist, files };
  const server = createServer(async (request, response) => {
    const end = (status, headers = {}) => response.writeHead(status, { ...HEADERS, ...headers });
    if (request.method !== "GET" && request.method !== "HEAD") return end(405, { Allow: "GET, HEAD" }).end();
    try {
      const path = file(new URL(request.url, "http://localhost").pathname, folders);
      const found = path && (await stat(path).catch(() => undefined));
      if (!found?.isFile()) return end(404).end();
      end(200, { "Content-Length": found.size, "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
      if (request.method === "HEAD") return response.end();
      createReadStream(path).on("error", () => response.destroy()).pipe(response);
    } catch {
      // A path that is no path.
      end(400).end();
    }
  });
  return new Promise((listening, failed) => {
    server.once("error", failed).listen(port, "127.0.0.1", () => listening(server));
  });
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
