// Proves and verifies beside the page, so that the page answers meanwhile. A message is answered by its number: any `progress`, then a `result` or an
// `error`.
import init, { Circuit, ProvingKey, VerifyingKey, ZkmlError, fileKind } from "./zkml/index.js";

const ready = init();
let prover;

async function bytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The circuit of the digits and its keys, read once. */
async function read(progress) {
  progress("Fetching the circuit and its keys");
  const [circuit, provingKey, verifyingKey] = await Promise.all(
    ["circuit.zkml", "proving.key", "verifying.key"].map((name) => bytes(`./files/${name}`)),
  );
  progress("Building the constraints");
  const built = Circuit.fromBytes(circuit);
  progress("Checking every point of the proving key");
  const key = ProvingKey.fromBytes(provingKey);
  return { circuit: built, key, verifyingKey };
}

const calls = {
  async prove({ pixels }, progress) {
    prover ??= await read(progress);
    const { circuit, key, verifyingKey } = prover;
    progress(`Proving: ${circuit.constraints.toLocaleString("en")} constraints`);
    const start = performance.now();
    const { proof } = circuit.prove(key, pixels);
    const proving = performance.now() - start;
    progress("Verifying the proof");
    const verified = verify(verifyingKey, proof);
    return { proof, verifyingKey, proving, ...verified };
  },
  async kind({ bytes }) {
    return fileKind(bytes);
  },
  async verify({ key, proof, expected }, progress) {
    progress("Verifying the proof");
    return verify(key, proof, expected);
  },
};

function verify(keyBytes, proof, expected) {
  const key = VerifyingKey.fromBytes(keyBytes);
  const { systemName, digest, fingerprint, provenance, provenError } = key;
  try {
    const start = performance.now();
    const { values } = key.verify(proof, expected);
    return { values, verifying: performance.now() - start, systemName, digest, fingerprint, provenance, provenError };
  } finally {
    key.free();
  }
}

onmessage = async ({ data: { id, call, given } }) => {
  try {
    await ready;
    const result = await calls[call](given, (progress) => postMessage({ id, progress }));
    postMessage({ id, result });
  } catch (error) {
    // What is none of ours has ended the library: the page starts another worker.
    const broken = error instanceof WebAssembly.RuntimeError;
    const refused = error instanceof ZkmlError;
    postMessage({ id, error: { name: error.name, message: error.message, kind: error.kind, refused, broken } });
  }
};
