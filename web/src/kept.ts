// What this browser keeps beside keys, in its database: the host's files until they are shown, and calls that took long to make. None of it is secret to the
// owner of the browser; clearing the site's data removes it.

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

export const save = (key: string, value: unknown): Promise<unknown> => run("readwrite", (store) => store.put(value, key));
export const load = <T>(key: string): Promise<T | undefined> => run("readonly", (store) => store.get(key) as IDBRequest<T | undefined>);
