// Key files: secrets encrypted with a passphrase by the browser's own cryptography (PBKDF2 with SHA-256, AES-256 in GCM).

export type KeyFile = {
  kind: "zkml bounty key 1";
  role: "host" | "hunter";
  chain: number;
  bounty: string;
  account: string;
  iterations: number;
  salt: string;
  iv: string;
  ciphertext: string;
};

export class KeyFileError extends Error {}

const ITERATIONS = 600_000;
const KIND = "zkml bounty key 1";

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const unbase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** One passphrase, however a keyboard composes its letters. */
async function derive(passphrase: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase.normalize("NFKC")), "PBKDF2", false, ["deriveKey"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(algorithm, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

type Head = Pick<KeyFile, "role" | "chain" | "bounty" | "account">;

/** What is authenticated beside the secrets: whose they are. */
const bound = ({ role, chain, bounty, account }: Head) =>
  new TextEncoder().encode([KIND, role, chain, bounty.toLowerCase(), account.toLowerCase()].join("\n"));

export async function lock(head: Head, secrets: string, passphrase: string): Promise<KeyFile> {
  if (passphrase.length < 8) throw new KeyFileError(`the passphrase has ${passphrase.length} characters, expected at least 8`);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await derive(passphrase, salt, ITERATIONS);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound(head) }, key, new TextEncoder().encode(secrets));
  const { role, chain, bounty, account } = head;
  return { kind: KIND, role, chain, bounty, account, iterations: ITERATIONS, salt: base64(salt), iv: base64(iv), ciphertext: base64(new Uint8Array(sealed)) };
}

export function parseKeyFile(text: string): KeyFile {
  try {
    const file = JSON.parse(text) as KeyFile;
    const texts = [file.role, file.bounty, file.account, file.salt, file.iv, file.ciphertext];
    if (file.kind === KIND && texts.every((text) => typeof text === "string") && file.iterations >= 1 && file.iterations <= 10_000_000) return file;
  } catch {
    // The error below says it.
  }
  throw new KeyFileError("it is no key file of a bounty, or not all of one; choose the one that was saved here");
}

export async function unlock(file: KeyFile, passphrase: string): Promise<string> {
  try {
    const key = await derive(passphrase, unbase64(file.salt), file.iterations);
    const algorithm = { name: "AES-GCM", iv: unbase64(file.iv), additionalData: bound(file) };
    return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, unbase64(file.ciphertext)));
  } catch {
    throw new KeyFileError("the key file does not open; is the passphrase right, and the file whole?");
  }
}

const place = (head: Head) => `zkml:key:${head.role}:${head.chain}:${head.bounty.toLowerCase()}:${head.account.toLowerCase()}`;

/** That a file is of this bounty, role, chain and account. */
export function requireHead(file: KeyFile, head: Head): void {
  const { role, chain, bounty, account } = file;
  const same = role === head.role && chain === head.chain && `${bounty}`.toLowerCase() === head.bounty.toLowerCase() && `${account}`.toLowerCase() === head.account.toLowerCase();
  if (!same)
    throw new KeyFileError(
      `the key file is of the ${role} ${account} of bounty ${bounty} on chain ${chain}, expected the ${head.role} ${head.account} of ${head.bounty} on chain ${head.chain}; choose another file`,
    );
}

/** Keeps the encrypted file in this browser, so that a reload needs the passphrase alone. One that is kept stays, unless `genuine` says that this one's key is
 * the one that the chain has. */
export function keep(file: KeyFile, genuine: boolean): void {
  if (genuine || kept(file) === null) localStorage.setItem(place(file), JSON.stringify(file));
}

/** The file that is kept; nothing, if there is none, or it is damaged. */
export function kept(head: Head): KeyFile | null {
  try {
    return parseKeyFile(localStorage.getItem(place(head)) ?? "");
  } catch {
    return null;
  }
}
