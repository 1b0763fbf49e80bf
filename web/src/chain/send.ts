// Transactions: estimated first, shown, signed by the wallet, kept before they are waited for, and waited for until they count.
import { type Address, type Hash, type Hex, type PublicClient, type WalletClient, createPublicClient, custom, keccak256 } from "viem";
import { type Config, chainOf } from "../config";
import { NOTHING_SENT, StepError, message, rejected, unsent } from "./errors";
import type { Reader } from "./time";

export type Call = {
  /** What it is for, in words. */
  step: string;
  to: Address;
  data: Hex;
  value: bigint;
  /** A bound that is computed here, of a call that no node is to see before it is paid for. Without: the node is asked. */
  gas?: bigint;
  /** Whether its time is now. Asked before it is shown, and again between the person's yes and the wallet: of the page's node, and of the wallet's. */
  ready?: (reader: Reader) => Promise<unknown>;
  /** What has to be kept before the wallet has it. */
  keep?: () => void;
};

/** A call that the chain would take, and its cost. */
export type Estimated = Call & { account: Address; chain: number; gas: bigint; feePerGas: bigint; tip: bigint };

/** A transaction that was sent and not seen to count yet. `nonce` is what the node says of it: nothing, until it has seen it. */
export type Pending = {
  step: string;
  hash: Hash;
  nonce: number | null;
  account: Address;
  chain: number;
  bounty: Address;
  to: Address;
  /** In the smallest unit. */
  value: string;
  /** The hash of what was sent to it: another transaction with the same is the same step. */
  data: Hash;
  /** The last block before it was sent. */
  since: string;
};

/** The gas that delivering a part takes at most: 2,048 for an element are to come (docs/bounty.md), and what is not used is not paid. */
export const deliveryGas = (elements: number): bigint => 600_000n + 2_500n * BigInt(elements);

export type Settled = { hash: Hash; gas: bigint; fee: bigint; block: bigint };

/** Asks the chain what a call would do: what it would refuse is never shown to be signed. */
export async function estimate(client: PublicClient, chain: number, account: Address, call: Call): Promise<Estimated> {
  try {
    const { to, data, value } = call;
    await call.ready?.(client);
    // State that changes before it is mined: a little more than now.
    const gas = call.gas ?? ((await client.estimateGas({ account, to, data, value })) * 115n) / 100n;
    const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas();
    return { ...call, account, chain, gas, feePerGas: 2n * maxFeePerGas, tip: maxPriorityFeePerGas };
  } catch (error) {
    throw unsent(call.step, error);
  }
}

const KEY = "zkml:pending:";

/** The transactions that were sent from this browser and are not settled. */
export function pending(chain: number): Pending[] {
  const found: Pending[] = [];
  for (let i = 0; i < localStorage.length; i++) {
    const key = localStorage.key(i);
    if (!key?.startsWith(KEY)) continue;
    try {
      const kept = JSON.parse(localStorage.getItem(key) ?? "") as Pending;
      if (kept.chain === chain) found.push(kept);
    } catch {
      localStorage.removeItem(key);
    }
  }
  return found;
}

function keep(sent: Pending): void {
  localStorage.setItem(KEY + sent.hash, JSON.stringify(sent));
}

/** How long a wallet has to answer what it need not. */
const PATIENCE = 10_000;

/** Asks the wallet's own node, which is another witness than the page's. A wallet need not answer; what it says, counts. */
async function witness(config: Config, wallet: WalletClient, { step, to, ready }: Call): Promise<void> {
  const reader = createPublicClient({ chain: chainOf(config), transport: custom({ request: (asked) => wallet.request(asked as never) }, { retryCount: 0 }) });
  const ask = async () => {
    if (!(await reader.getCode({ address: to })))
      throw new StepError(`${step}: by the wallet's node there is no contract at ${to}: the page's node is wrong, or lies`, NOTHING_SENT);
    await ready?.(reader);
  };
  const asked = ask().catch((error: unknown) => {
    if (error instanceof StepError) throw new StepError(`${error.message} (by the wallet's node)`, error.money, { cause: error });
  });
  await Promise.race([asked, pause(PATIENCE)]);
}

let sends = 0;

/** How many transactions were sent from this page since it was opened. */
export const sendsSoFar = (): number => sends;

/** Has the wallet sign and send. Kept at once, so that a reload finds it. */
export async function send(client: PublicClient, wallet: WalletClient, config: Config, call: Estimated, bounty: Address): Promise<Pending> {
  const { account, to, data, value, gas, step, chain, feePerGas, tip } = call;
  let since: bigint;
  try {
    since = await client.getBlockNumber({ cacheTime: 0 });
    await witness(config, wallet, call);
    await call.ready?.(client);
    const found = await wallet.getChainId();
    if (found !== chain) throw new StepError(`${step}: the wallet is on chain ${found}, expected ${chain}; switch it`, NOTHING_SENT);
    const accounts = await wallet.getAddresses();
    if (!accounts.some((other) => other.toLowerCase() === account.toLowerCase()))
      throw new StepError(`${step}: the wallet has another account than ${account} now; start the step again`, NOTHING_SENT);
  } catch (error) {
    throw unsent(step, error);
  }
  try {
    call.keep?.();
    const hash = await wallet.sendTransaction({ account, to, data, value, gas, maxFeePerGas: feePerGas, maxPriorityFeePerGas: tip, chain: chainOf(config) });
    sends++;
    const sent: Pending = { step, hash, nonce: null, account, chain, bounty, to, value: `${value}`, data: keccak256(data), since: `${since}` };
    keep(sent);
    return sent;
  } catch (error) {
    if (rejected(error) || error instanceof StepError) throw unsent(step, error);
    throw new StepError(
      `${step}: ${message(error)}`,
      "the wallet did not say whether it was sent: look into its history before you try again; the page shows what is on the chain",
      { cause: error },
    );
  }
}

export function forget(hash: Hash): void {
  localStorage.removeItem(KEY + hash);
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** The transaction of the account that has this number, in a block up to `until`; nothing, if the node does not know any more. */
async function holder(client: PublicClient, { account, since }: Pending, nonce: number, until: bigint) {
  const count = (blockNumber: bigint) => client.getTransactionCount({ address: account, blockNumber });
  let [from, to] = [BigInt(since), until];
  try {
    // Numbers are counted upwards: the first block after which this one is taken.
    while (from < to) {
      const middle = (from + to) / 2n;
      if ((await count(middle)) > nonce) to = middle;
      else from = middle + 1n;
    }
    const { transactions } = await client.getBlock({ blockNumber: from, includeTransactions: true });
    return transactions.find((other) => other.nonce === nonce && other.from.toLowerCase() === account.toLowerCase()) ?? null;
  } catch {
    return null;
  }
}

/** Waits until a transaction counts. What a reorganisation takes back is waited for again; a dropped connection is waited out; the same call with another
 * fee, which the wallet sent in its place, is the same step. */
export async function settle(
  client: PublicClient,
  config: Config,
  sent: Pending,
  told: (text: string) => void,
  signal?: AbortSignal,
): Promise<Settled> {
  let seen = false;
  let missing = 0;
  for (;;) {
    if (signal?.aborted) {
      forget(sent.hash);
      throw new StepError(`${sent.step}: no longer waited for`, `transaction ${sent.hash} was sent, and may take place: see the wallet's history, and the bounty's state`);
    }
    try {
      if (sent.nonce === null) {
        const { nonce } = await client.getTransaction({ hash: sent.hash }).catch((error: unknown) => {
          if ((error as Error).name === "TransactionNotFoundError") return { nonce: null };
          throw error;
        });
        if (nonce !== null) keep((sent = { ...sent, nonce }));
      }
      const counts = (await client.getBlockNumber({ cacheTime: 0 })) - BigInt(config.confirmations) + 1n;
      const { nonce } = sent;
      // Asked for before the receipt: a number that is taken then, in a block that counts, and no receipt after, is another transaction's.
      const taken = nonce !== null && counts >= 0n && (await client.getTransactionCount({ address: sent.account, blockNumber: counts })) > nonce;
      const receipt = await client.getTransactionReceipt({ hash: sent.hash }).catch((error: unknown) => {
        if ((error as Error).name === "TransactionReceiptNotFoundError") return null;
        throw error;
      });
      if (receipt) {
        missing = 0;
        const depth = (await client.getBlockNumber({ cacheTime: 0 })) - receipt.blockNumber + 1n;
        if (depth >= BigInt(config.confirmations)) {
          forget(sent.hash);
          const fee = receipt.gasUsed * receipt.effectiveGasPrice;
          if (receipt.status === "reverted") {
            throw new StepError(
              `${sent.step}: transaction ${sent.hash} was mined and refused`,
              `the fee for ${receipt.gasUsed} gas is lost, and nothing else; see the bounty's state`,
            );
          }
          return { hash: sent.hash, gas: receipt.gasUsed, fee, block: receipt.blockNumber };
        }
        seen = true;
        told(`in block ${receipt.blockNumber}, ${depth} of ${config.confirmations} confirmations`);
      } else if (taken) {
        const other = await holder(client, sent, nonce, counts);
        if (other && other.hash !== sent.hash && other.to?.toLowerCase() === sent.to.toLowerCase() && `${other.value}` === sent.value && keccak256(other.input) === sent.data) {
          forget(sent.hash);
          keep((sent = { ...sent, hash: other.hash }));
          told(`the same, with another fee, took place as ${other.hash}`);
          continue;
        }
        // A node of many may be behind the others.
        if (++missing > 8) {
          forget(sent.hash);
          throw new StepError(
            `${sent.step}: another transaction of the account${other ? `, ${other.hash},` : ""} took the place of ${sent.hash}`,
            "as the node says, none moved by this one: see the bounty's state, and the wallet's history, before you start the step again",
          );
        }
        told("its number is taken, by itself or by another one; looking for it");
      } else if (nonce === null) {
        told("sent, waiting for a block; the node has not seen it yet: see the wallet's history if it stays so");
      } else {
        told(seen ? "its block was taken back by the chain; waiting for it to be mined again" : "sent, waiting for a block");
      }
    } catch (error) {
      if (error instanceof StepError) throw error;
      told(`the node does not answer (${message(error)}); it was sent, trying again`);
    }
    await pause(400);
  }
}
