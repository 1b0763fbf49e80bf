// What may be done next, by whom, until when: as the table of states in `contracts/README.md`.
import { type Bounty, provenChunks } from "./chain/bounty";

export type Next = { who: string; what: string; until: bigint | null };

export function next(bounty: Bounty): Next[] {
  const { terms, state, hunters, now } = bounty;
  const all = terms.chunks * terms.groups;
  const list: Next[] = [];
  const shown = bounty.groupsProven === all;
  switch (state) {
    case "Committing":
      list.push({ who: "anyone", what: "commit to a model, with the bond", until: terms.commitUntil === 0 ? null : BigInt(terms.commitUntil) });
      if (hunters.length === 0) list.push({ who: "the host", what: "cancel: nobody has committed", until: BigInt(terms.commitUntil) });
      if (terms.open && !shown) list.push({ who: "the host", what: `show the data (${bounty.groupsProven} of ${all} groups)`, until: BigInt(terms.revealUntil) });
      if (terms.open && shown) list.push({ who: "hunters that committed", what: "prove their accuracy", until: BigInt(terms.proveUntil) });
      break;
    case "Revealing":
      list.push({ who: "the host", what: `show the data (${bounty.groupsProven} of ${all} groups)`, until: BigInt(terms.revealUntil) });
      break;
    case "Proving":
      list.push({ who: "hunters that committed", what: "prove their accuracy", until: BigInt(terms.proveUntil) });
      break;
    case "Delivering": {
      const turn = hunters.find((hunter) => hunter.turn && hunter.turn.from <= now && now < hunter.turn.until);
      list.push({ who: turn ? turn.account : "whose turn it is", what: "deliver the weights, and be paid", until: turn?.turn?.until ?? bounty.deadline });
      break;
    }
    case "Paid":
      list.push({ who: "the host", what: "receive the weights: decrypt them", until: null });
      break;
    case "Refundable":
      list.push({ who: "anyone", what: "refund: the reward is credited to the host", until: null });
      break;
    case "Refunded":
    case "Cancelled":
      break;
  }
  if (bounty.hostCredit > 0n) list.push({ who: "the host", what: "withdraw what is credited", until: null });
  for (const hunter of hunters) {
    if (hunter.credit > 0n) list.push({ who: hunter.account, what: "withdraw what is credited", until: null });
    else if (hunter.bond === "held" && ["Paid", "Refundable", "Refunded"].includes(state))
      list.push({ who: hunter.account, what: "reclaim the bond, unless it is lost", until: null });
    if (state === "Proving" && !terms.best && hunter.turn && hunter.turn.from <= now && hunter.delivered < terms.deliveryChunks)
      list.push({ who: hunter.account, what: "deliver the weights: its turn has begun", until: hunter.turn.until });
  }
  return list;
}

/** What a hunter has proven, in words. */
export function standing(bounty: Bounty, hunter: Bounty["hunters"][number]): string {
  const { terms } = bounty;
  if (bounty.winner?.toLowerCase() === hunter.account.toLowerCase()) return "won, and was paid";
  const chunks = provenChunks(hunter);
  if (chunks < terms.chunks) return `${chunks} of ${terms.chunks} chunks proven`;
  return hunter.correct >= terms.threshold ? `qualified, ${hunter.delivered} of ${terms.deliveryChunks} parts delivered` : "proven, below the threshold";
}
