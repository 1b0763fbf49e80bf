import { useState } from "react";
import { type Address, zeroAddress } from "viem";
import { save } from "../format";
import { type KeyFile, KeyFileError, keep, kept, lock, parseKeyFile, requireHead, unlock } from "../keyfile";
import { FileField, Field } from "./fields";

/** The file of a bounty's key, by its name. */
export const keyFileName = (file: KeyFile): string => `zkml-${file.role}-${file.bounty.slice(0, 10)}.key.json`;

/** What is typed a second time, before money depends on it. */
export const AGAIN = "The same again";

/** Encrypts new secrets, opens the file as it will be opened, keeps it in this browser, and has it saved. */
export async function lockAndSave(head: Pick<KeyFile, "role" | "chain" | "bounty" | "account">, secrets: string, passphrase: string, again: string): Promise<void> {
  const file = await lock(head, secrets, passphrase);
  const opened = await unlock(file, again).catch(() => null);
  if (opened !== secrets) throw new KeyFileError(`the passphrase and "${AGAIN}" are not the same; type both anew`);
  keep(file, true);
  save(keyFileName(file), JSON.stringify(file, null, 2), "application/json");
}

export type Opening = {
  /** Opens the key file. It is kept, if none is. */
  secrets: () => Promise<string>;
  /** Keeps it in any case: its key was found to be the one that the chain has. */
  genuine: () => void;
  hasFile: boolean;
  passphrase: string;
  again: string;
};

/** The passphrase, and the key file where this browser has none; `makes`: or a new one. */
export function useOpening(role: KeyFile["role"], chain: number, bounty: Address, account: Address | undefined, makes: boolean): [Opening, React.ReactNode] {
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [given, setGiven] = useState<KeyFile | null>(null);
  const [error, setError] = useState<string | null>(null);
  const head = { role, chain, bounty, account: account ?? zeroAddress };
  const file = given ?? kept(head);
  const where = given ? "this browser has the encrypted file for this visit; it is kept once it opens" : "this browser has the encrypted file";
  const view = (
    <>
      <Field label="Passphrase of the key file" type="password" value={passphrase} onChange={setPassphrase} hint={file ? where : "at least 8 characters"} />
      {makes && !file && <Field label={AGAIN} type="password" value={again} onChange={setAgain} hint="without it, what you committed to can't be proven" />}
      <FileField
        label={file ? "Another key file" : "Key file, if you have one of this bounty"}
        accept=".json,application/json"
        onFiles={async ([chosen]) => {
          setError(null);
          if (!chosen) return;
          try {
            const read = parseKeyFile(await chosen.text());
            requireHead(read, head);
            setGiven(read);
          } catch (caught) {
            setError(`${chosen.name}: ${(caught as Error).message}`);
          }
        }}
      />
      {error && (
        <p role="alert" className="error">
          {error}
        </p>
      )}
    </>
  );
  const secrets = async () => {
    if (!file) throw new Error("there is no key file of this bounty in this browser; choose the one that was saved");
    const opened = await unlock(file, passphrase);
    keep(file, false);
    return opened;
  };
  return [{ secrets, genuine: () => file && keep(file, true), hasFile: file !== null, passphrase, again }, view];
}
