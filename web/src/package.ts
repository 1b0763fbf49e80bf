// The package of a bounty: fetched block by block, and rebuilt in the worker.
import type { Hex, PackageSummary, Part } from "../wasm/zkml.js";
import { engine } from "./engine";
import { type Progress, fetchAll, fetchBlock } from "./ipfs";
import type { Config } from "./config";
import type { Bounty } from "./chain/bounty";

export type { PackageSummary, Part };

/** Whether one of its keys is of a single party, by its own word. */
export const ofSingleParty = (pack: PackageSummary): boolean => pack.statements.some((statement) => statement.ceremony === null);

/** The constraints of a statement's circuit. */
export const constraintsOf = (pack: PackageSummary, part: Part): number => pack.statements.find((statement) => statement.part === part)?.constraints ?? 0;

export const CID = /^(bafkrei[a-z2-7]{52}|bafybei[a-z2-7]{52}|Qm[1-9A-HJ-NP-Za-km-z]{44})$/;

export async function rebuild(gateway: string, cid: string, progress?: Progress): Promise<PackageSummary> {
  if (!CID.test(cid)) throw new Error(`found ${JSON.stringify(cid)}, expected the CID of a package, such as bafkrei..; the host publishes it with the bounty's address`);
  await fetchBlock(gateway, cid);
  await fetchAll(gateway, await engine.wanted(cid), "blocks of the package", progress);
  progress?.(0, 0, "rebuilding the circuits");
  return engine.rebuild(cid);
}

/** Has the proving key of a statement in the worker. */
export async function provingKey(gateway: string, cid: string, part: Part, progress?: Progress): Promise<void> {
  if (await engine.hasKey(cid, part)) return;
  await fetchAll(gateway, await engine.wanted(cid, part), `blocks of the ${part} key`, progress);
  progress?.(0, 0, `checking every point of the ${part} key`);
  await engine.loadKey(cid, part);
}

/** The keys that were had since the page was opened. */
const had = new Set<string>();

/** Has every block of a proving key, and, where a page has the memory, checks every point of it: who has no key can prove nothing, whatever it has paid. */
export async function requireKey(gateway: string, cid: string, part: Part, load: boolean, progress?: Progress): Promise<void> {
  const name = `${cid} ${part}`;
  if (had.has(name)) return;
  if (load) await provingKey(gateway, cid, part, progress);
  else {
    const blocks = await engine.wanted(cid, part);
    for (const [i, block] of blocks.entries()) {
      progress?.(i, blocks.length, `blocks of the ${part} key`);
      await fetchBlock(gateway, block);
      await engine.remove(block);
    }
  }
  had.add(name);
}

/** A folder of blocks, as `zkml bounty package` writes it: what is in it is taken where its name and content fit. */
export async function takeFolder(files: File[], progress?: Progress): Promise<string[]> {
  const named = files.filter((file) => CID.test(file.name));
  if (named.length === 0) throw new Error(`none of ${files.length} files is named by a CID, expected the folder that \`zkml bounty package\` wrote: zkml/bounty/store`);
  const taken: string[] = [];
  for (const file of named) {
    await engine.insert(file.name, new Uint8Array(await file.arrayBuffer()), file.name);
    taken.push(file.name);
    progress?.(taken.length, named.length, "blocks of the folder");
  }
  return taken;
}

const KEY = "zkml:package:";

/** The package that a bounty was seen with, in this browser. */
export const remembered = (bounty: string): string | null => localStorage.getItem(KEY + bounty.toLowerCase());
export const remember = (bounty: string, cid: string): void => localStorage.setItem(KEY + bounty.toLowerCase(), cid);

export const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;

export const placeOf = (config: Config, bounty: Bounty) => ({ chain: config.chain, factory: config.factory, bounty: bounty.address });
