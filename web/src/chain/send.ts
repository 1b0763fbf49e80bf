// Transactions: estimated first, shown, signed by the wallet, kept before they are waited for, and waited for until they count.
import type { Address, Hash, Hex, PublicClient, WalletClient } from "viem";
import type { Config } from "../config";
import { StepError, message, rejected, unsent } from "./errors";

export type Call = {
  /** What it is for, in words. */
  step: string;
  to: Address;
  data: Hex;
  value: bigint;
};

/** A call that the chain would take, and its cost. */
export type Estimated = Call & { account: Address; chain: number; gas: bigint; feePerGas: bigint };

/** A transaction that was sent and not seen to count yet. */
export type Pending = { step: string; hash: Hash; nonce: number; account: Address; chain: number; bounty: Address };

export type Settled = { hash: Hash; gas: bigint; fee: bigint; block: bigint };

/** Asks the chain what a call would do: what it would refuse is never shown to be signed. */
export async function estimate(client: PublicClient, chain: number, account: Address, call: Call): Promise<Estimated> {
  try {
    const { to, data, value } = call;
    const gas = await client.estimateGas({ account, to, data, value });
    const { maxFeePerGas } = await client.estimateFeesPerGas();
    // State that changes before it is mined: a little more than now.
    return { ...call, account, chain, gas: (gas * 115n) / 100n, feePerGas: maxFeePerGas };
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

/** Has the wallet sign and send. Kept at once, so that a reload finds it. */
export async function send(client: PublicClient, wallet: WalletClient, call: Estimated, bounty: Address): Promise<Pending> {
  const { account, to, data, value, gas, step, chain } = call;
  try {
    const found = await wallet.getChainId();
    if (found !== chain) throw new StepError(`${step}: the wallet is on chain ${found}, expected ${chain}; switch it`, "nothing was sent, no money moved");
    const accounts = await wallet.getAddresses();
    if (!accounts.some((other) => other.toLowerCase() === account.toLowerCase()))
      throw new StepError(`${step}: the wallet has another account than ${account} now; start the step again`, "nothing was sent, no money moved");
    const nonce = await client.getTransactionCount({ address: account, blockTag: "pending" });
    const hash = await wallet.sendTransaction({ account, to, data, value, gas, chain: null });
    const sent: Pending = { step, hash, nonce, account, chain, bounty };
    localStorage.setItem(KEY + hash, JSON.stringify(sent));
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

/** Waits until a transaction counts. What a reorganisation takes back is waited for again; a dropped connection is waited out. */
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
    if (signal?.aborted) throw new StepError(`${sent.step}: no longer waited for`, `transaction ${sent.hash} was sent, and is found again here`);
    try {
      // Asked for before the receipt: a number that is taken then, and no receipt after, is another transaction's.
      const taken = (await client.getTransactionCount({ address: sent.account })) > sent.nonce;
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
      } else if (taken && ++missing > 8) {
        forget(sent.hash);
        throw new StepError(
          `${sent.step}: transaction ${sent.hash} was replaced by another one of the account and never took place`,
          "no money moved by it; see the bounty's state, and start the step again",
        );
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
