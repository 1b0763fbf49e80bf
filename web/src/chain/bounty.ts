// What the chain says of bounties. Whatever is shown is read anew: nothing of it is kept between visits.
import {
  type Address,
  type ContractFunctionReturnType,
  type Hex,
  type PublicClient,
  decodeAbiParameters,
  encodeAbiParameters,
  getAbiItem,
  zeroAddress,
} from "viem";
import type { Config } from "../config";
import { plainSymbol } from "../format";
import { bountyAbi, factoryAbi, tokenAbi } from "./abi";
import { addressOf } from "./address";
import { NOTHING_SENT, StepError, reverted } from "./errors";
import { events } from "./events";
import type { Reader } from "./time";

export const STATES = ["Committing", "Revealing", "Proving", "Delivering", "Paid", "Refundable", "Refunded", "Cancelled"] as const;
export type State = (typeof STATES)[number];
export const BONDS = ["none", "held", "returned", "forfeited"] as const;

export type Terms = ContractFunctionReturnType<typeof bountyAbi, "view", "terms">;

export type Hunter = {
  account: Address;
  index: number;
  commitment: bigint;
  proven: bigint;
  correct: number;
  delivered: number;
  bond: (typeof BONDS)[number];
  credit: bigint;
  /** The turn, of a hunter that qualified. */
  turn: { from: bigint; until: bigint } | null;
};

/** What amounts are of: the chain's own money, or a token, of which all but the address is its own claim. */
export type Money = { symbol: string; decimals: number; token: Address | null };

export type Bounty = {
  address: Address;
  terms: Terms;
  state: State;
  /** When the state ends by itself; zero: never. */
  deadline: bigint;
  /** The time of the chain's last block. */
  now: bigint;
  groupsProven: number;
  winner: Address | null;
  hunters: Hunter[];
  hostCredit: bigint;
  money: Money;
};

/** The mistake of who asks for a bounty, or of the factory that is configured. */
export class NoBounty extends Error {}

const termsInput = getAbiItem({ abi: factoryAbi, name: "addressOf" }).inputs;

/** Terms as the contract encodes them: what the library reads. */
export function encodeTerms(terms: Terms): Hex {
  return encodeAbiParameters(termsInput, [terms]);
}

/** Terms from what the library wrote. */
export function decodeTerms(encoded: Hex): Terms {
  return decodeAbiParameters(termsInput, encoded)[0];
}

export const samplesOf = (terms: Terms): number => terms.chunks * terms.groups * terms.items;

export async function requireFactory(client: PublicClient, config: Config): Promise<void> {
  const found = await client.getChainId();
  if (found !== config.chain) throw new NoBounty(`the node is of chain ${found}, expected ${config.chain}; configure the page anew`);
  if (!(await client.getCode({ address: config.factory })))
    throw new NoBounty(`there is no contract at ${config.factory} on chain ${found}, expected the factory of bounties; configure the page anew`);
}

/** The addresses of all bounties of the factory, the newest first. */
export async function browse(client: PublicClient, config: Config): Promise<Address[]> {
  await requireFactory(client, config);
  const logs = await events(client, "bounties", config.since, (fromBlock, toBlock) =>
    client.getContractEvents({ address: config.factory, abi: factoryAbi, eventName: "BountyCreated", fromBlock, toBlock, strict: true }),
  );
  return logs.map((log) => log.args.bounty).toReversed();
}

/** A token that does not say what it is called, or how it counts, is counted in its smallest unit, and still found. */
export async function moneyOf(client: PublicClient, config: Config, token: Address): Promise<Money> {
  if (token === zeroAddress) return { symbol: config.symbol, decimals: 18, token: null };
  const [symbol, decimals] = await Promise.all([
    client.readContract({ address: token, abi: tokenAbi, functionName: "symbol" }).catch(() => "?"),
    client.readContract({ address: token, abi: tokenAbi, functionName: "decimals" }).catch(() => 0),
  ]);
  return { symbol: plainSymbol(symbol, config.symbol), decimals, token };
}

/** That a token counts as it is shown to: with other decimals, the same words are another amount. Of two nodes, one may lie. */
export async function requireDecimals(reader: Reader, step: string, { token, decimals }: Money): Promise<void> {
  if (!token) return;
  const found = await reader.readContract({ address: token, abi: tokenAbi, functionName: "decimals" }).catch((error: unknown) => {
    if (reverted(error)) return 0;
    throw error;
  });
  if (found !== decimals)
    throw new StepError(`${step}: token ${token} has ${found} decimals, the amounts that were shown are of ${decimals}: the node of the page is wrong, or lies, or the token has changed`, NOTHING_SENT);
}

/** What reward and bond are in, as a review says it. */
export const tokenLine = (money: Money): [string, string] => ["token", money.token ?? `none: ${money.symbol} of the chain`];

/** What qualifies, and who of those wins. */
export const thresholdLine = (terms: Terms): [string, string] => [
  "threshold",
  `${terms.threshold} of ${samplesOf(terms)} correct; ${terms.best ? "the most accurate wins" : "the first committed wins"}`,
];

/** Everything about one bounty. That the terms are this address's is computed here; the rest is the node's word. */
export async function read(client: PublicClient, config: Config, address: Address): Promise<Bounty> {
  const made = await client.readContract({ address: config.factory, abi: factoryAbi, functionName: "isBounty", args: [address] });
  if (!made) {
    throw new NoBounty(`${address} is no bounty of the factory ${config.factory}; send nothing to it`);
  }
  const of = { address, abi: bountyAbi } as const;
  const terms = await client.readContract({ ...of, functionName: "terms" });
  const own = addressOf(config.factory, terms);
  if (own.toLowerCase() !== address.toLowerCase())
    throw new NoBounty(`the node names terms for ${address} that are those of ${own}: it is wrong, or lies; send nothing, and have the page configured with another node`);
  const [[state, deadline], groupsProven, winner, block] = await Promise.all([
    client.readContract({ ...of, functionName: "state" }),
    client.readContract({ ...of, functionName: "groupsProven" }),
    client.readContract({ ...of, functionName: "winner" }),
    client.getBlock(),
  ]);
  const committed = await events(client, `committed ${address}`, config.since, (fromBlock, toBlock) =>
    client.getContractEvents({ ...of, eventName: "Committed", fromBlock, toBlock, strict: true }),
  );
  const [hunters, hostCredit, money] = await Promise.all([
    Promise.all(committed.map((log) => hunterOf(client, address, log.args.hunter, terms))),
    client.readContract({ ...of, functionName: "credit", args: [terms.host] }),
    moneyOf(client, config, terms.token),
  ]);
  return {
    address,
    terms,
    state: stateOf(state),
    deadline,
    now: block.timestamp,
    groupsProven: Number(groupsProven),
    winner: winner === zeroAddress ? null : winner,
    hunters: hunters.filter((hunter) => hunter.bond !== "none").sort((a, b) => a.index - b.index),
    hostCredit,
    money,
  };
}

function stateOf(found: number): State {
  const state = STATES[found];
  if (!state) throw new NoBounty(`the node names state ${found} of the bounty, expected 0 to ${STATES.length - 1}; it is wrong, or lies`);
  return state;
}

export const provenChunks = (hunter: Hunter): number => hunter.proven.toString(2).replaceAll("0", "").length;

async function hunterOf(client: PublicClient, address: Address, account: Address, terms: Terms): Promise<Hunter> {
  const of = { address, abi: bountyAbi, args: [account] } as const;
  const [found, credit] = await Promise.all([
    client.readContract({ ...of, functionName: "hunterOf" }),
    client.readContract({ ...of, functionName: "credit" }),
  ]);
  const hunter: Hunter = {
    account,
    index: found.index,
    commitment: found.cw,
    proven: found.proven,
    correct: found.correct,
    delivered: found.delivered,
    bond: BONDS[found.bond] ?? "none",
    credit,
    turn: null,
  };
  if (provenChunks(hunter) === terms.chunks && found.correct >= terms.threshold) {
    const [from, until] = await client.readContract({ ...of, functionName: "turn" });
    hunter.turn = { from, until };
  }
  return hunter;
}

/** A transaction with a proof, as the chain has it. */
export type ProofLog = {
  statement: "data" | "accuracy" | "delivery";
  sender: Address;
  hunter: Address | null;
  hash: Hex;
  /** What was sent to the bounty; nothing, if it came through another contract. */
  call: Hex | null;
  gas: bigint;
  label: string;
  chunk: number;
  /** Of data alone. */
  group: number | null;
  /** Of accuracy alone. */
  correct: number | null;
};

/** The time of the last block that counts: what a reorganisation could take back is no time that has passed. */
export async function settledTime(client: PublicClient, config: Config): Promise<bigint> {
  const head = await client.getBlockNumber({ cacheTime: 0 });
  const back = BigInt(config.confirmations - 1);
  const { timestamp } = await client.getBlock({ blockNumber: head > back ? head - back : 0n });
  return timestamp;
}

/** All transactions with proofs, in their order. */
export async function proofs(client: PublicClient, config: Config, address: Address): Promise<ProofLog[]> {
  const logs = await events(client, `all ${address}`, config.since, (fromBlock, toBlock) =>
    client.getContractEvents({ address, abi: bountyAbi, fromBlock, toBlock, strict: true }),
  );
  const found: ProofLog[] = [];
  for (const log of logs) {
    const { eventName, args } = log;
    if (eventName !== "DataProven" && eventName !== "AccuracyProven" && eventName !== "Delivered") continue;
    const [transaction, receipt] = await Promise.all([
      client.getTransaction({ hash: log.transactionHash }),
      client.getTransactionReceipt({ hash: log.transactionHash }),
    ]);
    const direct = transaction.to?.toLowerCase() === address.toLowerCase();
    found.push({
      statement: eventName === "DataProven" ? "data" : eventName === "AccuracyProven" ? "accuracy" : "delivery",
      sender: transaction.from,
      hunter: "hunter" in args ? args.hunter : null,
      hash: log.transactionHash,
      call: direct ? transaction.input : null,
      gas: receipt.gasUsed,
      chunk: Number(args.chunk),
      group: eventName === "DataProven" ? Number(args.group) : null,
      correct: eventName === "AccuracyProven" ? Number(args.correct) : null,
      label: eventName === "DataProven" ? `chunk ${args.chunk}, group ${args.group}` : eventName === "AccuracyProven" ? `chunk ${args.chunk}` : `part ${args.chunk}`,
    });
  }
  return found;
}

/** The groups of data that were shown, in their order, with the salt. */
export async function shown(client: PublicClient, config: Config, address: Address): Promise<{ salt: bigint; items: readonly bigint[] }[]> {
  const logs = await events(client, `data ${address}`, config.since, (fromBlock, toBlock) =>
    client.getContractEvents({ address, abi: bountyAbi, eventName: "DataProven", fromBlock, toBlock, strict: true }),
  );
  const place = (log: (typeof logs)[number]) => Number(log.args.chunk) * 65536 + Number(log.args.group);
  return logs.toSorted((a, b) => place(a) - place(b)).map((log) => ({ salt: log.args.salt, items: log.args.items }));
}

/** The parts of what a hunter delivered, in their order. */
export async function delivered(client: PublicClient, config: Config, address: Address, hunter: Address) {
  const logs = await events(client, `delivered ${address} ${hunter}`, config.since, (fromBlock, toBlock) =>
    client.getContractEvents({ address, abi: bountyAbi, eventName: "Delivered", args: { hunter }, fromBlock, toBlock, strict: true }),
  );
  return logs.toSorted((a, b) => Number(a.args.chunk - b.args.chunk)).map((log) => ({ ephemeral: log.args.ephemeral, ct: log.args.ct }));
}
