// node tools/compile.js NAME INPUTS KEY_HASH KEY: the bytecode of the verifier that the template becomes for this key, as a
// generator writes it: the library and then the template, in one file. KEY is hex with or without 0x.
const fs = require("fs");
const path = require("path");
const solc = require("solc");

const [name, inputs, keyHash, key] = process.argv.slice(2);
const folder = path.join(__dirname, "../../zkml-core/src/evm/solidity");
const read = (file) => fs.readFileSync(path.join(folder, file), "utf8");
const fields = { name, inputs, keyHash, key: key.replace(/^0x/, "") };
const template = read("Verifier.sol.template").replace(/\{\{(\w+)\}\}/g, (whole, field) => {
  if (!(field in fields)) throw new Error(`compile.js: found the placeholder ${whole}, expected one of ${Object.keys(fields)}`);
  return fields[field];
});
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: { "Verifier.sol": { content: read("Groth16.sol") + template } },
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
