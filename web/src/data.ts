// The host's files with their labels, and how they are kept until they are shown.
import * as kept from "./kept";

/** Files with labels, in their order. */
export type Data = { files: Uint8Array[]; labels: number[] };

/** The length of a head, the head, and the files after it. */
export function toBytes({ files, labels }: Data): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(JSON.stringify({ lengths: files.map((file) => file.length), labels }));
  const bytes = new Uint8Array(4 + head.length + files.reduce((sum, file) => sum + file.length, 0));
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, 4);
  let at = 4 + head.length;
  for (const file of files) {
    bytes.set(file, at);
    at += file.length;
  }
  return bytes;
}

export function fromBytes(bytes: Uint8Array): Data {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const { lengths, labels } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size))) as { lengths: number[]; labels: number[] };
  let at = 4 + size;
  const files = lengths.map((length) => bytes.slice(at, (at += length)));
  return { files, labels };
}

const name = (chain: number, bounty: string) => `data:${chain}:${bounty}`.toLowerCase();

export const keepData = (box: CryptoKey, chain: number, bounty: string, data: Data): Promise<void> => kept.save(box, name(chain, bounty), toBytes(data));

export async function keptData(box: CryptoKey, chain: number, bounty: string): Promise<Data | undefined> {
  const bytes = await kept.load(box, name(chain, bounty));
  return bytes && fromBytes(bytes);
}
