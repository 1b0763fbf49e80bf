import { type ReactNode, useId } from "react";
import { Input, Label, Text, TextField } from "react-aria-components";

export function Field({
  label,
  value,
  onChange,
  hint,
  type = "text",
  required = false,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  type?: "text" | "password";
  required?: boolean;
}) {
  return (
    <TextField value={value} onChange={onChange} isRequired={required} type={type} className="field" autoComplete={type === "password" ? "new-password" : "off"}>
      <Label>{label}</Label>
      <Input spellCheck={false} />
      {hint && <Text slot="description">{hint}</Text>}
    </TextField>
  );
}

export function FileField({
  label,
  hint,
  accept,
  multiple = false,
  folder = false,
  onFiles,
}: {
  label: string;
  hint?: string;
  accept?: string;
  multiple?: boolean;
  folder?: boolean;
  onFiles: (files: File[]) => void;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="file"
        accept={accept}
        multiple={multiple}
        {...(folder ? { webkitdirectory: "" } : {})}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onFiles([...(event.target.files ?? [])])}
      />
      {hint && <span id={`${id}-hint`}>{hint}</span>}
    </div>
  );
}

export function Check({ label, checked, onChange }: { label: ReactNode; checked: boolean; onChange: (checked: boolean) => void }) {
  const id = useId();
  return (
    <div className="check">
      <input id={id} type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <label htmlFor={id}>{label}</label>
    </div>
  );
}

export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: [T, string][];
  onChange: (value: T) => void;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value as T)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Terms({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="terms">
      {rows.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd className="full">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
