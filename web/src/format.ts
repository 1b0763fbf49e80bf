import { type Address, formatUnits, parseUnits } from "viem";
import type { Money } from "./chain/bounty";

export const amount = (value: bigint, money: Money): string => `${formatUnits(value, money.decimals)} ${money.symbol}`;

/** An amount that a person wrote. */
export function parseAmount(what: string, text: string, decimals: number): bigint {
  const clean = text.trim();
  if (!/^\d+(\.\d+)?$/.test(clean)) throw new Error(`${what} is ${JSON.stringify(text)}, expected a number such as 0.5`);
  if ((clean.split(".")[1] ?? "").length > decimals) throw new Error(`${what} has more than ${decimals} digits after the point`);
  return parseUnits(clean, decimals);
}

export const time = (seconds: bigint | number): string => `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;

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
