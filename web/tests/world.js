// What all tests of the page need: a chain, an IPFS node, the built page on a server, sample projects, and people.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseAbi } from "viem";
import { configure } from "../configure.js";
import { serve } from "../serve.js";
import { person } from "./browser.js";
import { chain as start } from "./chain.js";
import { ipfs as node } from "./ipfs.js";
import { project as sample, root } from "./project.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const termsAbi = parseAbi([
  "struct Terms { address host; address token; uint256 reward; uint256 bond; bytes32 dataKey; bytes32 accuracyKey; bytes32 deliveryKey; bytes32 setup; bool development; bool open; bool best; uint256 dataset; uint16 chunks; uint16 groups; uint16 items; uint32 threshold; uint256 hostKeyX; uint256 hostKeyY; uint16 deliveryChunks; uint16 deliveryElements; uint40 commitUntil; uint40 revealUntil; uint40 proveUntil; uint32 deliveryWindow; }",
  "function terms() view returns (Terms)",
]);

/**
 * The world of a project: of a kind, with its keys made in another way than by a single party if that is said. `changed`: what is configured otherwise; or
 * what makes that, of the chain.
 */
export async function world(changed = {}, kind = "small", keys = undefined) {
  const command = process.env.ZKML_COMMAND;
  const cache = process.env.ZKML_WEB_FILES;
  assert.ok(command && cache, "ZKML_COMMAND and ZKML_WEB_FILES: set by test.sh");
  const project = sample(command, join(cache, keys ? `${kind}-ceremony` : kind), kind, keys);
  const [chain, ipfs] = await Promise.all([start(), node()]);
  await ipfs.put(project.blocks);
  const dist = mkdtempSync(join(tmpdir(), "zkml-web-dist-"));
  cpSync(join(root, "web/dist"), dist, { recursive: true });
  const config = { ...chain.config(ipfs.url), ...(typeof changed === "function" ? await changed(chain) : changed) };
  configure(dist, config);
  const server = await serve(dist, 0);
  const url = `http://127.0.0.1:${server.address().port}/`;
  const people = [];
  return {
    chain,
    ipfs,
    project,
    url,
    /** A person with the wallet of an account of the chain, or with none. */
    async person(account, hash = "", options = {}) {
      const someone = await person(chain, url + hash, account === null ? undefined : chain.accounts[account], options);
      people.push(someone);
      return someone;
    },
    /** A token of which these accounts have a thousand. */
    token: (accounts) => token(chain, accounts),
    terms: (address) => chain.client.readContract({ address, abi: termsAbi, functionName: "terms" }),
    async stop() {
      // What was shown when a test failed.
      if (process.env.ZKML_WEB_LOG) for (const { page } of people) console.log(await page.locator("body").innerText({ timeout: 500 }).catch(() => "(closed)"));
      await Promise.all(people.map((someone) => someone.close().catch(() => undefined)));
      server.close();
      server.closeAllConnections();
      ipfs.stop();
      await chain.stop();
      rmSync(dist, { recursive: true, force: true });
    },
  };
}

/** The token of the contracts' tests, compiled here. */
async function token(chain, accounts) {
  const contracts = join(root, "contracts");
  const solc = createRequire(join(contracts, "package.json"))("solc");
  const source = `// SPDX-License-Identifier: MIT
    pragma solidity ^0.8.24;
    import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
    contract Token is ERC20("Token", "T") {
        constructor(address a, address b) { _mint(a, 1000 ether); _mint(b, 1000 ether); }
    }`;
  const input = {
    language: "Solidity",
    sources: { "Token.sol": { content: source } },
    settings: { evmVersion: "cancun", outputSelection: { "*": { "*": ["evm.bytecode.object"] } } },
  };
  const read = (path) => ({ contents: readFileSync(join(contracts, "node_modules", path), "utf8") });
  const { contracts: made, errors } = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  assert.ok(made?.["Token.sol"]?.Token, JSON.stringify(errors));
  const words = accounts.map((account) => account.slice(2).toLowerCase().padStart(64, "0")).join("");
  return chain.deploy(`0x${made["Token.sol"].Token.evm.bytecode.object}${words}`);
}

/** What axe finds that is serious, in both schemes of colours. */
export async function accessible(someone) {
  for (const colorScheme of ["light", "dark"]) {
    await someone.page.emulateMedia({ colorScheme });
    // The policy allows no script in the page: this one is evaluated by the test, outside of it.
    await someone.page.evaluate(axe);
    const found = await someone.page.evaluate(async () => (await window.axe.run()).violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => node.html).slice(0, 3) })));
    assert.deepEqual(found.filter(({ impact }) => ["serious", "critical"].includes(impact)), [], `${colorScheme}: ${someone.page.url()}`);
  }
  await someone.page.emulateMedia({ colorScheme: null });
}

/** Checks a page with axe; ZKML_BLESS=1 makes its picture in docs/ anew. */
export async function picture(someone, name) {
  await accessible(someone);
  if (process.env.ZKML_BLESS !== "1") return;
  mkdirSync(join(root, "docs"), { recursive: true });
  await someone.page.screenshot({ path: join(root, `docs/${name}.png`), fullPage: true });
}
