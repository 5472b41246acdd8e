"""comparison.json of schema 1 as it would be in schema 2: cells were flat, rows were open, outputs held three kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from synth_eval.cell import CurveSummary, Place, Verdict
from synth_eval.comparison import (
    Budget,
    CheckpointRecord,
    Collapse,
    Comparison,
    Contrast,
    Finding,
    GateFailure,
    GateResult,
    Lead,
    MeanLoss,
)
from synth_eval.errors import ResultsError

Row = Mapping[str, Any]

PLACE, DATA, VERDICT = ({field.name for field in fields(kind)} for kind in (Place, CurveSummary, Verdict))
IN_CELL = {"task", "category", "metric", "higher_is_better", "display_only", *PLACE, *DATA, *VERDICT, "verdict"}
IN_CELL -= {"word", "refusal"}
AT_CHANCE = "not clearly above chance"  # in a reason of schema 1, which had no codes


def upgraded(data: Row) -> dict[str, Any]:
    """A comparison of schema 1 as a dict of schema 2.

    Raises
    ------
    ResultsError : a key that schema 1 did not have, or none that it needs.
    """
    known = {field.name for field in fields(Comparison)} | {"outputs"}
    known -= {"collapses", "text_leads", "text_contrasts", "overall", "correction"}
    _check(data, known, ("family", "created", "provenance", "cells", "checkpoints"), "comparison")
    outputs = data.get("outputs", ())
    made: dict[str, Any] = {key: value for key, value in data.items() if key != "outputs"}
    made["schema"] = 2
    made["cells"] = [_cell(cell, f"cells {i}") for i, cell in enumerate(data["cells"])]
    made["characteristics"] = [
        _cell(cell, f"characteristics {i}") for i, cell in enumerate(data.get("characteristics", ()))
    ]
    records = {field.name for field in fields(CheckpointRecord)}
    for i, record in enumerate(data["checkpoints"]):
        _check(record, records, ("name", "ratio"), f"checkpoints {i}")
    made["contrasts"] = [_contrast(row) for row in data.get("contrasts", ())]
    made["leads"] = [_row(Lead, row, task="", reason="") for row in data.get("leads", ())]
    made["budgets"] = [_row(Budget, row) for row in data.get("budgets", ())]
    made["findings"] = [_row(Finding, row, reason="", published="") for row in data.get("findings", ())]
    made["mean_losses"] = [_row(MeanLoss, row) for row in data.get("mean_losses", ())]
    made["collapses"] = [_row(Collapse, row) for row in outputs if row["kind"] == "collapse"]
    made["text_leads"] = [_row(Lead, row) for row in outputs if row["kind"] == "lead"]
    made["text_contrasts"] = [_contrast(row) for row in outputs if row["kind"] not in ("collapse", "lead")]
    made["gate"] = [
        _row(GateResult, {**row, "failed": [_row(GateFailure, each) for each in row["failed"]]})
        for row in data.get("gate", ())
    ]
    return made


def _cell(cell: Row, where: str) -> dict[str, Any]:
    needed = ("task", "category", "metric", "higher_is_better", "size", "iteration", "source", "verdict", "reason")
    _check(cell, IN_CELL, needed, where)
    verdict = {key: cell[key] for key in VERDICT if key in cell} | {"word": cell["verdict"]}
    if cell["verdict"] == "refused":
        shown = cell.get("display_only", False)
        verdict["refusal"] = "display only" if shown else "at chance" if AT_CHANCE in cell["reason"] else "other"
    rest = ("task", "category", "metric", "higher_is_better", "display_only")
    return {
        **{key: cell[key] for key in rest if key in cell},
        "place": _place(cell),
        "data": {key: cell[key] for key in DATA if key in cell},
        "verdict": verdict,
    }


def _contrast(row: Row) -> dict[str, Any]:
    """The part of the place that a contrast is over is that of its first."""
    place = _place(row)
    if row.get("kind") in PLACE:
        place[row["kind"]] = row["first"]
    return _row(Contrast, {**row, "place": place})


def _place(row: Row) -> dict[str, Any]:
    place = {"size": row.get("size", ""), "iteration": row.get("iteration", 1), "source": row.get("source", "")}
    return {**place, "tokens": row.get("tokens")}


def _row(kind: type, row: Row, **otherwise: Any) -> dict[str, Any]:
    """What a row of this kind still holds; schema 1 allowed anything beside it."""
    names = {field.name: field for field in fields(kind)}
    place = {"place": row.get("place") or _place(row)} if "place" in names else {}
    optional = {name for name, field in names.items() if field.default is not MISSING}
    kept = {name: row[name] for name in names if name in row and not (row[name] is None and name in optional)}
    return {**otherwise, **kept, **place}


def _check(data: Row, known: set[str], needed: tuple[str, ...], where: str) -> None:
    unknown = [key for key in data if key not in known]
    missing = [key for key in needed if key not in data]
    if unknown or missing:
        problem = f"unknown key {unknown[0]!r}" if unknown else f"no {missing[0]!r}"
        raise ResultsError(f"{where} has {problem}: run synth-eval compare again")
