"""The comparison in one line of JSON, for a pipeline. docs/gate.md and summary.schema.json describe it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from synth_eval.comparison import Comparison
from synth_eval.errors import ExitCode
from synth_eval.report.view.curves import curves_of, overall_curves_of

SCHEMA = 1
WORDS = ("degraded", "inconclusive", "safe", "improved", "refused")


def summary_of(comparison: Comparison, *, exit_code: ExitCode, results: str) -> dict[str, Any]:
    """What a pipeline needs first.

    Parameters
    ----------
    exit_code : what the command returns.
    results : the folder with comparison.json.

    Returns
    -------
    dict, as docs/summary.schema.json has it: ``overall`` has the suite and the categories,
    ``curves`` counts tasks at each place of the grid by the verdict of their
    headline metric, ``metrics`` all verdicts.
    """
    rows = comparison.gate
    curves: Counter[str] = Counter(curve.headline.verdict.word for curve in curves_of(comparison))
    metrics: Counter[str] = Counter(cell.verdict.word for cell in comparison.cells if not cell.display_only)
    return {
        "schema": SCHEMA,
        "family": comparison.family,
        "created": comparison.created,
        "exit_code": int(exit_code),
        "gate": "none" if not rows else "passed" if all(row.passed for row in rows) else "failed",
        "failed_rules": [
            {"rule": row.rule, "where": row.where, "reason": row.reason, "curves": len(row.failed)}
            for row in rows
            if not row.passed
        ],
        "overall": [
            {
                **vars(cell.place),
                "level": cell.level,
                "name": cell.task,
                "metric": cell.metric,
                "verdict": cell.verdict.word,
                "probably": cell.verdict.probably,
                "budget": cell.verdict.budget,
            }
            for cell in (curve.headline for curve in overall_curves_of(comparison))
        ],
        "curves": {word: curves[word] for word in WORDS},
        "metrics": {word: metrics[word] for word in WORDS},
        "budgets": [
            {
                **vars(row.place),
                "category": row.category,
                "verdict": row.verdict,
                "budget": row.budget,
                "mean": row.mean and row.mean.budget,
                "calibration": row.calibration and row.calibration.budget,
            }
            for row in comparison.budgets
        ],
        "checkpoints": len(comparison.checkpoints),
        "checkpoints_failed": sum(bool(record.failed) for record in comparison.checkpoints),
        "warnings": len(comparison.warnings),
        "results": results,
    }


def summary_line(comparison: Comparison, *, exit_code: ExitCode, results: str) -> str:
    """`summary_of` as JSON in ASCII: one line, whatever counts as a line break where it is read."""
    found = summary_of(comparison, exit_code=exit_code, results=results)
    return json.dumps(found, allow_nan=False)
