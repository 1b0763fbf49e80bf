// What needs no browser: the policy of the page, and that its lock names no host.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { policy } from "../configure.js";

const config = { rpc: "http://127.0.0.1:8545/key", gateways: ["https://ipfs.example", "http://127.0.0.1:8080/"], ipfsApi: "http://127.0.0.1:5001" };

test("the policy names what is configured, and nobody else", () => {
  const found = policy(config);
  assert.match(found, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';/);
  assert.match(found, /connect-src 'self' http:\/\/127\.0\.0\.1:8545 https:\/\/ipfs\.example http:\/\/127\.0\.0\.1:8080 http:\/\/127\.0\.0\.1:5001;/);
  assert.ok(!/unsafe-inline|'unsafe-eval'|\*|https:;/.test(found), found);
});

test("addresses that are none are refused by the name of their field", () => {
  for (const [field, changed] of [
    ["rpc", { rpc: "127.0.0.1:8545" }],
    ["gateways", { gateways: ["ipfs://x"] }],
    ["ipfsApi", { ipfsApi: "'self' *" }],
  ]) {
    assert.throws(() => policy({ ...config, ...changed }), new RegExp(`^Error: ${field} is `));
  }
});

test("versions are exact, and the lock names no host", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) assert.match(version, /^\d+\.\d+\.\d+$/, name);
  assert.ok(!readFileSync(new URL("../package-lock.json", import.meta.url), "utf8").includes("resolved"));
});
