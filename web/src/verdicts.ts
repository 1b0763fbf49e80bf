// What `Check all` says of what it has verified, and of what it has not.
import type { CheckedCall } from "../wasm/zkml.js";
import { type Bounty, type ProofLog, provenChunks } from "./chain/bounty";
import { amount, same } from "./format";

export type Row = ProofLog & { verdict: "valid" | "not valid" | "not checked"; why: string };

/** Nothing: it was not, or not all, checked here. */
export type Verdict = { good: boolean | null; text: string };

const said = (call: CheckedCall): string =>
  call.statement === "accuracy"
    ? `${call.correct} correct in chunk ${call.chunk}`
    : call.statement === "data"
      ? `chunk ${call.chunk}, group ${call.group} is the dataset's`
      : `part ${call.chunk} holds the committed weights`;

/** A row of an event and of the call in its transaction, which was verified: they have to say the same. */
export function rowOf(log: ProofLog, call: CheckedCall): Row {
  const fits =
    call.statement === log.statement &&
    call.chunk === log.chunk &&
    (call.statement !== "data" || call.group === log.group) &&
    (call.statement !== "accuracy" || call.correct === log.correct) &&
    (call.statement === "data" || same(log.sender, log.hunter));
  if (fits) return { ...log, verdict: "valid", why: said(call) };
  return { ...log, verdict: "not valid", why: `the event is of ${log.statement}, ${log.label}, by ${log.hunter ?? log.sender}; the proof in its transaction says ${said(call)}` };
}

/** What a row is of: the contract takes each once. */
const subject = ({ statement, hunter, chunk, group }: Pick<ProofLog, "statement" | "hunter" | "chunk" | "group">): string => [statement, hunter?.toLowerCase() ?? "", chunk, group ?? ""].join(" ");

/** All that the contract counts, by the state that the node shows: of data, only how many there are. */
function counted(bounty: Bounty): string[] {
  return bounty.hunters.flatMap((hunter) => [
    ...Array.from({ length: bounty.terms.chunks }, (_, chunk) => chunk)
      .filter((chunk) => (hunter.proven >> BigInt(chunk)) & 1n)
      .map((chunk) => subject({ statement: "accuracy", hunter: hunter.account, chunk, group: null })),
    ...Array.from({ length: hunter.delivered }, (_, chunk) => subject({ statement: "delivery", hunter: hunter.account, chunk, group: null })),
  ]);
}

/** How many proofs there are, and how many of them were verified here. */
export function tally(bounty: Bounty, rows: Row[]): Verdict {
  const subjects = new Set(rows.map(subject));
  const expected = counted(bounty);
  const data = rows.filter((row) => row.statement === "data");
  const [all, verified, unchecked] = [expected.length + bounty.groupsProven, rows.filter((row) => row.verdict === "valid").length, rows.filter((row) => row.verdict === "not checked").length];
  const numbers = `${verified} verified, ${unchecked} not checked, ${all} expected`;
  const wrong = rows.length - verified - unchecked;
  if (wrong > 0) return { good: false, text: `${wrong} ${wrong === 1 ? "proof does" : "proofs do"} not hold: ${numbers}` };
  if (subjects.size !== rows.length) return { good: false, text: `${rows.length - subjects.size} of the proofs are there twice, which the contract does not take: the node is wrong, or lies; ${numbers}` };
  const missing = expected.filter((each) => !subjects.has(each)).length + Math.max(0, bounty.groupsProven - data.length);
  if (missing > 0) return { good: false, text: `the node does not show ${missing} of the proofs that the contract counts: ${numbers}` };
  if (rows.length > all) return { good: false, text: `the node shows more proofs than the contract counts: ${numbers}` };
  if (all === 0) return { good: null, text: "there is no proof on the chain yet" };
  return unchecked > 0 ? { good: null, text: numbers } : { good: true, text: `all ${all} proofs hold: ${numbers}` };
}

/** Whether who was paid has earned it, by the proofs that were verified here. */
export function winnerOf(bounty: Bounty, rows: Row[]): Verdict {
  const { terms, winner, money } = bounty;
  if (!winner) return { good: null, text: "nobody was paid" };
  const of = (statement: ProofLog["statement"]) => rows.filter((row) => row.statement === statement && same(row.hunter, winner));
  const distinct = (list: Row[]) => new Set(list.filter((row) => row.verdict === "valid").map((row) => row.chunk)).size;
  const [accuracy, parts] = [of("accuracy"), of("delivery")];
  const paid = `${winner} was paid ${amount(terms.reward, money)}`;
  if ([...accuracy, ...parts].some((row) => row.verdict === "not checked")) return { good: null, text: `${paid}; not all of its proofs could be checked here` };
  const [chunks, delivered] = [distinct(accuracy), distinct(parts)];
  const correct = accuracy.filter((row) => row.verdict === "valid").reduce((sum, row) => sum + (row.correct ?? 0), 0);
  const good = [...accuracy, ...parts].every((row) => row.verdict === "valid") && chunks === terms.chunks && accuracy.length === chunks && delivered === terms.deliveryChunks && correct >= terms.threshold;
  const better = terms.best ? bounty.hunters.filter((hunter) => hunter.correct > correct && provenChunks(hunter) === terms.chunks).length : 0;
  const others = better > 0 ? `; ${better} more accurate let their turn pass` : "";
  return {
    good,
    text: `${paid}: ${correct} correct in ${chunks} of ${terms.chunks} chunks, ${terms.threshold} were asked for; ${delivered} of ${terms.deliveryChunks} parts delivered${others}`,
  };
}

/** What the files that were shown are: they make the dataset's commitment again, or not. */
export function datasetOf(dataset: bigint, root: bigint, files: number, rows: Row[]): Verdict {
  const name = `0x${dataset.toString(16)}`;
  if (root !== dataset) return { good: false, text: `${files} files are those of their CIDs, and make the commitment 0x${root.toString(16)}, the terms name ${name}` };
  const proven = rows.filter((row) => row.statement === "data").every((row) => row.verdict === "valid") ? "all groups are proven to be its" : "not all of its proofs could be checked here";
  return { good: true, text: `${name}: ${proven}, and ${files} files are those of their CIDs; with labels and salt they make it again` };
}
