"""LaTeX tables for a paper: budgets, verdicts and relative losses. They need the packages booktabs and longtable."""

from __future__ import annotations

from collections.abc import Iterator

from synth_eval.report.view import DataTable, Entry, ReportView
from synth_eval.text import visible

PAGE = 40  # rows of a table that fits a page; a longer one becomes a longtable
PREAMBLE = r"% made by synth-eval report; needs \usepackage{booktabs,longtable} and \usepackage[T1]{fontenc}"
ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}",
}  # fmt: skip


def latex_tables(view: ReportView) -> str:
    r"""Each table with caption and label, to be taken in by ``\input``; one that is longer than a page may break.

    Returns
    -------
    str : LaTeX. Every text of the comparison is escaped.
    """
    losses = (loss.table for loss in view.losses)
    tables = [view.budgets, view.verdicts, *losses, *view.grids, view.leads, view.contrasts]
    parts = [PREAMBLE]
    parts += ["\n".join(_table(table)) for table in tables if table is not None and table.rows]
    return "\n\n".join(parts) + "\n"


def _table(table: DataTable) -> Iterator[str]:
    numeric = [
        any(row[i].sort is not None for row in table.rows) and i > 0 for i in range(len(table.columns))
    ]  # the first column names the row
    columns = "".join("r" if right else "l" for right in numeric)
    caption = rf"\caption{{{escaped(table.title)}. {escaped(table.note)}}}\label{{tab:{table.name}}}"
    long = len(table.rows) > PAGE
    if long:
        yield rf"\begin{{longtable}}{{{columns}}}"
        yield caption + r" \\"
    else:
        yield from (r"\begin{table}[htbp]", r"\centering\small", caption, rf"\begin{{tabular}}{{{columns}}}")
    yield r"\toprule"
    yield " & ".join(escaped(column) for column in table.columns) + r" \\"
    yield r"\midrule"
    if long:
        yield r"\endhead"
    for row in table.rows:
        yield " & ".join(_entry(entry) for entry in row) + r" \\"
    yield r"\bottomrule"
    yield from (r"\end{longtable}",) if long else (r"\end{tabular}", r"\end{table}")


def _entry(entry: Entry) -> str:
    return escaped(f"{entry.text} ({entry.note})" if entry.note and entry.sort is None else entry.text)


def escaped(text: str) -> str:
    """Text that LaTeX prints as it is; control characters become visible."""
    return "".join(ESCAPED.get(character, character) for character in visible(text))
