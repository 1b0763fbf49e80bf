// node make.js FOLDER: a key, a proof and its public inputs, as snarkjs makes them of a circuit of two constraints
//
//   a * b = product, a * a = square         product = -21 and square = 9 are public, a = 3 and b = -7 are not
//
// The circuit and its witness are written here, so that no compiler of circuits is needed. snarkjs adds randomness of
// its own: each time it is another key and another proof.
const fs = require("fs");
const path = require("path");
const { spawnSync } = require("child_process");

const folder = path.resolve(process.argv[2] ?? __dirname);
const cli = path.join(__dirname, "../node_modules/snarkjs/build/cli.cjs");
const prime = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

const u32 = (x) => Buffer.from(Uint32Array.of(x).buffer);
const u64 = (x) => Buffer.from(BigUint64Array.of(BigInt(x)).buffer);
const element = (x) => Buffer.from((((x % prime) + prime) % prime).toString(16).padStart(64, "0"), "hex").reverse();
const primeBytes = Buffer.from(prime.toString(16).padStart(64, "0"), "hex").reverse();
const file = (magic, version, sections) =>
  Buffer.concat([
    Buffer.from(magic),
    u32(version),
    u32(sections.length),
    ...sections.flatMap((parts, i) => {
      const content = Buffer.concat(parts);
      return [u32(i + 1), u64(content.length), content];
    }),
  ]);

// Wires: one, product, square, a, b.
const constraints = [
  [3, 4, 1],
  [3, 3, 2],
];
const wire = (w) => Buffer.concat([u32(1), u32(w), element(1n)]);
const r1cs = file("r1cs", 1, [
  [u32(32), primeBytes, u32(5), u32(2), u32(0), u32(2), u64(5), u32(constraints.length)],
  constraints.flat().map(wire),
  [0, 1, 2, 3, 4].map(u64),
]);
const witness = file("wtns", 2, [
  [u32(32), primeBytes, u32(5)],
  [1n, -21n, 9n, 3n, -7n].map(element),
]);

const work = fs.mkdtempSync(path.join(require("os").tmpdir(), "zkml-snarkjs-"));
const run = (...args) => {
  const result = spawnSync(process.execPath, [cli, ...args], { cwd: work, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`snarkjs ${args.join(" ")}: ${result.stdout}${result.stderr}`);
};
try {
  fs.writeFileSync(path.join(work, "circuit.r1cs"), r1cs);
  fs.writeFileSync(path.join(work, "witness.wtns"), witness);
  run("powersoftau", "new", "bn128", "3", "first.ptau");
  run("powersoftau", "contribute", "first.ptau", "second.ptau", "--name=one", "-e=a test");
  run("powersoftau", "prepare", "phase2", "second.ptau", "final.ptau");
  run("groth16", "setup", "circuit.r1cs", "final.ptau", "first.zkey");
  run("zkey", "contribute", "first.zkey", "final.zkey", "--name=one", "-e=a test");
  run("zkey", "export", "verificationkey", "final.zkey", "verification_key.json");
  run("groth16", "prove", "final.zkey", "witness.wtns", "proof.json", "public.json");
  run("groth16", "verify", "verification_key.json", "public.json", "proof.json");
  for (const name of ["verification_key.json", "proof.json", "public.json"]) {
    fs.copyFileSync(path.join(work, name), path.join(folder, name));
  }
} finally {
  fs.rmSync(work, { recursive: true });
}
