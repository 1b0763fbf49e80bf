// Events of contracts, asked for in pieces that public nodes answer, and no piece twice while the chain that they are of stands.
import type { Hex, PublicClient } from "viem";

/** Blocks that a public node looks through at once. */
const PIECE = 10_000n;

/** Events up to a block, and that block's hash: blocks after one of this hash add to them, and others replace them. */
type Known = { number: bigint; hash: Hex; found: readonly unknown[] };

/** What each client has answered, until the page is left. */
const known = new WeakMap<PublicClient, Map<string, Known>>();

/**
 * All events since a block. `name` says which they are, among all that the client is asked for; `ask` asks for those of a few blocks. Whoever polls is
 * told of new blocks alone.
 */
export async function events<T>(client: PublicClient, name: string, since: bigint, ask: (fromBlock: bigint, toBlock: bigint) => Promise<T[]>): Promise<T[]> {
  const all = known.get(client) ?? new Map<string, Known>();
  known.set(client, all);
  const { number, hash } = await client.getBlock();
  const before = all.get(name);
  const stands = before !== undefined && (before.hash === hash || (await hashOf(client, before.number)) === before.hash);
  const found = stands ? [...(before.found as readonly T[])] : [];
  // Of several nodes behind one address, one may be behind: what is known goes further.
  if (stands && number <= before.number) return found;
  for (let from = stands ? before.number + 1n : since; from <= number; from += PIECE) {
    const to = from + PIECE - 1n;
    found.push(...(await ask(from, to < number ? to : number)));
  }
  // Blocks that were taken back meanwhile may have answered: then nothing is kept of it.
  if ((await hashOf(client, number)) === hash) all.set(name, { number, hash, found });
  return found;
}

/** The hash of a block; none, where the node has no such block. */
async function hashOf(client: PublicClient, blockNumber: bigint): Promise<Hex | null> {
  try {
    return (await client.getBlock({ blockNumber })).hash;
  } catch (error) {
    if (error instanceof Error && error.name === "BlockNotFoundError") return null;
    throw error;
  }
}
