// A node between the page and the chain, that remembers what it was asked, and can lie.
import { createServer } from "node:http";

export async function node(rpc) {
  /** What becomes of an answer: nothing, or a lie. */
  const door = { lie: null, asked: [] };
  const server = createServer(async (request, response) => {
    const headers = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*", "Content-Type": "application/json" };
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      if (request.method === "OPTIONS") return response.writeHead(204, headers).end();
      const body = Buffer.concat(chunks).toString("utf8");
      door.asked.push(body);
      let answer = await (await fetch(rpc, { method: "POST", headers: { "Content-Type": "application/json" }, body })).json();
      if (door.lie) answer = door.lie(JSON.parse(body), answer);
      response.writeHead(200, headers).end(JSON.stringify(answer));
    } catch {
      response.writeHead(502, headers).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    door,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
