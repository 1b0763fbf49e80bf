import { useState } from "react";
import type { Address } from "viem";
import { same, save } from "../format";
import { type KeyFile, keep, kept, lock, parseKeyFile, unlock } from "../keyfile";
import { FileField, Field } from "./fields";

/** The file of a bounty's key, by its name. */
export const keyFileName = (file: KeyFile): string => `zkml-${file.role}-${file.bounty.slice(0, 10)}.key.json`;

/** Encrypts new secrets, keeps the file in this browser, and has it saved. */
export async function lockAndSave(head: Pick<KeyFile, "role" | "chain" | "bounty" | "account">, secrets: string, passphrase: string): Promise<void> {
  const file = await lock(head, secrets, passphrase);
  keep(file);
  save(keyFileName(file), JSON.stringify(file, null, 2), "application/json");
}

export type Opening = { secrets: () => Promise<string>; hasFile: boolean; passphrase: string };

/** The passphrase, and the key file where this browser has none. */
export function useOpening(role: KeyFile["role"], chain: number, bounty: Address, account: Address | undefined): [Opening, React.ReactNode] {
  const [passphrase, setPassphrase] = useState("");
  const [given, setGiven] = useState<KeyFile | null>(null);
  const [error, setError] = useState<string | null>(null);
  const file = given ?? (account ? kept({ role, chain, bounty, account }) : null);
  const view = (
    <>
      <Field label="Passphrase of the key file" type="password" value={passphrase} onChange={setPassphrase} hint={file ? "this browser has the encrypted file" : "at least 8 characters"} />
      <FileField
        label={file ? "Another key file" : "Key file, if you have one of this bounty"}
        accept=".json,application/json"
        onFiles={async ([chosen]) => {
          setError(null);
          if (!chosen) return;
          try {
            const read = parseKeyFile(await chosen.text());
            if (read.role !== role || read.chain !== chain || !same(read.bounty, bounty))
              throw new Error(`the key file is of the ${read.role} of ${read.bounty} on chain ${read.chain}, expected the ${role} of ${bounty} on chain ${chain}`);
            if (!same(read.account, account)) throw new Error(`the key file is of the account ${read.account}, expected ${account}`);
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
    // Not before it has opened: a damaged one does not take the place of the one that is kept.
    keep(file);
    return opened;
  };
  return [{ secrets, hasFile: file !== null, passphrase }, view];
}
