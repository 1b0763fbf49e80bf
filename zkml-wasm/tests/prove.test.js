// Proofs that are made here are accepted by the command, whoever sees what.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  ArgumentError,
  Circuit,
  CircuitError,
  FileError,
  InputError,
  Model,
  ModelError,
  PlanError,
  ProvingKey,
  VerifyingKey,
  ZkmlError,
} from "zkml-dsl";
import { cases, digits, files, folder, model, options, random, run, sealed, withPayload } from "./fixtures.js";

const onnx = new Uint8Array(readFileSync(model));

const provers = new Map();

/** The circuit of a case, with its weights, and its key, which takes long to read. */
function prover(name) {
  if (!provers.has(name)) provers.set(name, read(name));
  return provers.get(name);
}

function read(name) {
  const { circuit, provingKey, plan } = files(name);
  const bare = Circuit.fromBytes(circuit);
  const hidden = cases[name].weights !== "public";
  const ready = hidden ? bare.withWeights(Model.fromOnnx(onnx, options), plan) : bare;
  return { circuit: ready, key: ProvingKey.fromBytes(provingKey) };
}

for (const [name, seen] of Object.entries(cases)) {
  test(`${name}: the command accepts a proof that is made here`, () => {
    const { circuit, key } = prover(name);
    assert.equal(circuit.systemName, seen.system.replace("-", "_"));
    assert.equal(circuit.digest, key.digest);
    assert.equal(circuit.name, "digits");
    assert.deepEqual([...circuit.inputShape], [1, 8, 8]);
    assert.deepEqual(circuit.inputRange, { whole: [0, 16] });
    assert.equal(circuit.batch, 1);
    assert.deepEqual(circuit.visibility, { input: seen.input, weights: seen.weights, output: seen.output });
    assert.deepEqual(key.provenance, { kind: "single_party" });
    for (const { pixels, label } of digits.slice(1, 3)) {
      const { proof, openings } = circuit.prove(key, Float64Array.from(pixels));
      const path = join(folder(name), "wasm.proof");
      writeFileSync(path, proof);
      const { status, said } = run(folder(name), "verify", path);
      assert.equal(status, 0);
      const output = said.proofs[0].statement.find((value) => value.name === "output");
      assert.equal(output.class, label);
      const statement = VerifyingKey.fromBytes(files(name).verifyingKey).verify(proof);
      // The command opens what it commits to.
      const committed = ["weights", "input"].filter((what) => seen[what] === "committed");
      assert.deepEqual(openings.map((opening) => opening.subject), committed);
      for (const { subject, commitment } of openings) {
        assert.equal(statement.values.find((value) => value.name === subject).value, commitment);
      }
      if (committed.length > 0) {
        writeFileSync(join(folder(name), "digit.json"), JSON.stringify({ shape: [1, 8, 8], data: pixels }));
        writeFileSync(join(folder(name), "opening.json"), JSON.stringify(openings));
        const opened = run(folder(name), "open", "opening.json", "digit.json", "--proof", path);
        assert.equal(opened.status, 0);
      }
    }
  });
}

test("two proofs of one input differ, and neither shows a private input", () => {
  const { circuit, key } = prover("groth16");
  const [one, other] = [0, 1].map(() => Buffer.from(circuit.prove(key, digits[0].pixels).proof));
  assert.notDeepEqual(one, other);
  assert.equal(VerifyingKey.fromBytes(files("groth16").verifyingKey).verify(one).values.length, 1);
});

test("commitments to the weights are the same under one salt, and others without", () => {
  const { circuit, key } = prover("two-phase-committed");
  const commitment = (circuit) => {
    const { openings } = circuit.prove(key, digits[0].pixels);
    return openings.find((opening) => opening.subject === "weights");
  };
  const [one, other] = [commitment(circuit), commitment(circuit)];
  assert.notEqual(one.commitment, other.commitment);
  const salted = circuit.withSalt(one.salt);
  assert.deepEqual(commitment(salted), one);
  for (const none of ["", "0x12", `0x${"f".repeat(64)}`]) assert.throws(() => circuit.withSalt(none), ArgumentError);
  assert.throws(() => circuit.withSalt(`0x${"0".repeat(63)}1`), (error) => error.kind === "Salt");
});

test("inputs that are none are errors", () => {
  const { circuit, key } = prover("groth16");
  const inputs = {
    Length: [[], [1, 2], digits[0].pixels.concat(0)],
    Range: [16.5, -1, 17, NaN, Infinity].map((x) => digits[0].pixels.with(3, x)),
  };
  for (const [kind, all] of Object.entries(inputs)) {
    for (const input of all) {
      const thrown = (error) => error instanceof InputError && (kind === "Length" ? error.kind === kind : true);
      assert.throws(() => circuit.prove(key, input), thrown);
    }
  }
  circuit.prove(key, digits[0].pixels);
});

test("weights, keys, models and plans of other circuits are errors", () => {
  const [one, hidden] = ["groth16", "groth16-private"].map(files);
  const bare = Circuit.fromBytes(hidden.circuit);
  const { key } = prover("groth16-private");
  const thrown = (type, kind) => (error) => error instanceof type && error.kind === kind;
  assert.throws(() => bare.prove(key, digits[0].pixels), thrown(CircuitError, "NoWeights"));
  const circuit = Circuit.fromBytes(one.circuit);
  assert.throws(() => circuit.prove(key, digits[0].pixels), CircuitError);
  assert.throws(() => circuit.prove(prover("two-phase").key, digits[0].pixels), thrown(ArgumentError, "System"));
  assert.throws(() => Model.fromOnnx(onnx.slice(0, 900), options), ModelError);
  assert.throws(() => Model.fromOnnx(onnx, { rnage: [0, 1] }), thrown(ArgumentError, "Malformed"));
  assert.throws(() => Model.fromOnnx(onnx, { range: { whole: [0, 1.5] } }), ArgumentError);
  const other = Model.fromOnnx(onnx, { range: { whole: [0, 15] } });
  assert.equal(other.parameters, 2746);
  assert.throws(() => bare.withWeights(other, hidden.plan), (error) => error instanceof PlanError || error instanceof CircuitError);
  const fitting = Model.fromOnnx(onnx, options);
  for (const none of ["", "{}", "[]", hidden.plan.slice(0, 300)]) {
    assert.throws(() => bare.withWeights(fitting, none), thrown(PlanError, "Plan"));
  }
});

test("whatever is changed in a circuit or a proving key, it is an error and no trap", () => {
  const { circuit, provingKey, verifyingKey, proof } = files("two-phase");
  const pick = random(11);
  const refused = (f, what) =>
    assert.throws(f, (error) => error instanceof ZkmlError || assert.fail(`${what}: ${error.stack}`), what);
  const digest = Circuit.fromBytes(circuit).digest;
  // What no constraint is made from, such as where a node was described, is no part of the digest: the circuit is the same.
  const readCircuit = (bytes) => {
    if (Circuit.fromBytes(bytes).digest === digest) throw new CircuitError("the same circuit", "Same");
  };
  for (let n = 0; n < 100; n++) {
    const changed = new Uint8Array(circuit);
    const at = pick(circuit.length - 32);
    changed[at] ^= 1 << pick(8);
    refused(() => readCircuit(changed), `byte ${at}`);
    refused(() => readCircuit(sealed(changed)), `byte ${at}, sealed`);
    refused(() => readCircuit(circuit.slice(0, pick(circuit.length))), "cut");
  }
  // Numbers of the description, which say how large it is.
  for (let n = 0; n < 100; n++) {
    const huge = withPayload(circuit, (payload) => {
      const text = payload.toString();
      const numbers = [...text.matchAll(/\b\d+\b/g)];
      const found = numbers[pick(numbers.length)];
      const other = ["0", "1", "65536", "4294967295", "4294967296", "18446744073709551615", "-1"][pick(7)];
      return Buffer.from(text.slice(0, found.index) + (other === found[0] ? "77" : other) + text.slice(found.index + found[0].length));
    });
    refused(() => readCircuit(huge), "a number");
  }
  const nested = withPayload(circuit, () => Buffer.from("[".repeat(100_000)));
  refused(() => readCircuit(nested), "nested");
  refused(() => readCircuit(withPayload(circuit, () => Buffer.from(`{"graph":${'{"a":'.repeat(127)}1`))), "nested");
  for (const other of [provingKey, verifyingKey, proof]) refused(() => readCircuit(other), "another file");
  for (let n = 0; n < 12; n++) {
    const changed = new Uint8Array(provingKey);
    const at = n < 6 ? pick(400) : pick(provingKey.length - 32);
    changed[at] ^= 1 << pick(8);
    assert.throws(() => ProvingKey.fromBytes(changed), FileError);
    // A digest that is changed is one of another circuit; everything else is no key.
    if (at < 7 || at >= 39) refused(() => ProvingKey.fromBytes(sealed(changed)), `proving key, byte ${at}`);
    refused(() => ProvingKey.fromBytes(withPayload(provingKey, (payload) => payload.subarray(0, pick(payload.length)))), "shorter");
  }
  const { circuit: good, key } = prover("two-phase");
  good.prove(key, digits[0].pixels);
});
