"""Reliability curves of every choice task by ratio, for the small multiples of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from synth_eval.calibration import reliability_curve
from synth_eval.calibration.errors import expected_calibration_error
from synth_eval.compare.grid import Place, place_names
from synth_eval.compare.wording import percent
from synth_eval.manifest.baseline import is_over_tokens
from synth_eval.types import Family, ItemTable

BINS = 10
RESAMPLES = 300


def reliability_diagrams(
    family: Family, tables: Mapping[tuple[str, str], ItemTable]
) -> dict[str, list[dict[str, Any]]]:
    """Diagram data by title (a task at one place of the grid), one a ratio; seeds are pooled.

    Returns
    -------
    plain lists and numbers, fit for JSON: label, confidence, accuracy, null_low, null_high, count, note. Items of
    several seeds on one document are resampled together.
    """
    pools: dict[tuple[str, Place], dict[float, list[ItemTable]]] = {}
    over_tokens = is_over_tokens(family)
    places = {c.name: (c.size, c.iteration, c.source, c.tokens if over_tokens else None) for c in family.checkpoints}
    name_of = place_names(places.values())
    for checkpoint in family.checkpoints:
        for (name, task), table in tables.items():
            if name == checkpoint.name and table.kind == "choice" and len(table) > 1:
                key = (task, places[checkpoint.name])
                pools.setdefault(key, {}).setdefault(checkpoint.ratio, []).append(table)
    found = {}
    for (task, place), by_ratio in pools.items():
        title = f"{task}, {name_of[place]}" if name_of[place] else task
        found[title] = [_diagram(percent(ratio), by_ratio[ratio]) for ratio in sorted(by_ratio)]
    return found


def _diagram(label: str, tables: list[ItemTable]) -> dict[str, Any]:
    confidence = np.concatenate([np.asarray(table.columns["confidence"], dtype=float) for table in tables])
    correct = np.concatenate([np.asarray(table.columns["correct"], dtype=bool) for table in tables])
    together = len(tables) > 1
    documents = np.concatenate([table.columns["doc_hash"] for table in tables]) if together else None
    curve = reliability_curve(confidence, correct, bins=BINS, clusters=documents, resamples=RESAMPLES)
    ece = expected_calibration_error(confidence, correct)
    return {
        "label": label,
        **{
            name: [float(value) if np.isfinite(value) else None for value in getattr(curve, name)]
            for name in ("confidence", "accuracy", "null_low", "null_high", "count")
        },
        "note": f"ECE {ece:.3f}, {len(confidence):,} answers",
    }
