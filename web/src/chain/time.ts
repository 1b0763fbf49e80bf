// Whether there is time enough. The chain's clock is what a node says, which may be late, or lie: this computer's is the second witness.
import type { Address, PublicClient } from "viem";
import type { Config } from "../config";
import { duration, time } from "../format";
import { bountyAbi, factoryAbi } from "./abi";
import { STATES, type Terms } from "./bounty";
import { NOTHING_SENT, StepError, contractError } from "./errors";

/** The seconds that signing a transaction may take. */
const MINUTE = 60n;

/** What is asked of a node: the page's, or the wallet's own. */
export type Reader = Pick<PublicClient, "readContract" | "getBlock">;

/** The seconds that so many transactions may take, of which each waits until the one before counts. */
export const timeFor = (transactions: number, config: Config): bigint => BigInt(transactions) * (MINUTE + BigInt(config.confirmations * config.blockSeconds));

export const clock = (): bigint => BigInt(Math.floor(Date.now() / 1000));

/** What in the terms leaves a hunter no time, and so takes its bond; nothing, if they leave it. */
export function hasty(terms: Terms, config: Config): string | null {
  // The data may be shown as late as revealUntil.
  const proving = BigInt(terms.proveUntil - terms.revealUntil);
  for (const [what, found, transactions] of [
    ["to prove", proving, terms.chunks],
    ["to deliver", BigInt(terms.deliveryWindow), terms.deliveryChunks],
  ] as const) {
    const needed = timeFor(transactions, config);
    if (found <= needed)
      return `${found} seconds are left ${what}, expected more than ${needed}: a minute, and ${config.confirmations} blocks, for each of ${transactions} transactions`;
  }
  return null;
}

/** What the contract refuses is a refusal; that a node does not answer is another thing. */
async function view<T>(step: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const refused = contractError(error);
    throw refused ? new StepError(`${step}: the contract refuses it: ${refused}`, NOTHING_SENT, { cause: error }) : error;
  }
}

/** The turn of who delivers this part, with time for it and all that follow, by the chain and by this computer. */
export async function requireTurn(reader: Reader, config: Config, address: Address, terms: Terms, account: Address, part: number): Promise<{ from: bigint; until: bigint; last: bigint }> {
  const of = { address, abi: bountyAbi } as const;
  const step = `deliver part ${part}`;
  const [[from, until], [state], hunter, block] = await view(
    step,
    Promise.all([
      reader.readContract({ ...of, functionName: "turn", args: [account] }),
      reader.readContract({ ...of, functionName: "state" }),
      reader.readContract({ ...of, functionName: "hunterOf", args: [account] }),
      reader.getBlock(),
    ]),
  );
  if (state > STATES.indexOf("Delivering")) throw new StepError(`${step}: the bounty is ${STATES[state] ?? state}: it is over`, NOTHING_SENT);
  if (hunter.delivered !== part) throw new StepError(`${step}: the next part is ${hunter.delivered}; start the step again`, NOTHING_SENT);
  const needed = timeFor(terms.deliveryChunks - part, config);
  // Read last: an answer that was held back is old by now.
  for (const [whose, now] of [
    ["the chain", block.timestamp],
    ["this computer's clock", clock()],
  ] as const) {
    const early = whose === "the chain" && now < from;
    if (early || now + needed >= until) {
      throw new StepError(
        `${step}: by ${whose} it is ${time(now)}, expected a time in your turn, from ${time(from)} until ${time(until)}, with ${needed} seconds left for ${terms.deliveryChunks - part} of ${terms.deliveryChunks} parts`,
        `${NOTHING_SENT}: who delivers late gives the model away`,
      );
    }
  }
  return { from, until, last: until - needed };
}

/** The bounty is there, and takes commitments. */
export async function requireCommitting(reader: Reader, config: Config, address: Address): Promise<void> {
  const [made, [state]] = await view(
    "commit",
    Promise.all([
      reader.readContract({ address: config.factory, abi: factoryAbi, functionName: "isBounty", args: [address] }),
      reader.readContract({ address, abi: bountyAbi, functionName: "state" }),
    ]),
  );
  if (!made) throw new StepError(`commit: ${address} is no bounty of the factory ${config.factory}`, NOTHING_SENT);
  if (STATES[state] !== "Committing") throw new StepError(`commit: the bounty is ${STATES[state] ?? state}, expected Committing`, NOTHING_SENT);
}

/** A moment that the chain says has come, and this computer's clock does not: what to ask the person then; nothing, where they agree. */
export function doubt(what: string, moment: bigint, consequence: string): { title: string; text: string } | null {
  const now = clock();
  if (moment <= now) return null;
  return {
    title: "The clocks disagree",
    text: `The node says that ${what}, at ${time(moment)}. By this computer's clock that is in ${duration(moment - now)}. ${consequence} Go on if this computer's clock is wrong, or the chain's is moved on purpose.`,
  };
}
