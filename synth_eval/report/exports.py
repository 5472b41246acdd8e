"""report.md, a comment on a pull request that is short enough to be read there, and report.tex, tables for a paper."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from synth_eval.report.view import DataTable, Entry, ReportView
from synth_eval.report.view.model import Status
from synth_eval.report.view.summaries import tally
from synth_eval.text import joined, visible

SYMBOL = {"degraded": "❌", "inconclusive": "❔", "safe": "✅", "improved": "🔼", "refused": "➖"}
OPEN = 12  # verdicts that are not folded
MAX_LENGTH = 60_000  # characters; GitHub takes comments of 65,536
MARKDOWN = "\\`*_{}[]<>#|~"  # what Markdown and GitHub's tables would read; @ is dealt with apart
PAGE = 40  # rows of a table that fits a page of a paper; a longer one becomes a longtable
PREAMBLE = r"% made by synth-eval report; needs \usepackage{booktabs,longtable} and \usepackage[T1]{fontenc}"
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}",
}  # fmt: skip


def markdown_report(view: ReportView) -> str:
    """Headline, budgets and verdicts; the other tables folded, as many as fit into a comment.

    Returns
    -------
    str : GitHub-flavoured Markdown. Every text of the comparison is escaped, and names nobody (no @mention).
    """
    head, tail = "\n".join(_head(view)), "\n".join(_tail(view))
    outputs = [] if view.outputs is None else [view.outputs.stages, view.outputs.leads, view.outputs.iterations]
    tables = [view.leads, view.contrasts, view.findings, *outputs, view.verdicts, *view.losses]
    folded, left_out = [], 0
    room = MAX_LENGTH - len(head) - len(tail)
    for table in tables:
        text = "\n".join(_folded(table)) if table is not None and table.rows else ""
        left_out += len(text) >= room
        if text and len(text) < room:
            folded.append(text)
            room -= len(text) + 1
    if left_out:
        folded.append(f"{left_out} more tables are in report.html: this comment would be too long with them.\n")
    return "\n".join([head, *folded, tail]) + "\n"


def _head(view: ReportView) -> Iterator[str]:
    yield f"## {escape_markdown(view.title)}\n"
    for i, sentence in enumerate(map(escape_markdown, view.headline)):
        yield f"**{sentence}**\n" if i == 0 else f"{sentence}\n"
    for table, note in ((view.gate, False), (view.budgets, True)):
        if table is not None:
            yield f"### {escape_markdown(table.title)}\n"
            yield from _table(table)
            yield f"{escape_markdown(table.note)}\n" if note else ""
    if view.overall:
        yield "### Suite and categories\n"
        yield from _folded_verdicts(view.overall)
    if view.statuses:
        yield "### Tasks\n"
        yield from _folded_verdicts(view.statuses)


def _folded_verdicts(statuses: Sequence[Status]) -> Iterator[str]:
    yield from _verdicts(statuses[:OPEN])
    if more := statuses[OPEN:]:
        yield _open(f"{len(more)} more verdicts: {tally(status.label for status in more)}")
        yield from _verdicts(more)
        yield "</details>\n"


def _verdicts(statuses: Sequence[Status]) -> Iterator[str]:
    rows = [(f"{SYMBOL[e.word]} {e.label}", e.title, joined(e.sentence, e.also, between="; ")) for e in statuses]
    return _rows(("verdict", "curve", "why"), [list(map(escape_markdown, row)) for row in rows])


def _tail(view: ReportView) -> Iterator[str]:
    for title, lines in (("Warnings", view.warnings), ("Failed checkpoints", view.failures)):
        if lines:
            yield f"### {title}\n"
            yield from (f"- {escape_markdown(line)}" for line in lines)
            yield ""
    yield _open("How to read this, settings and versions")
    yield f"{escape_markdown(view.legend)}\n"
    yield from (f"- {escape_markdown(name)}: {escape_markdown(value)}" for name, value in view.provenance)
    yield "\n</details>"


def _folded(table: DataTable) -> Iterator[str]:
    yield _open(escape_markdown(table.title))
    yield from _table(table)
    if table.note:
        yield f"{escape_markdown(table.note)}\n"
    yield "</details>\n"


def _open(title: str) -> str:
    return f"<details><summary>{title}</summary>\n"


def _table(table: DataTable) -> Iterator[str]:
    heads = [escape_markdown(column) for column in table.columns]
    yield from _rows(heads, [[_entry(entry) for entry in row] for row in table.rows])


def _entry(entry: Entry) -> str:
    text = escape_markdown(entry.text)
    if entry.tone in SYMBOL and entry.text == entry.tone:
        text = f"{SYMBOL[entry.tone]} {text}"
    return f"{text}<br>{escape_markdown(entry.note)}" if entry.note else text


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line; control characters become visible."""
    marked = "".join(f"\\{c}" if c in MARKDOWN and c not in "<>" else c for c in visible(text))
    return html.escape(marked, quote=False).replace("@", "&#64;")


def latex_tables(view: ReportView) -> str:
    r"""Tables for a paper: budgets, verdicts and relative losses. They need the packages booktabs and longtable.

    Each table has a caption and a label, to be taken in by ``\input``; one that is longer than a page may break.

    Returns
    -------
    str : LaTeX. Every text of the comparison is escaped.
    """
    tables = [view.budgets, view.verdicts, *view.losses, *view.grids, view.leads, view.contrasts]
    return "\n\n".join([PREAMBLE, *(_latex(table) for table in tables if table is not None and table.rows)]) + "\n"


def _latex(table: DataTable) -> str:
    import pandas as pd

    texts = [
        [escape_latex(e.text if e.sort is not None or not e.note else f"{e.text} ({e.note})") for e in row]
        for row in table.rows
    ]
    numeric = [i > 0 and any(row[i].sort is not None for row in table.rows) for i in range(len(table.columns))]
    frame = pd.DataFrame(texts, columns=[escape_latex(column) for column in table.columns])
    long = len(table.rows) > PAGE
    made = frame.style.hide(axis="index").to_latex(
        column_format="".join("r" if right else "l" for right in numeric),
        caption=f"{escape_latex(table.title)}. {escape_latex(table.note)}",
        label=f"tab:{table.name}",
        position=None if long else "htbp",
        position_float=None if long else "centering",
        environment="longtable" if long else None,
        hrules=True,
    )
    return made.replace(r"\centering", r"\centering\small", 1).rstrip()


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it is; control characters become visible."""
    return "".join(LATEX.get(character, character) for character in visible(text))
