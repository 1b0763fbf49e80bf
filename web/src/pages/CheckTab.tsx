import { type ReactNode, useState } from "react";
import { type Bounty, encodeTerms, proofs, read, shown } from "../chain/bounty";
import { message } from "../chain/errors";
import { engine } from "../engine";
import { count, same } from "../format";
import { fetchBlock } from "../ipfs";
import { type PackageSummary, placeOf, word } from "../package";
import { Bars } from "../parts/Bars";
import { Terms } from "../parts/fields";
import { StepButton, StepStatus, useStep } from "../parts/step";
import { link } from "../route";
import { useSession } from "../session";
import { type Row, type Verdict, datasetOf, rowOf, tally, winnerOf } from "../verdicts";

type Verdicts = { setup: string; rows: Row[]; proofs: Verdict; dataset: Verdict; winner: Verdict };

/** A verdict in its colour; none, where nothing was decided. */
function Said({ verdict: { good, text } }: { verdict: Verdict }) {
  return <span className={good === null ? "" : good ? "good" : "error"}>{text}</span>;
}

export function CheckTab({ bounty, pack, cid }: { bounty: Bounty; pack: PackageSummary | null; cid: string | null }) {
  const { client, config, gateway } = useSession();
  const state = useStep();
  const [verdicts, setVerdicts] = useState<Verdicts | null>(null);
  const { terms } = bounty;
  const share = new URL(link(bounty.address, "check", pack?.cid ?? cid), location.href).href;
  return (
    <section aria-labelledby="check">
      <h2 id="check">Check it yourself</h2>
      <p>
        Reads every transaction of the bounty, and verifies its proof in this page with public inputs that are computed here. Share this address:{" "}
        <a href={share} className="full">
          {share}
        </a>
      </p>
      {!pack && <p>Rebuild the package above first.</p>}
      <StepButton
        state={state}
        primary
        disabled={!pack}
        act={async (progress) => {
          if (!pack) return;
          const encoded = encodeTerms(terms);
          const setup = terms.development
            ? "keys of a single party, as the terms say: whoever made them can forge proofs"
            : `said to be of ceremonies, whose transcripts have the hash ${terms.setup}; they are not verified here: whoever can forge them can forge proofs`;
          await engine.verifySetup(pack.cid, encoded, terms.development);
          // As it is now, and not as it was when the page last looked.
          const now = await read(client, config, bounty.address);
          const logs = await proofs(client, config, bounty.address);
          const rows: Row[] = [];
          for (const [i, log] of logs.entries()) {
            progress(i, logs.length, "proofs verified");
            if (!log.call) {
              rows.push({ ...log, verdict: "not checked", why: "it was sent through another contract; the bounty has verified it, as the node says" });
              continue;
            }
            const hunter = now.hunters.find((other) => same(other.account, log.hunter));
            try {
              rows.push(rowOf(log, await engine.check(pack.cid, encoded, placeOf(config, bounty), log.sender, hunter ? word(hunter.commitment) : null, log.call)));
            } catch (error) {
              rows.push({ ...log, verdict: "not valid", why: message(error) });
            }
          }
          const all = { setup, rows, proofs: tally(now, rows), dataset: await dataset(pack, rows, progress), winner: winnerOf(now, rows) };
          setVerdicts(all);
          const bad = [all.proofs, all.dataset, all.winner].filter((verdict) => verdict.good === false).length;
          if (bad > 0) throw new Error(`${bad} of what was checked does not hold: see below`);
          return all.proofs.text;
        }}
      >
        Check all
      </StepButton>
      <StepStatus state={state} />
      {verdicts && (
        <>
          <Terms
            rows={[
              ["setup", verdicts.setup],
              ...(verdicts.proofs.good === false ? [["proofs", <Said key="proofs" verdict={verdicts.proofs} />] as [string, ReactNode]] : []),
              ["dataset", <Said key="dataset" verdict={verdicts.dataset} />],
              ["winner", <Said key="winner" verdict={verdicts.winner} />],
            ]}
          />
          <table>
            <caption>Proofs on the chain</caption>
            <thead>
              <tr>
                <th scope="col">statement</th>
                <th scope="col">verdict</th>
                <th scope="col">says</th>
                <th scope="col">transaction</th>
              </tr>
            </thead>
            <tbody>
              {verdicts.rows.map((row) => (
                <tr key={row.hash + row.label}>
                  <td>
                    {row.statement}, {row.label}
                  </td>
                  <td className={row.verdict === "valid" ? "good" : row.verdict === "not valid" ? "error" : ""}>{row.verdict}</td>
                  <td>{row.why}</td>
                  <td className="full">{row.hash}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <Bars title="Gas of each proof" rows={verdicts.rows.map((row) => ({ name: `${row.statement}, ${row.label}`, value: Number(row.gas), text: count(row.gas) }))} />
        </>
      )}
    </section>
  );

  /** Fetches what was shown, and makes the dataset's commitment again. */
  async function dataset(pack: PackageSummary, rows: Row[], progress: (done: number, of: number, what: string) => void): Promise<Verdict> {
    const groups = await shown(client, config, bounty.address);
    const all = terms.chunks * terms.groups;
    if (groups.length < all) return { good: null, text: `${groups.length} of ${all} groups are shown` };
    const files = (await Promise.all(groups.map((group) => engine.named(pack.cid, group.items.map(word))))).flat();
    const contents: Uint8Array[] = [];
    try {
      for (const [i, [file]] of files.entries()) {
        progress(i, files.length, "files fetched");
        await fetchBlock(gateway, file);
        contents.push(await engine.content(file));
      }
    } catch (error) {
      return { good: false, text: `all groups are shown; a file can't be had: ${message(error)}` };
    }
    const labels = files.map(([, label]) => label);
    return datasetOf(terms.dataset, BigInt(await engine.root(pack.cid, word(groups[0]?.salt ?? 0n), contents, labels)), files.length, rows);
  }
}
