"""Published claims against one family: does it agree, disagree, or can it not decide? From intervals alone.

The claims are data (`published_claims.json`, each with its source); what one of them takes to be checked is here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, TypeAlias

from synth_eval.cell import Cell
from synth_eval.compare.metrics import Role, metric_named
from synth_eval.comparison import Comparison, Finding, FindingWord
from synth_eval.text import listed, percent

Found: TypeAlias = tuple[FindingWord, str]

MEAN = "mean loss"  # the measure of a contrast that counts, see `compare.contrasts`
Z = 1.959964


def findings_of(comparison: Comparison) -> tuple[Finding, ...]:
    """Every published claim against this family: agrees or disagrees only where the intervals leave no other reading;
    not tested where the family lacks what the claim is about."""
    claims = json.loads((files(__package__) / "published_claims.json").read_text(encoding="utf-8"))
    return tuple(
        Finding(claim["claim"], *_CHECKS[claim["check"]](comparison, claim), published=claim["source"])
        for claim in claims
    )


def _stable(comparison: Comparison, claim: Mapping[str, Any]) -> Found:
    """Agrees if every curve is shown safe up to there; disagrees if one crosses the margin before with confidence."""
    cells = _judged(comparison, "accuracy")
    tested = [
        ratio for cell in cells for ratio in cell.data.ratios if comparison.baseline_ratio < ratio <= claim["up_to"]
    ]
    if not tested:
        return "not tested", f"no accuracy curve with a ratio up to {percent(claim['up_to'])}"
    before = [
        cell
        for cell in cells
        if cell.verdict.word == "degraded"
        and cell.verdict.crossing_ci is not None
        and cell.verdict.crossing_ci[1] <= claim["up_to"]
    ]
    if before:
        return "disagrees", f"{_names(before)} {_verb(before)} below the margin before {percent(claim['up_to'])}"
    open_cells = [cell for cell in cells if not _shown_safe(cell, claim["up_to"], comparison.baseline_ratio)]
    if not open_cells:
        return "agrees", f"all {len(cells)} accuracy curves are shown safe up to {percent(max(tested))}"
    return "cannot tell", f"{len(open_cells)} of {len(cells)} accuracy curves are not shown safe: {_names(open_cells)}"


def _loss(comparison: Comparison, claim: Mapping[str, Any]) -> Found:
    """The mean relative loss of accuracy over curves and ratios, its error from the curves' own intervals."""
    losses, variances = [], []
    for cell in _judged(comparison, "accuracy"):
        at = [i for i, ratio in enumerate(cell.data.ratios) if claim["beyond"] < ratio <= claim["up_to"]]
        base = cell.data.values[cell.data.index(comparison.baseline_ratio) or 0]
        intervals = [cell.data.difference_ci[i] for i in at]
        if not at or base <= 0 or any(interval is None for interval in intervals):
            continue
        losses.append(sum(-cell.data.difference[i] for i in at) / len(at) / base)
        # one curve's ratios share their baseline, so its errors are taken as moving together
        widths = [(high - low) / (2 * Z) for low, high in (interval for interval in intervals if interval is not None)]
        variances.append((sum(widths) / len(widths) / base) ** 2)
    if not losses:
        asked = f"beyond {percent(claim['beyond'])} and up to {percent(claim['up_to'])}"
        return "not tested", f"no accuracy curve with a ratio {asked}"
    mean, half = sum(losses) / len(losses), Z * math.sqrt(sum(variances)) / len(losses)
    low, high = mean - half, mean + half
    reason = f"loss {_share(mean)} [{_share(low)}, {_share(high)}] of the baseline, mean of {len(losses)} curves"
    if claim["low"] <= low and high <= claim["high"]:
        return "agrees", reason
    if high < claim["low"] or low > claim["high"]:
        return "disagrees", reason
    return "cannot tell", reason


def _lead(comparison: Comparison, claim: Mapping[str, Any]) -> Found:
    words = [lead.verdict for lead in comparison.leads]
    early, late = words.count("early"), words.count("late")
    alone = words.count("accuracy not reached")
    known = f"calibration first in {early}, accuracy first in {late}, calibration alone in {alone} of {len(words)}"
    if not words:
        return "not tested", "no task with both accuracy and surprise gap"
    if early and not late:
        return "agrees", known
    if late and not early:
        return "disagrees", known
    return "cannot tell", known


def _contrast(comparison: Comparison, claim: Mapping[str, Any]) -> Found:
    """From the mean losses of both sides: the first minus the second is above 0 where the claim holds."""
    rows = [row for row in comparison.contrasts if row.kind == claim["contrast"] and row.measure == MEAN]
    if not rows:
        what = {"size": "one size only", "category": "not both categories"}
        return "not tested", what.get(claim["contrast"], "no such contrast")
    if all(row.verdict == "refused" for row in rows):
        return "cannot tell", rows[0].reason
    told = [(row.estimate or 0.0) > 0 for row in rows if row.verdict == "different"]
    known = f"{told.count(True)} of {len(rows)} contrasts for it, {told.count(False)} against it, the rest undetermined"
    if told and all(told):
        return "agrees", known
    if told and not any(told):
        return "disagrees", known
    return "cannot tell", known


def _best_ratio(comparison: Comparison, claim: Mapping[str, Any]) -> Found:
    cells = [cell for cell in _judged(comparison, "loss") if cell.place.source == claim["of_source"]]
    if not cells:
        return "not tested", f"no checkpoints with source {claim['of_source']!r}"
    best = [cell.verdict.best_ratio for cell in cells if cell.verdict.best_ratio is not None]
    inside = sum(claim["low"] <= ratio <= claim["high"] for ratio in best)
    # a best ratio has no interval here; `synth-eval scaling` gives one
    return "cannot tell", f"the best ratio lies near it in {inside} of {len(best)} curves; see synth-eval scaling"


_CHECKS: dict[str, Callable[[Comparison, Mapping[str, Any]], Found]] = {
    "stable": _stable,
    "loss": _loss,
    "lead": _lead,
    "contrast": _contrast,
    "best_ratio": _best_ratio,
}


def _judged(comparison: Comparison, role: Role) -> list[Cell]:
    judged = [cell for cell in comparison.cells if cell.verdict.p_value is not None]
    return [cell for cell in judged if metric_named(cell.metric).role == role]


def _shown_safe(cell: Cell, up_to: float, baseline: float) -> bool:
    wanted = [ratio for ratio in cell.data.ratios if baseline < ratio <= up_to]
    return cell.verdict.budget is not None and (not wanted or cell.verdict.budget >= max(wanted))


def _names(cells: Sequence[Cell]) -> str:
    return listed(dict.fromkeys(cell.task for cell in cells))


def _verb(cells: Sequence[Cell]) -> str:
    return "is" if len({cell.task for cell in cells}) == 1 else "are"


def _share(value: float) -> str:
    return f"{100 * value:.1f}%"
