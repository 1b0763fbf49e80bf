/** Figures that people compare, as horizontal bars; the same figures are in the text beside each, which is what screen readers read. */
export function Bars({
  title,
  rows,
  max,
  mark,
}: {
  title: string;
  rows: { name: string; value: number; text: string }[];
  max?: number;
  /** A line across all bars: the threshold. */
  mark?: { value: number; text: string };
}) {
  if (rows.length === 0) return null;
  const most = Math.max(max ?? 0, mark?.value ?? 0, ...rows.map((row) => row.value), 1);
  const width = (value: number) => (100 * value) / most;
  return (
    <figure className="bars">
      <figcaption>
        {title}
        {mark && <span> ({mark.text})</span>}
      </figcaption>
      <ul>
        {rows.map((row) => (
          <li key={row.name}>
            <span className="name full">{row.name}</span>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect className="track" width="100" height="8" />
              <rect className="bar" width={width(row.value)} height="8" />
              {mark && <rect className="mark" x={Math.min(width(mark.value), 99.4)} width="0.6" height="8" />}
            </svg>
            <span className="value">{row.text}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
