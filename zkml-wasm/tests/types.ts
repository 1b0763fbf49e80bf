// What TypeScript is to accept, and what it is to refuse.
import init, {
  Circuit,
  Model,
  ProvingKey,
  VerifyError,
  VerifyingKey,
  ZkmlError,
  fileKind,
  type FileKind,
  type PublicValue,
  type Statement,
  type System,
} from "zkml-dsl";

export async function all(bytes: Uint8Array): Promise<Statement> {
  await init();
  const kind: FileKind | undefined = fileKind(bytes);
  const key = VerifyingKey.fromBytes(bytes);
  const system: System = key.systemName;
  const from = key.provenance;
  const transcript: string | undefined = from.kind === "ceremony" ? from.transcript : undefined;
  const model = Model.fromOnnx(bytes, { range: { whole: [0, 16] }, answer: "class" });
  const circuit = Circuit.fromBytes(bytes).withWeights(model, "{}");
  const { proof, openings } = circuit.prove(ProvingKey.fromBytes(bytes), [1, 2]);
  const salts: string[] = openings.map((opening) => opening.salt);
  const statement = key.verify(proof, [{ name: "output", class: 3 }]);
  console.log(kind, system, transcript, salts, statement.values.map(words));
  // @ts-expect-error an answer has no such field
  key.verify(proof, [{ name: "output", clas: 3 }]);
  // @ts-expect-error there is no such option
  Model.fromOnnx(bytes, { rnage: { whole: [0, 16] } });
  // @ts-expect-error keys are made of bytes
  new VerifyingKey();
  return statement;
}

function words(value: PublicValue): string {
  switch (value.kind) {
    case "class":
      return `${value.class} of ${value.classes}`;
    case "tensor":
      return value.values.map((x) => x.toFixed(2)).join();
    case "commitment":
    case "element":
      return value.value;
  }
}

export function why(error: unknown): string[] {
  if (error instanceof VerifyError) return [error.kind, error.message];
  return error instanceof ZkmlError ? error.causes : [];
}
