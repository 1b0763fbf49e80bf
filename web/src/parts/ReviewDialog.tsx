import { type ReactNode, useEffect, useState } from "react";
import { formatEther } from "viem";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { count } from "../format";
import { type Asked, type Review, useSession } from "../session";
import { Terms } from "./fields";

/** How long a question is shown before it takes a yes: a second press of the last one's button is none. */
const ARMED_AFTER = 400;

/** What is about to be signed, in full; or what is to be decided before. */
export function ReviewDialog({ asked, answer }: { asked: Asked; answer: (yes: boolean) => void }) {
  const [armed, setArmed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setArmed(true), ARMED_AFTER);
    return () => clearTimeout(timer);
  }, []);
  const [title, yes, no] = asked.kind === "review" ? [`Before you sign: ${asked.call.step}`, "Sign in the wallet", "Do not send"] : [asked.title, "Go on all the same", "Do not go on"];
  return (
    <ModalOverlay isOpen isDismissable={false} onOpenChange={(open) => !open && answer(false)} className="overlay">
      <Modal className="modal">
        <Dialog className="dialog" role="alertdialog">
          <Heading slot="title">{title}</Heading>
          {asked.kind === "review" ? <ReviewOf review={asked} /> : <p className="warning">{asked.text}</p>}
          <div className="row">
            <Button className="primary" isDisabled={!armed} onPress={() => answer(true)}>
              {yes}
            </Button>
            <Button onPress={() => answer(false)}>{no}</Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function ReviewOf({ review: { call, lines, checked } }: { review: Review }) {
  const { config } = useSession();
  const rows: [string, ReactNode][] = [
    ...lines,
    ["ether sent with it", `${formatEther(call.value)} ${config.symbol}`],
    ["from", call.account],
    ["to contract", call.to],
    ["chain", `${config.name} (${call.chain})`],
    [
      "gas, at most",
      <span key="gas" data-testid="gas">
        {count(call.gas)} ({formatEther(call.gas * call.feePerGas)} {config.symbol})
      </span>,
    ],
  ];
  return (
    <>
      <Terms rows={rows} />
      {checked.length > 0 && (
        <>
          <h3>Checked in this page</h3>
          <ul>
            {checked.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
