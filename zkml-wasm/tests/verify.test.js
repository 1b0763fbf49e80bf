// Keys and proofs that the command made are verified here, and nothing else is.
import assert from "node:assert/strict";
import { test } from "node:test";
import init, { ArgumentError, FileError, VerifyError, VerifyingKey, ZkmlError, fileKind } from "zkml-dsl";
import { cases, files, folder, proven, random, run, sealed, withPayload } from "./fixtures.js";

await init();

/** The error of a function: one of ours, never a trap. */
function refused(f, what) {
  try {
    f();
  } catch (error) {
    assert.ok(error instanceof ZkmlError, `${what}: ${error.stack}`);
    assert.ok(error.message && error.kind, what);
    return error;
  }
  assert.fail(`${what} was accepted`);
}

for (const [name, seen] of Object.entries(cases)) {
  test(`${name}: a proof of the command is valid, and says what it says there`, () => {
    const { verifyingKey, proof } = files(name);
    const key = VerifyingKey.fromBytes(verifyingKey);
    const { said } = run(folder(name), "verify");
    assert.equal(key.systemName, seen.system.replace("-", "_"));
    assert.equal(key.digest, said.digest);
    assert.equal(key.fingerprint, said.fingerprint);
    assert.equal(key.provenError, said.proven_error);
    assert.deepEqual(key.provenance, { kind: "single_party" });
    const statement = key.verify(proof);
    const values = statement.values.map(({ integers, ...value }) => value);
    assert.deepEqual(values, said.proofs[0].statement);
    assert.equal(statement.values.find((value) => value.name === "output").class, proven.label);
    // What it says is what may be expected.
    assert.deepEqual(key.verify(proof, statement.values), statement);
  });
}

test("a public input is shown, as numbers and as the integers that are proven", () => {
  const { verifyingKey, proof } = files("two-phase");
  const input = VerifyingKey.fromBytes(verifyingKey).verify(proof).values.find((value) => value.name === "input");
  assert.deepEqual(input.shape, [1, 8, 8]);
  assert.deepEqual(input.values, proven.pixels);
  assert.deepEqual(input.integers.map(Number).map((q) => q / 2 ** input.scale), input.values);
});

test("a valid proof that says something else than expected is refused", () => {
  const { verifyingKey, proof } = files("groth16");
  const key = VerifyingKey.fromBytes(verifyingKey);
  key.verify(proof, [{ name: "output", class: proven.label }]);
  const wrong = refused(() => key.verify(proof, [{ name: "output", class: 9 }]), "another class");
  assert.ok(wrong instanceof VerifyError);
  assert.equal(wrong.kind, "Differs");
  assert.match(wrong.message, /`class` of output\[0\] is 7, expected 9/);
  const absent = refused(() => key.verify(proof, [{ name: "weights", kind: "commitment" }]), "weights");
  assert.equal(absent.kind, "Absent");
  for (const nothing of [[], [{ name: "output" }], [{ name: "output", clas: 0 }], [3], [{ class: 0 }]]) {
    const error = refused(() => key.verify(proof, nothing), JSON.stringify(nothing));
    assert.ok(error instanceof ArgumentError);
  }
  const cyclic = [];
  cyclic.push(cyclic);
  assert.ok(refused(() => key.verify(proof, cyclic), "cyclic") instanceof ArgumentError);
});

test("the key of another circuit, or of another system, is refused", () => {
  const [one, other, two] = ["groth16", "groth16-private", "two-phase"].map(files);
  const key = VerifyingKey.fromBytes(other.verifyingKey);
  const wrong = refused(() => key.verify(one.proof), "another circuit");
  assert.ok(wrong instanceof VerifyError);
  assert.equal(wrong.kind, "Digest");
  // That digest is a label: what refuses is the key.
  const relabelled = new Uint8Array(one.proof);
  relabelled.set(other.proof.slice(7, 39), 7);
  assert.equal(refused(() => key.verify(sealed(relabelled)), "relabelled").kind, "Invalid");
  const system = refused(() => key.verify(two.proof), "another system");
  assert.ok(system instanceof FileError);
  assert.equal(system.kind, "Kind");
});

test("another answer than the one that was proven is refused", () => {
  const { verifyingKey, proof } = files("groth16");
  const key = VerifyingKey.fromBytes(verifyingKey);
  const answer = (class_) => {
    const changed = new Uint8Array(proof);
    changed[proof.length - 64] = class_;
    return sealed(changed);
  };
  assert.equal(key.verify(answer(proven.label)).values[0].class, proven.label);
  for (let other = 0; other < 10; other++) {
    if (other === proven.label) continue;
    assert.equal(refused(() => key.verify(answer(other)), `class ${other}`).kind, "Invalid");
  }
  assert.equal(refused(() => key.verify(answer(10)), "class 10").kind, "Class");
});

test("a ceremony's key says so", () => {
  const { verifyingKey, proof } = files("groth16");
  const transcript = Buffer.alloc(32, 0xab);
  const ceremony = withPayload(verifyingKey, (payload) => Buffer.concat([Buffer.of(1), transcript, payload.subarray(1)]));
  const key = VerifyingKey.fromBytes(ceremony);
  assert.deepEqual(key.provenance, { kind: "ceremony", transcript: transcript.toString("hex") });
  assert.notEqual(key.fingerprint, VerifyingKey.fromBytes(verifyingKey).fingerprint);
  key.verify(proof);
});

test("files say what they hold", () => {
  for (const name of ["groth16", "two-phase"]) {
    const { circuit, provingKey, verifyingKey, proof } = files(name);
    const kinds = [circuit, provingKey, verifyingKey, proof].map(fileKind);
    assert.deepEqual(kinds, ["circuit", "proving_key", "verifying_key", "proof"]);
  }
  assert.equal(fileKind(Buffer.from("zkml\x12")), "other");
  for (const none of ["", "zkml", "zkml\xff", "not ours"]) assert.equal(fileKind(Buffer.from(none, "latin1")), undefined);
});

for (const name of ["groth16", "two-phase"]) {
  test(`${name}: whatever is changed in key or proof, it is an error and no trap`, () => {
    const { verifyingKey, proof, circuit, provingKey } = files(name);
    const key = VerifyingKey.fromBytes(verifyingKey);
    const pick = random(7);
    const verify = {
      key: [verifyingKey, (bytes) => {
        const changed = VerifyingKey.fromBytes(bytes);
        // A number has several spellings: what is read is the same key.
        if (changed.fingerprint === key.fingerprint) throw new FileError("the same key", "Same");
        changed.verify(proof);
      }],
      proof: [proof, (bytes) => key.verify(bytes)],
    };
    const kinds = new Set();
    for (const [what, [file, check]] of Object.entries(verify)) {
      for (let n = 0; n < 120; n++) {
        const changed = new Uint8Array(file);
        const [at, bit] = [pick(file.length), pick(8)];
        changed[at] ^= 1 << bit;
        kinds.add(refused(() => check(changed), `${what}, byte ${at}, bit ${bit}`).kind);
        // As a forger would: with the checksum that belongs to it.
        if (at < file.length - 32) {
          kinds.add(refused(() => check(sealed(changed)), `${what}, byte ${at}, bit ${bit}, sealed`).kind);
        }
      }
      for (let n = 0; n < 40; n++) {
        const noise = new Uint8Array(file);
        const [from, length] = [47 + pick(file.length - 80), 1 + pick(64)];
        for (let i = from; i < Math.min(from + length, file.length - 32); i++) noise[i] ^= 1 + pick(255);
        kinds.add(refused(() => check(sealed(noise)), `${what}, noise of ${length} at ${from}`).kind);
        const cut = file.slice(0, pick(file.length));
        kinds.add(refused(() => check(cut), `${what}, ${cut.length} bytes`).kind);
        const shorter = withPayload(file, (payload) => payload.subarray(0, pick(payload.length)));
        kinds.add(refused(() => check(shorter), `${what}, a shorter payload`).kind);
      }
      for (const other of [circuit, provingKey, verifyingKey, proof].filter((other) => other !== file)) {
        assert.ok(refused(() => check(other), `${what}, another file`) instanceof FileError);
      }
      refused(() => check(new Uint8Array()), `${what}, nothing`);
      const endless = new Uint8Array(file);
      endless.fill(0xff, 39, 47);
      assert.equal(refused(() => check(endless), `${what}, a length of 2^64`).kind, "Truncated");
    }
    // Not all of them fail at the door.
    for (const kind of ["Checksum", "Invalid", "Digest", "Point", "Truncated"]) assert.ok(kinds.has(kind), kind);
    key.verify(proof);
  });
}
