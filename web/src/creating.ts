// A creation whose end this page has not seen: the wallet had it, and the page was left, or the wallet said nothing. Another one would cost another reward.
import type { Address } from "viem";

export type Creation = { bounty: Address; package: string };

const key = (chain: number, account: Address) => `zkml:creating:${chain}:${account.toLowerCase()}`;

export function begun(chain: number, account: Address): Creation | null {
  try {
    return JSON.parse(localStorage.getItem(key(chain, account)) ?? "null") as Creation | null;
  } catch {
    return null;
  }
}

export const begin = (chain: number, account: Address, creation: Creation): void => localStorage.setItem(key(chain, account), JSON.stringify(creation));
export const end = (chain: number, account: Address): void => localStorage.removeItem(key(chain, account));
