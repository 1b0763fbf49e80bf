// Where the page is: behind the `#`, so that any folder of any server will do, and no server learns what is looked at.
import { useSyncExternalStore } from "react";
import { type Address, isAddress } from "viem";

export const TABS = ["overview", "hunter", "host", "check"] as const;
export type Tab = (typeof TABS)[number];
export type Route = { page: "browse" } | { page: "new" } | { page: "bounty"; address: Address; tab: Tab; cid: string | null } | { page: "unknown"; found: string };

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [first = "", second = "", third = ""] = path.split("/");
  if (first === "") return { page: "browse" };
  if (first === "new") return { page: "new" };
  const tab = TABS.find((name) => name === (third || "overview"));
  if (first === "bounty" && isAddress(second) && tab) return { page: "bounty", address: second, tab, cid: new URLSearchParams(query).get("package") };
  return { page: "unknown", found: path };
}

export function link(address: Address, tab: Tab, cid: string | null): string {
  return `#/bounty/${address}${tab === "overview" ? "" : `/${tab}`}${cid ? `?package=${cid}` : ""}`;
}

const subscribe = (told: () => void) => {
  window.addEventListener("hashchange", told);
  return () => window.removeEventListener("hashchange", told);
};

export function useRoute(): Route {
  return parse(useSyncExternalStore(subscribe, () => location.hash));
}
