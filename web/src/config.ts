// Which chain, factory and gateways the page is about: `config.json` beside it, which `configure.js` writes with the policy that allows these alone.
import { type Address, type Chain, defineChain, isAddress } from "viem";

export type Config = {
  chain: number;
  name: string;
  symbol: string;
  rpc: string;
  factory: Address;
  /** The block from which events are looked for. */
  since: bigint;
  /** The blocks after which a transaction counts. */
  confirmations: number;
  /** The seconds from one block to the next. */
  blockSeconds: number;
  gateways: string[];
  ipfsApi: string | null;
};

export class ConfigError extends Error {}

function need(found: unknown, expected: string, good: boolean): void {
  if (!good) throw new ConfigError(`config.json has ${JSON.stringify(found)}, expected ${expected}; write it with configure.js`);
}

export function parse(json: unknown): Config {
  need(json, "an object", typeof json === "object" && json !== null);
  const given = json as Record<string, unknown>;
  const text = (field: string): string => {
    need({ [field]: given[field] }, "a text", typeof given[field] === "string");
    return given[field] as string;
  };
  const number = (field: string, otherwise: number): number => {
    const found = given[field] ?? otherwise;
    need({ [field]: found }, "a whole number", Number.isSafeInteger(found) && (found as number) >= 0);
    return found as number;
  };
  const factory = text("factory");
  need({ factory }, "an address", isAddress(factory));
  const gateways = given["gateways"];
  need({ gateways }, "a list of addresses", Array.isArray(gateways) && gateways.length > 0 && gateways.every((url) => typeof url === "string"));
  const bare = (url: string) => url.replace(/\/+$/, "");
  return {
    chain: number("chain", 1),
    name: text("name"),
    symbol: text("symbol"),
    rpc: text("rpc"),
    factory: factory as Address,
    since: BigInt(number("since", 0)),
    confirmations: Math.max(1, number("confirmations", 1)),
    blockSeconds: number("blockSeconds", 12),
    gateways: (gateways as string[]).map(bare),
    ipfsApi: given["ipfsApi"] == null ? null : bare(text("ipfsApi")),
  };
}

export async function load(): Promise<Config> {
  const answer = await fetch("./config.json", { cache: "no-cache" });
  if (!answer.ok) throw new ConfigError(`config.json: status ${answer.status}; write it with configure.js`);
  return parse(await answer.json());
}

export function chainOf(config: Config): Chain {
  return defineChain({
    id: config.chain,
    name: config.name,
    nativeCurrency: { name: config.symbol, symbol: config.symbol, decimals: 18 },
    rpcUrls: { default: { http: [config.rpc] } },
  });
}
