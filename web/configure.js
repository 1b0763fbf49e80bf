// `node configure.js DIST CONFIG.json`: which chain, factory and gateways a built page is about. Writes DIST/config.json, and into DIST/index.html
// the policy that lets the page talk to these and to nobody else.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The origin of an address, or an error that names the field. */
function origin(field, address) {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new Error(`${field} is ${JSON.stringify(address)}, expected an address that begins with http:// or https://`);
  return new URL(address).origin;
}

/** The policy for a configuration. */
export function policy(config) {
  const origins = [origin("rpc", config.rpc), ...config.gateways.map((gateway) => origin("gateways", gateway))];
  if (config.ipfsApi) origins.push(origin("ipfsApi", config.ipfsApi));
  return (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; worker-src 'self'; " +
    `connect-src 'self' ${[...new Set(origins)].join(" ")}; base-uri 'none'; form-action 'none'`
  );
}

/** Configures a built page. */
export function configure(dist, config) {
  const content = policy(config);
  const path = join(dist, "index.html");
  const meta = /(<meta http-equiv="Content-Security-Policy" content=")[^"]*(")/;
  const html = readFileSync(path, "utf8");
  if (!meta.test(html)) throw new Error(`${path} has no policy; build the page anew`);
  writeFileSync(path, html.replace(meta, (_, before, after) => before + content + after));
  writeFileSync(join(dist, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dist, file] = process.argv.slice(2);
  if (!file) {
    console.error("usage: node configure.js DIST CONFIG.json");
    process.exit(2);
  }
  configure(dist, JSON.parse(readFileSync(file, "utf8")));
}
