// node compile.js FILE CONTRACT: the creation code that solc makes of a contract, in hexadecimal. Imports are looked up
// beside the file, `zkml-evm/..` among the library's contracts and `zkml-contracts/..` among those of bounties. A
// warning is an error.
const fs = require("fs");
const path = require("path");
const solc = require("solc");

const [file, contract] = process.argv.slice(2);
if (!contract) {
  process.stderr.write("usage: node compile.js FILE CONTRACT\n");
  process.exit(2);
}
const root = path.join(__dirname, "../..");
const places = { "zkml-evm/": "zkml-core/src/evm/solidity/", "zkml-contracts/": "contracts/src/" };
const find = (name) => {
  const prefix = Object.keys(places).find((prefix) => name.startsWith(prefix));
  const at = prefix ? path.join(root, places[prefix], name.slice(prefix.length)) : path.join(path.dirname(file), name);
  return fs.existsSync(at) ? { contents: fs.readFileSync(at, "utf8") } : { error: `found no ${at}` };
};
const input = {
  language: "Solidity",
  sources: { [path.basename(file)]: { content: fs.readFileSync(file, "utf8") } },
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
if (output.errors?.length) {
  process.stderr.write(output.errors.map((error) => error.formattedMessage).join("\n"));
  process.exit(1);
}
process.stdout.write(output.contracts[path.basename(file)][contract].evm.bytecode.object + "\n");
