import { type Address, formatUnits, parseUnits } from "viem";
import type { Money } from "./chain/bounty";

/** An amount. A token's name is its own claim: it is quoted, and its address is beside it. */
export const amount = (value: bigint, { symbol, decimals, token }: Money): string =>
  token ? `${formatUnits(value, decimals)} ${JSON.stringify(symbol)} of token ${token}` : `${formatUnits(value, decimals)} ${symbol}`;

/** The name of a token as it may be shown: a few letters that say what they are, and not the name of the chain's own money. */
export function plainSymbol(found: string, native: string): string {
  const plain = /^[!-~]{1,12}$/.test(found) && !/["\\]/.test(found);
  return plain && found.toLowerCase() !== native.toLowerCase() ? found : "?";
}

/** An amount that a person wrote. */
export function parseAmount(what: string, text: string, decimals: number): bigint {
  const clean = text.trim();
  if (!/^\d+(\.\d+)?$/.test(clean)) throw new Error(`${what} is ${JSON.stringify(text)}, expected a number such as 0.5`);
  if ((clean.split(".")[1] ?? "").length > decimals) throw new Error(`${what} has more than ${decimals} digits after the point`);
  return parseUnits(clean, decimals);
}

export function time(seconds: bigint | number): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} seconds after 1970` : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The correct answers that a person asked for: a whole number is a count, and one with a point is a part of all samples. */
export function parseThreshold(text: string, samples: number): number {
  const clean = text.trim();
  const part = /^([01]?)\.(\d+)$/.exec(clean);
  let correct: number;
  if (part) {
    // In whole numbers: 0.07 of 100 is 7.
    const [numerator, denominator] = [BigInt(`${part[1]}${part[2]}`), 10n ** BigInt(part[2]?.length ?? 0)];
    correct = Number((numerator * BigInt(samples) + denominator - 1n) / denominator);
  } else if (/^\d+$/.test(clean)) correct = Number(clean);
  else throw new Error(`the threshold is ${JSON.stringify(text)}, expected a number of correct answers, or a fraction such as 0.8`);
  if (correct < 1 || correct > samples) throw new Error(`the threshold is ${clean}, which is ${correct} correct answers, expected 1 to ${samples}; 1.0 is all`);
  return correct;
}

/** A duration, in its largest unit that is not one. */
export function duration(seconds: bigint | number): string {
  const n = Number(seconds);
  const units: [number, string][] = [
    [86_400, "days"],
    [3600, "hours"],
    [60, "minutes"],
  ];
  for (const [size, name] of units) if (n >= 2 * size) return `${Math.floor(n / size)} ${name}`;
  return `${n} seconds`;
}

/** A duration that a person wrote: `30m`, `12h`, `7d`. */
export function parseDuration(what: string, text: string): number {
  const found = /^(\d+)\s*([smhd])$/.exec(text.trim());
  const sizes = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
  if (!found) throw new Error(`${what} is ${JSON.stringify(text)}, expected a number and a unit: 30m, 12h, 7d`);
  const seconds = Number(found[1]) * sizes[found[2] as keyof typeof sizes];
  if (seconds < 1) throw new Error(`${what} is no time at all`);
  return seconds;
}

export const bytes = (n: number): string => (n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`);
export const count = (n: number | bigint): string => n.toLocaleString("en");
export const same = (a: Address | string | null | undefined, b: Address | string | null | undefined): boolean => !!a && !!b && a.toLowerCase() === b.toLowerCase();

/** Has the browser save a file. */
export function save(name: string, content: BlobPart, type = "application/octet-stream"): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
