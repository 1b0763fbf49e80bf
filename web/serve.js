// A server of the built page: `node serve.js DIST [PORT]`. It answers this machine alone. Any server of static files will do as well.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** What a policy in the page itself can't say. */
const HEADERS = {
  "Cache-Control": "no-cache",
  "Content-Security-Policy": "frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** A server of files, each with these headers; `find` gives the file of a path, or nothing. */
export function serveFiles(find, headers, port) {
  const server = createServer(async (request, response) => {
    const end = (status, more = {}) => response.writeHead(status, { ...headers, ...more });
    if (request.method !== "GET" && request.method !== "HEAD") return end(405, { Allow: "GET, HEAD" }).end();
    try {
      const path = find(normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname)).replace(/^[/\\]+/, "") || "index.html");
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

/** A server of a folder. */
export function serve(dist, port) {
  return serveFiles((name) => (name.split(sep).includes("..") ? undefined : join(dist, name)), HEADERS, port);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dist, port = "8000"] = process.argv.slice(2);
  if (!dist) {
    console.error("usage: node serve.js DIST [PORT]");
    process.exit(2);
  }
  const server = await serve(resolve(dist), Number(port));
  console.log(`http://127.0.0.1:${server.address().port}/`);
}
