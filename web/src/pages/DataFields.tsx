import { useState } from "react";
import type { Data } from "../data";
import type { PackageSummary } from "../package";
import { FileField } from "../parts/fields";

/** Labels of a file: a list, or names with labels, as JSON; or lines of `name,label` or of labels. */
export function labelsOf(text: string, names: string[]): number[] {
  const label = (value: unknown, where: string): number => {
    const n = typeof value === "number" ? value : /^\d+$/.test(String(value).trim()) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(n) || n < 0) throw new Error(`the label of ${where} is ${JSON.stringify(value)}, expected a class, from 0 on`);
    return n;
  };
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    const rows = text.split(/\r?\n/).filter((line) => line.trim() !== "").map((line) => line.split(","));
    found = rows.every((row) => row.length === 2) ? Object.fromEntries(rows.map(([name = "", value = ""]) => [name.trim(), value.trim()])) : rows.map((row) => row[0]);
  }
  if (Array.isArray(found)) {
    if (found.length !== names.length) throw new Error(`there are ${found.length} labels and ${names.length} files, expected one for each`);
    return found.map((value, i) => label(value, names[i] ?? `${i}`));
  }
  if (typeof found !== "object" || found === null) throw new Error("the labels can't be read: give a JSON list, or an object of names, or lines of a label or of name,label");
  const by = found as Record<string, unknown>;
  return names.map((name) => {
    const value = by[name] ?? by[name.replace(/\.[^.]*$/, "")];
    if (value === undefined) throw new Error(`${name} has no label; give one for each file`);
    return label(value, name);
  });
}

export function DataFields({ pack, onData }: { pack: PackageSummary | null; onData: (data: Data | null) => void }) {
  const [files, setFiles] = useState<File[]>([]);
  const [labels, setLabels] = useState<File | null>(null);
  const [said, setSaid] = useState<{ error: boolean; text: string } | null>(null);
  async function both(chosen: File[], labelFile: File | null): Promise<void> {
    onData(null);
    setSaid(null);
    if (chosen.length === 0 || !labelFile) return;
    try {
      const sorted = [...chosen].sort((a, b) => (a.name < b.name ? -1 : 1));
      const contents = await Promise.all(sorted.map(async (file) => new Uint8Array(await file.arrayBuffer())));
      const wrong = pack ? contents.findIndex((bytes) => bytes.length !== pack.fileBytes) : -1;
      if (pack && wrong >= 0) throw new Error(`${sorted[wrong]?.name} has ${contents[wrong]?.length} bytes, expected ${pack.fileBytes}`);
      const list = labelsOf(await labelFile.text(), sorted.map((file) => file.name));
      onData({ files: contents, labels: list });
      setSaid({ error: false, text: `${list.length} files with labels, in the order of their names` });
    } catch (error) {
      setSaid({ error: true, text: (error as Error).message });
    }
  }
  return (
    <>
      <FileField
        label="Files of the data"
        multiple
        hint={pack ? `each of ${pack.fileBytes} bytes; a multiple of ${pack.groups * pack.items} files` : "rebuild the package first"}
        onFiles={(chosen) => {
          setFiles(chosen);
          void both(chosen, labels);
        }}
      />
      <FileField
        label="Labels (.json, .csv)"
        accept=".json,.csv,.txt"
        onFiles={([chosen]) => {
          setLabels(chosen ?? null);
          void both(files, chosen ?? null);
        }}
      />
      <div role="status">{said && <p className={said.error ? "error" : "good"}>{said.text}</p>}</div>
    </>
  );
}
