// A store of files by CID, in memory, that answers as a gateway and takes files as Kubo's RPC does. It believes the name that a file comes with: whoever
// reads from it compares what comes with the CID, as from any gateway.
import { createServer } from "node:http";
import { basename } from "node:path";
import { readFileSync } from "node:fs";

const MAX = 300_000;

export async function store(paths, port = 0) {
  const files = new Map(paths.map((path) => [basename(path), readFileSync(path)]));
  const server = createServer(async (request, response) => {
    const end = (status, body, type = "application/octet-stream") =>
      response.writeHead(status, { "Content-Type": type, "Access-Control-Allow-Origin": "*" }).end(body);
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "GET" && pathname.startsWith("/ipfs/")) {
      const found = files.get(pathname.slice("/ipfs/".length));
      return found ? end(200, found) : end(404, "not found");
    }
    if (request.method === "POST" && pathname === "/api/v0/add") {
      try {
        const chunks = [];
        let length = 0;
        for await (const chunk of request) {
          length += chunk.length;
          if (length > MAX) return end(413, "too large");
          chunks.push(chunk);
        }
        const form = await new Response(Buffer.concat(chunks), { headers: { "content-type": request.headers["content-type"] } }).formData();
        const file = form.get("file");
        files.set(file.name, Buffer.from(await file.arrayBuffer()));
        return end(200, `${JSON.stringify({ Name: file.name, Hash: file.name })}\n`, "application/json");
      } catch {
        return end(400, "expected a form with a file");
      }
    }
    return end(404, "no such path");
  });
  await new Promise((done, failed) => server.once("error", failed).listen(port, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, server };
}
