"""report.md: the report as a comment on a pull request, short enough to be read there."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from synth_eval.report.view import DataTable, Entry, ReportView, Status
from synth_eval.report.view.summaries import tally
from synth_eval.text import joined, visible

SYMBOL = {"degraded": "❌", "inconclusive": "❔", "safe": "✅", "refused": "➖"}
OPEN = 12  # verdicts that are not folded
LONGEST = 60_000  # characters; GitHub takes comments of 65,536
SPECIAL = "\\`*_{}[]<>#|~"  # what Markdown and GitHub's tables would read; @ is dealt with apart


def markdown_report(view: ReportView) -> str:
    """Headline, budgets and verdicts; the other tables folded, as many as fit into a comment.

    Returns
    -------
    str : GitHub-flavoured Markdown. Every text of the comparison is escaped, and names nobody (no @mention).
    """
    head, tail = "\n".join(_head(view)), "\n".join(_tail(view))
    outputs = [] if view.outputs is None else [view.outputs.stages, view.outputs.leads, view.outputs.iterations]
    tables = [view.leads, view.contrasts, view.findings, *outputs, view.verdicts, *(loss.table for loss in view.losses)]
    folded, left_out = [], 0
    room = LONGEST - len(head) - len(tail)
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
    yield f"## {escaped(view.title)}"
    yield ""
    for i, sentence in enumerate(view.headline):
        yield f"**{escaped(sentence)}**" if i == 0 else escaped(sentence)
        yield ""
    if view.gate is not None:
        yield f"### {escaped(view.gate.title)}"
        yield ""
        yield from _table(view.gate)
        yield ""
    if view.budgets is not None:
        yield f"### {escaped(view.budgets.title)}"
        yield ""
        yield from _table(view.budgets)
        yield escaped(view.budgets.note)
        yield ""
    if view.statuses:
        yield "### Verdicts"
        yield ""
        yield from _verdicts(view.statuses[:OPEN])
        if more := view.statuses[OPEN:]:
            yield from _open(f"{len(more)} more verdicts: {tally(status.word for status in more)}")
            yield from _verdicts(more)
            yield "</details>"
            yield ""


def _verdicts(statuses: Sequence[Status]) -> Iterator[str]:
    yield from _rows(
        ("verdict", "curve", "why"),
        [
            (
                f"{SYMBOL[status.word]} {status.word}",
                escaped(status.title),
                escaped(joined(status.sentence, status.also, between="; ")),
            )
            for status in statuses
        ],
    )


def _tail(view: ReportView) -> Iterator[str]:
    for title, lines in (("Warnings", view.warnings), ("Failed checkpoints", view.failures)):
        if lines:
            yield f"### {title}"
            yield ""
            yield from (f"- {escaped(line)}" for line in lines)
            yield ""
    yield from _open("How to read this, settings and versions")
    yield escaped(view.legend)
    yield ""
    yield from (f"- {escaped(name)}: {escaped(value)}" for name, value in view.provenance)
    yield ""
    yield "</details>"


def _folded(table: DataTable) -> Iterator[str]:
    yield from _open(escaped(table.title))
    yield from _table(table)
    if table.note:
        yield escaped(table.note)
        yield ""
    yield "</details>"
    yield ""


def _open(title: str) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""


def _table(table: DataTable) -> Iterator[str]:
    heads = [escaped(column) for column in table.columns]
    yield from _rows(heads, [[_entry(entry) for entry in row] for row in table.rows])


def _entry(entry: Entry) -> str:
    text = escaped(entry.text)
    if entry.tone in SYMBOL and entry.text == entry.tone:
        text = f"{SYMBOL[entry.tone]} {text}"
    return f"{text}<br>{escaped(entry.note)}" if entry.note else text


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line; control characters become visible."""
    marked = "".join(f"\\{c}" if c in SPECIAL and c not in "<>" else c for c in visible(text))
    return html.escape(marked, quote=False).replace("@", "&#64;")
