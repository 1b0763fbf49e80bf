// The library, in a worker: it proves and verifies while the page answers. Keys and weights are here, and in no message but the answers below.
import init, {
  Blocks,
  BountyHost,
  BountyHunter,
  BountyKey,
  type BountyOffer,
  BountyPackage,
  type BountyPlace,
  type Hex,
  type Part,
  cidOf,
} from "../../wasm/zkml.js";
import library from "../../wasm/zkml_bg.wasm?url";

/** Made once the library is there. */
let blocks: Blocks;
const packages = new Map<string, BountyPackage>();
const hosts = new Map<string, BountyHost>();
const hunters = new Map<string, BountyHunter>();
/** The keys are large: one at a time. */
let key: { name: string; key: BountyKey } | undefined;

function of<T>(map: Map<string, T>, name: string, what: string): T {
  const found = map.get(name);
  if (!found) throw new Error(`there is no ${what} ${name} in this page yet; open it first`);
  return found;
}

const packageOf = (cid: string) => of(packages, cid, "package");

export const methods = {
  insert: (cid: string, bytes: Uint8Array, place: string) => blocks.insert(cid, bytes, place),
  has: (cid: string) => blocks.has(cid),
  remove: (cid: string) => blocks.remove(cid),
  content: (cid: string) => blocks.content(cid),
  wanted: (manifest: string, part?: Part) => blocks.wanted(manifest, part),
  cidOf: (bytes: Uint8Array, dagPb: boolean) => cidOf(bytes, dagPb),
  rebuild: (cid: string) => {
    const found = packages.get(cid) ?? BountyPackage.rebuild(blocks, cid);
    packages.set(cid, found);
    return found.summary;
  },
  verifySetup: (cid: string, terms: Hex, development: boolean) => packageOf(cid).verifySetup(terms, development),
  check: (cid: string, terms: Hex, place: BountyPlace, sender: Hex, commitment: Hex | null, call: Hex) =>
    packageOf(cid).check(terms, place, sender, commitment ?? undefined, call),
  root: (cid: string, salt: Hex, files: Uint8Array[], labels: number[]) => packageOf(cid).root(salt, files, Uint32Array.from(labels)),
  named: (cid: string, items: Hex[]) => packageOf(cid).named(items),
  hasKey: (cid: string, part: Part) => key?.name === `${cid} ${part}`,
  loadKey: (cid: string, part: Part) => {
    key?.key.free();
    key = undefined;
    key = { name: `${cid} ${part}`, key: BountyKey.load(packageOf(cid), blocks, part) };
    for (const block of blocks.wanted(cid, part)) blocks.remove(block);
  },
  hostSecrets: () => BountyHost.newSecrets(),
  hostOpen: (name: string, secrets: string) => {
    hosts.get(name)?.free();
    hosts.set(name, new BountyHost(secrets));
  },
  hostIsOpen: (name: string) => hosts.has(name),
  hostKey: (name: string) => of(hosts, name, "host").publicKey,
  hostTake: (name: string, cid: string, files: Uint8Array[], labels: number[]) =>
    of(hosts, name, "host").take(packageOf(cid), files, Uint32Array.from(labels)),
  hostTerms: (name: string, cid: string, offer: BountyOffer, account: Hex) => of(hosts, name, "host").terms(packageOf(cid), offer, account),
  hostShow: (name: string, cid: string, terms: Hex, place: BountyPlace, index: number) =>
    of(hosts, name, "host").show(packageOf(cid), keyOf(cid, "data"), terms, place, index),
  hostReceive: (name: string, cid: string, parts: { ephemeral: [Hex, Hex]; ct: Hex[] }[], commitment: Hex) =>
    of(hosts, name, "host").receive(packageOf(cid), parts, commitment),
  hostClose: (name: string) => {
    hosts.get(name)?.free();
    hosts.delete(name);
  },
  /** Forgets all that is secret. */
  close: () => {
    for (const map of [hosts, hunters]) {
      for (const opened of map.values()) opened.free();
      map.clear();
    }
  },
  hunterSecrets: (terms: Hex) => BountyHunter.newSecrets(terms),
  hunterOpen: (name: string, secrets: string, cid: string, terms: Hex, model: Uint8Array, divide: number) => {
    const hunter = new BountyHunter(secrets, packageOf(cid), terms, model, divide);
    hunters.get(name)?.free();
    hunters.set(name, hunter);
    return hunter.commitment;
  },
  hunterIsOpen: (name: string) => hunters.has(name),
  hunterTake: (name: string, cid: string, terms: Hex, salt: Hex, files: Uint8Array[], labels: number[]) =>
    of(hunters, name, "hunter").take(packageOf(cid), terms, salt, files, Uint32Array.from(labels)),
  hunterScore: (name: string) => of(hunters, name, "hunter").score(),
  hunterProve: (name: string, cid: string, terms: Hex, place: BountyPlace, account: Hex, part: "accuracy" | "delivery", index: number) =>
    of(hunters, name, "hunter").prove(packageOf(cid), terms, place, account, index, keyOf(cid, part)),
  hunterProven: (
    name: string,
    cid: string,
    terms: Hex,
    place: BountyPlace,
    account: Hex,
    part: "accuracy" | "delivery",
    index: number,
    file: Uint8Array,
  ) => of(hunters, name, "hunter").proven(packageOf(cid), terms, place, account, part, index, file),
};

function keyOf(cid: string, part: Part): BountyKey {
  if (key?.name !== `${cid} ${part}`) throw new Error(`the key of ${part} is not loaded; fetch it first`);
  return key.key;
}

export type Methods = typeof methods;
export type Asked = { id: number; method: keyof Methods; args: unknown[] };
export type Answered = { id: number } & ({ value: unknown } | { error: { name: string; message: string; kind: string } });

const ready = init({ module_or_path: library }).then(() => {
  blocks = new Blocks();
});
// Who asks is told.
ready.catch(() => undefined);

self.onmessage = async (event: MessageEvent<Asked>) => {
  const { id, method, args } = event.data;
  let answer: Answered;
  try {
    await ready;
    const value = (methods[method] as (...args: unknown[]) => unknown)(...args);
    answer = { id, value };
  } catch (error) {
    const { name, message, kind } = error as { name: string; message: string; kind?: string };
    answer = { id, error: { name, message, kind: kind ?? "" } };
  }
  self.postMessage(answer);
};
