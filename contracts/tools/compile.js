// node tools/compile.js NAME INPUTS KEY_HASH KEY [TEMPLATE [WEIGHTS_X WEIGHTS_Y]]: the bytecode of the verifier that the template
// becomes for this key, as a generator writes it: the libraries and then the template, in one file. KEY is hex with or without 0x.
// TEMPLATE is Verifier, which is that of Groth16, TwoPhase or Registered.
const fs = require("fs");
const path = require("path");
const solc = require("solc");

const [name, inputs, keyHash, key, kind = "Verifier", weightsX, weightsY] = process.argv.slice(2);
const folder = path.join(__dirname, "../../zkml-core/src/evm/solidity");
const read = (file) => fs.readFileSync(path.join(folder, file), "utf8");
const fields = { name, inputs, keyHash, key: key.replace(/^0x/, ""), weightsX, weightsY };
const phases = read("TwoPhase.sol").replace(/^[^]*import [^\n]*\n/, "");
const libraries = read("Groth16.sol") + (kind === "Verifier" ? "" : phases);
const template = read(`${kind}.sol.template`).replace(/\{\{(\w+)\}\}/g, (whole, field) => {
  if (!(field in fields)) throw new Error(`compile.js: found the placeholder ${whole}, expected one of ${Object.keys(fields)}`);
  return fields[field];
});
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: { "Verifier.sol": { content: libraries + template } },
      settings: {
        evmVersion: "cancun",
        optimizer: { enabled: true, runs: 200 },
        metadata: { bytecodeHash: "none", appendCBOR: false },
        outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
      },
    }),
  ),
);
if (output.errors?.length) {
  process.stderr.write(output.errors.map((e) => e.formattedMessage).join("\n"));
  process.exit(1);
}
process.stdout.write("0x" + output.contracts["Verifier.sol"][name].evm.bytecode.object);
