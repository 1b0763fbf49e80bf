// What this browser keeps beside keys, in its database: the host's files until they are shown, and calls that took long to make. Encrypted for the secrets of
// the key file, as every page of the same origin can read it; clearing the site's data removes it.

const NAME = "zkml";
const STORE = "kept";

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error ?? new Error("the browser's database does not open"));
  });
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((done, failed) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => failed(transaction.error ?? new Error("the browser's database refused; is there room?"));
    });
  } finally {
    database.close();
  }
}

/** The key of what is kept beside these secrets. */
export async function boxOf(secrets: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(secrets), "HKDF", false, ["deriveKey"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode("zkml bounty kept 1") };
  return crypto.subtle.deriveKey(algorithm, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

type Sealed = { iv: Uint8Array<ArrayBuffer>; ciphertext: ArrayBuffer };

/** Keeps bytes under a name, which they can't be moved from. */
export async function save(box: CryptoKey, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) }, box, bytes);
  await run("readwrite", (store) => store.put({ iv, ciphertext } satisfies Sealed, name));
}

/** The bytes that were kept; nothing, if there are none, or others than these secrets'. */
export async function load(box: CryptoKey, name: string): Promise<Uint8Array | undefined> {
  const found = await run("readonly", (store) => store.get(name) as IDBRequest<Sealed | undefined>);
  if (!found) return undefined;
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: found.iv, additionalData: new TextEncoder().encode(name) }, box, found.ciphertext));
  } catch {
    return undefined;
  }
}

export const drop = (name: string): Promise<unknown> => run("readwrite", (store) => store.delete(name));
