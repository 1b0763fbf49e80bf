// Content by CID, over a gateway that is not trusted: each answer is compared with its CID by the library, in the worker.
import { engine } from "./engine";

/** A block, and what is around it. */
const MAX_BLOCK = 256 * 1024 + 64;

export class GatewayError extends Error {}

export type Progress = (done: number, of: number, what: string) => void;

async function body(answer: Response, cid: string, gateway: string): Promise<Uint8Array> {
  const reader = answer.body?.getReader();
  if (!reader) throw new GatewayError(`${gateway} answered nothing for ${cid}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_BLOCK) {
      await reader.cancel();
      throw new GatewayError(`${gateway} answered more than ${MAX_BLOCK} bytes for ${cid}, expected one block; use another gateway`);
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Fetches a block into the library, which refuses other bytes than the CID's. */
export async function fetchBlock(gateway: string, cid: string): Promise<void> {
  if (await engine.has(cid)) return;
  let answer: Response;
  try {
    answer = await fetch(`${gateway}/ipfs/${cid}?format=raw`, {
      headers: { Accept: "application/vnd.ipld.raw" },
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(60_000),
    });
  } catch (error) {
    const why = (error as Error).name === "TimeoutError" ? "no answer within 60 s" : (error as Error).message;
    throw new GatewayError(`${gateway}: ${why}; is its address right, and does it run?`, { cause: error });
  }
  if ([404, 410, 412, 504].includes(answer.status))
    throw new GatewayError(`${gateway} does not find ${cid}; ask whoever published it to provide it, or use another gateway`);
  if (!answer.ok) throw new GatewayError(`${gateway} answered status ${answer.status} for ${cid}; use another gateway`);
  await engine.insert(cid, await body(answer, cid, gateway), gateway);
}

/** Fetches blocks, four at a time. */
export async function fetchAll(gateway: string, cids: string[], what: string, progress?: Progress): Promise<void> {
  let next = 0;
  let done = 0;
  progress?.(0, cids.length, what);
  const work = async () => {
    while (next < cids.length) {
      const cid = cids[next++];
      if (cid === undefined) return;
      try {
        await fetchBlock(gateway, cid);
      } catch (error) {
        // The others stop, too.
        next = cids.length;
        throw error;
      }
      progress?.(++done, cids.length, what);
    }
  };
  await Promise.all([work(), work(), work(), work()]);
}

/** Puts a file of one block to a node of one's own, which must name it as the library does. */
export async function put(api: string, bytes: Uint8Array, dagPb: boolean): Promise<string> {
  const cid = await engine.cidOf(bytes, dagPb);
  const form = new FormData();
  form.set("file", new Blob([bytes.slice()]), cid);
  let answer: Response;
  try {
    answer = await fetch(`${api}/api/v0/add?cid-version=1&raw-leaves=${!dagPb}&chunker=size-262144&hash=sha2-256&pin=true`, {
      method: "POST",
      body: form,
      credentials: "omit",
      redirect: "error",
    });
  } catch (error) {
    throw new GatewayError(`${api}: ${(error as Error).message}; is its address right, and does it let this page in?`, { cause: error });
  }
  if (!answer.ok) throw new GatewayError(`${api} answered status ${answer.status} when ${cid} was put; see its log`);
  const line = (await answer.text()).trim().split("\n").pop() ?? "";
  let found: unknown;
  try {
    found = (JSON.parse(line) as { Hash?: unknown }).Hash;
  } catch {
    found = undefined;
  }
  if (found !== cid) throw new GatewayError(`${api} stored the file as ${String(found)}, expected ${cid}; it must be a Kubo node`);
  return cid;
}
