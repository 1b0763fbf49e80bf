import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Bounty, encodeTerms, read, samplesOf, thresholdLine, tokenLine } from "../chain/bounty";
import { message } from "../chain/errors";
import { amount, bytes, count, duration, same, time } from "../format";
import { next, standing } from "../next";
import { type PackageSummary, ofSingleParty, rebuild, remember, remembered } from "../package";
import { Bars } from "../parts/Bars";
import { Check, Field, Terms } from "../parts/fields";
import { StepButton, StepStatus, useStep } from "../parts/step";
import { engine } from "../engine";
import { type Route, TABS, link } from "../route";
import { useSession } from "../session";
import { CheckTab } from "./CheckTab";
import { HostTab } from "./HostTab";
import { HunterTab } from "./HunterTab";

/** A bounty, and its package once it is rebuilt and fits. */
export type Shown = { bounty: Bounty; pack: PackageSummary | null };

export function BountyPage({ route }: { route: Extract<Route, { page: "bounty" }> }) {
  const { client, config, account } = useSession();
  const { address, tab } = route;
  const cid = route.cid ?? remembered(address);
  const found = useQuery({ queryKey: ["bounty", address], queryFn: () => read(client, config, address), refetchInterval: 1500 });
  const [rebuilt, setPack] = useState<PackageSummary | null>(null);
  // Another address asks for another package.
  const pack = !route.cid || rebuilt?.cid === route.cid ? rebuilt : null;
  const bounty = found.data;
  if (!bounty) {
    return (
      <>
        <h1>Bounty</h1>
        {found.isError ? (
          <p role="alert" className="error">
            {message(found.error)}
          </p>
        ) : (
          <p role="status">Reading the chain …</p>
        )}
      </>
    );
  }
  const mine = same(account, bounty.terms.host);
  return (
    <>
      <h1>
        Bounty <span className="full address">{address}</span>
      </h1>
      <p>
        <strong className={`state ${bounty.state.toLowerCase()}`} data-testid="state">
          {bounty.state}
        </strong>{" "}
        {bounty.deadline > 0n && (
          <>
            until {time(bounty.deadline)} ({bounty.deadline > bounty.now ? duration(bounty.deadline - bounty.now) : "0 seconds"} by the chain's time)
          </>
        )}
        {found.isError && <span className="error"> The node does not answer; this is what it said last.</span>}
      </p>
      <nav aria-label="Views of the bounty" className="tabs">
        {TABS.map((name) => (
          <a key={name} href={link(address, name, cid)} aria-current={name === tab ? "page" : undefined}>
            {{ overview: "Overview", hunter: "Hunter", host: mine ? "Host (you)" : "Host", check: "Check" }[name]}
          </a>
        ))}
      </nav>
      <PackageSection key={cid ?? ""} bounty={bounty} cid={cid} pack={pack} setPack={setPack} />
      {tab === "overview" && <Overview bounty={bounty} />}
      {tab === "hunter" && <HunterTab key={account ?? ""} bounty={bounty} pack={pack} stale={found.isError} />}
      {tab === "host" && <HostTab key={account ?? ""} bounty={bounty} pack={pack} stale={found.isError} />}
      {tab === "check" && <CheckTab bounty={bounty} pack={pack} cid={cid} />}
    </>
  );
}

function Overview({ bounty }: { bounty: Bounty }) {
  const { terms, money } = bounty;
  const steps = next(bounty);
  const accuracy = bounty.hunters.map((hunter) => ({
    name: hunter.account,
    value: hunter.correct,
    text: `${hunter.correct} of ${samplesOf(terms)}: ${standing(bounty, hunter)}`,
  }));
  return (
    <>
      <section aria-labelledby="next">
        <h2 id="next">What may be done next</h2>
        {steps.length === 0 ? (
          <p>Nothing: it is over.</p>
        ) : (
          <ul className="next">
            {steps.map((item) => (
              <li key={item.who + item.what}>
                <span className="full">{item.who}</span>: {item.what}
                {item.until !== null && <>, until {time(item.until)}</>}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="hunters">
        <h2 id="hunters">Hunters</h2>
        {bounty.hunters.length === 0 && <p>Nobody has committed.</p>}
        <Bars title="Correct answers that are proven" rows={accuracy} max={samplesOf(terms)} mark={{ value: terms.threshold, text: `threshold ${terms.threshold}` }} />
      </section>
      <section aria-labelledby="terms">
        <h2 id="terms">Terms</h2>
        <Terms
          rows={[
            ["host", terms.host],
            ["reward", amount(terms.reward, money)],
            ["bond", amount(terms.bond, money)],
            tokenLine(money),
            thresholdLine(terms),
            ["data", `${terms.open ? "open: shown from the start" : "sealed: shown after the last commitment"}, in ${terms.chunks} chunks of ${terms.groups} groups of ${terms.items}`],
            ["commit until", time(terms.commitUntil)],
            ["reveal until", time(terms.revealUntil)],
            ["prove until", time(terms.proveUntil)],
            ["deliver", `${duration(terms.deliveryWindow)} each, in ${terms.deliveryChunks} parts of ${terms.deliveryElements} elements`],
            ["dataset", `0x${terms.dataset.toString(16)}`],
          ]}
        />
      </section>
    </>
  );
}

function PackageSection({
  bounty,
  cid,
  pack,
  setPack,
}: {
  bounty: Bounty;
  cid: string | null;
  pack: PackageSummary | null;
  setPack: (pack: PackageSummary | null) => void;
}) {
  const { gateway } = useSession();
  const [given, setGiven] = useState(cid ?? "");
  const state = useStep();
  return (
    <section aria-labelledby="package" className="card">
      <h2 id="package">Circuits and keys</h2>
      {pack ? (
        <PackageSummaryView pack={pack} />
      ) : (
        <>
          <p>The host publishes the package with the bounty's address. Its circuits are rebuilt here, and its keys compared with the terms: it does not matter who sent the CID.</p>
          <Field label="CID of the package" value={given} onChange={setGiven} />
          <StepButton
            state={state}
            primary
            act={async (progress) => {
              const wanted = given.trim();
              const found = await rebuild(gateway, wanted, progress);
              // With either provenance: what keys of a single party mean is said below, and asked before anything is sent.
              await engine.verifySetup(wanted, encodeTerms(bounty.terms), bounty.terms.development);
              remember(bounty.address, wanted);
              setPack(found);
            }}
          >
            Fetch and rebuild
          </StepButton>
        </>
      )}
      <StepStatus state={state} />
    </section>
  );
}

/** What only a person can say of where keys come from. */
export function AcceptSetup({ single, label, checked, onChange }: { single: boolean; label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return <Check label={single ? label : "I have verified the transcripts of the ceremonies, or trust who did"} checked={checked} onChange={onChange} />;
}

export function PackageSummaryView({ pack }: { pack: PackageSummary }) {
  const single = ofSingleParty(pack);
  return (
    <>
      <p className="good" data-testid="rebuilt">
        Rebuilt in this page: the package's circuits, which its keys name.
      </p>
      {!single && (
        <p className="warning">
          <strong>Keys that are said to be of ceremonies.</strong> The package says so itself, and its transcripts are not verified here: keys of a single party, who can forge proofs,
          would look the same. Verify them with{" "}
          <code>zkml bounty show ADDRESS --transcripts DATA ACCURACY DELIVERY --ptau FILE.ptau</code>.
        </p>
      )}
      {single && (
        <p className="warning">
          <strong>Keys of a single party.</strong> Whoever made them can forge proofs, and take the reward for nothing: for development, with nothing to lose.
        </p>
      )}
      <Bars
        title="Constraints of the circuits"
        rows={pack.statements.map((statement) => ({
          name: statement.part,
          value: statement.constraints,
          text: `${count(statement.constraints)}; key ${bytes(statement.provingBytes)}`,
        }))}
      />
      <details>
        <summary>Network, digests, ceremonies</summary>
        <Terms
          rows={[
            ["package", pack.cid],
            ["network", `${pack.graph}: ${count(pack.parameters)} parameters, an input of shape ${pack.shape.join(" x ")}, ${pack.classes} classes`],
            ["files", `${pack.format === "pgm" ? "images (PGM)" : "bytes"} of ${pack.fileBytes} bytes`],
            ...pack.statements.flatMap((statement): [string, string][] => [
              [`${statement.part}: circuit`, statement.digest],
              [`${statement.part}: hash of the key`, statement.keyHash],
              [`${statement.part}: setup`, statement.ceremony ? `said to be a ceremony, whose transcript has the hash ${statement.ceremony}, not verified here` : "a single party"],
            ]),
          ]}
        />
      </details>
    </>
  );
}
