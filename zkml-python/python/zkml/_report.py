"""Reports as tables: lists of dictionaries, which `pandas.DataFrame` takes, shown as HTML in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Optional


class Table(Sequence):
    """Rows of one report, with a caption: `pandas.DataFrame(table)` is its data frame."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], caption: str = "", bar: Optional[str] = None):
        self.rows = [dict(row) for row in rows]
        self.caption = caption
        #: The column that is drawn as bars.
        self.bar = bar

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]

    def columns(self) -> list[str]:
        """The names of the columns, in the order in which rows name them."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __repr__(self) -> str:
        columns = self.columns()
        cells = [columns] + [[_text(row.get(name)) for name in columns] for row in self.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]
        return "\n".join([self.caption] * bool(self.caption) + lines)

    def _repr_html_(self) -> str:
        columns = self.columns()
        most = max((row.get(self.bar) or 0 for row in self.rows), default=0) if self.bar else 0
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        body = []
        for row in self.rows:
            cells = []
            for name in columns:
                style = ""
                if name == self.bar and most:
                    share = 100 * (row.get(name) or 0) / most
                    style = f' style="background: linear-gradient(90deg, #cfe3ff {share:.1f}%, transparent {share:.1f}%)"'
                cells.append(f"<td{style}>{escape(_text(row.get(name)))}</td>")
            body.append(f"<tr>{''.join(cells)}</tr>")
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def report(circuit) -> Table:
    """What a circuit costs, by layer and gadget."""
    costs = circuit.report()
    rows = [
        {"node": row["node"], "layer": row["layer"], "gadget": row["gadget"], "constraints": row["cost"]["constraints"]}
        for row in costs["rows"]
    ]
    caption = (
        f"{costs['model']}, {costs['system']}: {costs['total']['constraints']:,} constraints, "
        f"key {costs['proving_key_bytes'] / 1e6:.1f} MB, a proof in about {costs['seconds']:.2f} s "
        f"and {costs['memory_bytes'] / 2**20:,.0f} MiB"
    )
    return Table(rows, caption, bar="constraints")


def budget(quantized, *, system: str = "groth16", batch: int = 1) -> Table:
    """What a circuit would cost, by layer and gadget, before it is built."""
    rows = quantized.budget(system=system, batch=batch)
    total = sum(row["constraints"] for row in rows)
    return Table(rows, f"{system}: {total:,} constraints", bar="constraints")


def fidelity(quantized, samples) -> Table:
    """How near the integers are to the floats, layer by layer."""
    found = quantized.fidelity(samples)
    same = found["same_class"]
    agreement = "" if same is None else f"{same} of {found['samples']} keep their class, "
    caption = f"{agreement}no score is off by more than {found['max_error']:.3g} on {found['samples']} samples"
    return Table(found["layers"], caption)
