import { formatEther } from "viem";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { count } from "../format";
import { type Review, useSession } from "../session";

/** What is about to be signed, in full. */
export function ReviewDialog({ review, answer }: { review: Review; answer: (yes: boolean) => void }) {
  const { config } = useSession();
  const { call, lines, checked } = review;
  return (
    <ModalOverlay isOpen isDismissable={false} onOpenChange={(open) => !open && answer(false)} className="overlay">
      <Modal className="modal">
        <Dialog className="dialog" role="alertdialog">
          <Heading slot="title">Before you sign: {call.step}</Heading>
          <dl className="terms">
            {lines.map(([term, value]) => (
              <div key={term}>
                <dt>{term}</dt>
                <dd className="full">{value}</dd>
              </div>
            ))}
            <div>
              <dt>ether sent with it</dt>
              <dd className="full">
                {formatEther(call.value)} {config.symbol}
              </dd>
            </div>
            <div>
              <dt>from</dt>
              <dd className="full">{call.account}</dd>
            </div>
            <div>
              <dt>to contract</dt>
              <dd className="full">{call.to}</dd>
            </div>
            <div>
              <dt>chain</dt>
              <dd>
                {config.name} ({call.chain})
              </dd>
            </div>
            <div>
              <dt>gas, at most</dt>
              <dd data-testid="gas">
                {count(call.gas)} ({formatEther(call.gas * call.feePerGas)} {config.symbol})
              </dd>
            </div>
          </dl>
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
          <div className="row">
            <Button className="primary" onPress={() => answer(true)}>
              Sign in the wallet
            </Button>
            <Button onPress={() => answer(false)}>Do not send</Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
