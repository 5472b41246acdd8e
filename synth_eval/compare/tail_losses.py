"""Are rare items lost first, or all alike? Early and late collapse, where levels are the rarity of items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from synth_eval.cell import VerdictWord
from synth_eval.compare.pairing import item_labels
from synth_eval.compare.places import place_names
from synth_eval.compare.questions import JudgedCurve, headlines
from synth_eval.comparison import Contrast
from synth_eval.dose_response import CurveData, CurveVerdict, corrected, judge_curves
from synth_eval.skills.recall import NAME as RECALL
from synth_eval.text import joined, percent, rounded
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray

RARER_BY_LEVEL = (RECALL,)  # in other tasks a level is how hard an item is, not how seldom it is met
MIN_ITEMS = 50  # of either half
MARGIN = 0.03  # of what the baseline knew above chance
RUN_SD = 0.01  # of accuracy, between training runs, where too few measure it: as for accuracy itself
TAIL, HEAD, BOTH = "tail", "head", "tail against head"


@dataclass(frozen=True, eq=False)
class _Part:
    """A curve of what is kept (1 at the baseline) or, of `BOTH`, of what the tail kept less what the head kept."""

    verdict: CurveVerdict
    word: VerdictWord

    def at(self, ratio: float) -> tuple[float, tuple[float, float] | None, int]:
        """Loss since the baseline, its interval, and whether it is shown: 1 lost, -1 gained, 0 neither."""
        i = int(np.flatnonzero(self.verdict.ratios == ratio)[0])
        low, high = (-self.verdict.difference_ci[i][::-1]).tolist()
        known = bool(np.isfinite([low, high]).all())
        sign = int(low > 0) - int(high < 0) if known and self.word == "degraded" else 0
        return float(-self.verdict.difference[i]), (low, high) if known else None, sign


def tail_contrasts(judged: Sequence[JudgedCurve], tables: Mapping[tuple[str, str], ItemTable]) -> tuple[Contrast, ...]:
    """The loss of the rarer half of a task's levels (tail) against that of the other half (head), at each ratio.

    A loss is the share of what the baseline knew above chance: (b - a) / (b - chance). If every fact that was known is
    lost with the same probability, it is the same for both, though the points of accuracy are not. Three curves are
    judged by the curve test: tail, head, and their difference, on either side of 0; p-values are corrected (Holm) over
    all of these. Something is shown at a ratio where the curve is degraded and the interval there excludes 0. Items are
    drawn within each half, and noise between training runs is that of the curve in question.

    Parameters
    ----------
    judged : all inputs of the family; of each curve the headline counts, where its items are paired.
    tables : (checkpoint, task) -> item table, for the levels.

    Returns
    -------
    Contrasts of kind tail and measure loss: first the levels of the tail, second those of the head, estimate and
    interval their difference in shares; also tail_loss, head_loss, and stage:

    - early : the tail is lost, and more than the head, which is not shown to lose;
    - late : both are lost; verdict different where one more than the other;
    - "" : neither of these.

    References
    ----------
    Shumailov et al., "AI models collapse when trained on recursively generated data", Nature 631, 2024: early collapse
    loses information about the tails, late collapse keeps little of the original.
    """
    usable = [(each, rare) for each in headlines(judged) if (rare := _rare(each, tables)) is not None]
    curves = [curve for each, rare in usable for curve in _curves(each, rare[0])]
    verdicts = judge_curves(curves)
    words = [found.word for found in corrected(verdicts, ["tail"] * len(verdicts))]
    names = place_names(each.place for each in judged)
    rows: list[Contrast] = []
    for number, (each, (_, levels)) in enumerate(usable):
        tail, head, both = (_Part(verdicts[3 * number + i], words[3 * number + i]) for i in range(3))
        rows += _rows(each, names[each.place], levels, tail, head, both)
    return tuple(rows)


def _rare(
    each: JudgedCurve, tables: Mapping[tuple[str, str], ItemTable]
) -> tuple[BoolArray, tuple[list[int], list[int]]] | None:
    """Which items of a curve are rare, and the levels of both halves; None where that is not known of all."""
    given = each.input
    if given.task not in RARER_BY_LEVEL or each.word == "refused" or given.unpaired or not given.items:
        return None
    table = tables.get((given.checkpoints[0], given.task))
    if table is None or "level" not in table.columns:
        return None
    labels = item_labels(table, np.arange(len(table)))
    level_of = dict(zip(labels, np.asarray(table.columns["level"]).tolist()))
    levels = sorted(set(level_of.values()))
    if len(levels) < 2:
        return None
    head, tail = levels[: (len(levels) + 1) // 2], levels[(len(levels) + 1) // 2 :]
    rare = np.array([level_of[label] in tail for label in given.items])
    return (rare, (tail, head)) if min(rare.sum(), (~rare).sum()) >= MIN_ITEMS else None


def _curves(each: JudgedCurve, rare: BoolArray) -> tuple[CurveData, CurveData, CurveData]:
    """Tail, head, and tail less head, as curves of what is kept."""
    data = each.input.data
    kept, room = np.empty_like(data.scores), {}
    for half in (True, False):
        kept[rare == half], room[half] = _kept(data, data.scores[rare == half])
    centred = np.empty_like(kept)
    means = {half: kept[rare == half].mean(axis=0) for half in (True, False)}
    for half, sign in ((True, 1), (False, -1)):
        # centred within each half, or the draw of items would count how many of them are rare
        of_half = rare == half
        centred[of_half] = sign * len(rare) / of_half.sum() * (kept[of_half] - means[half])
    difference = centred + (means[True] - means[False])
    sd = {half: RUN_SD / max(room[half], RUN_SD) for half in (True, False)}

    def curve(scores: FloatArray, name: str, seed_sd: float, *, signed: bool) -> CurveData:
        return replace(
            data,
            scores=scores,
            weights=None,
            chance=None if signed else 0.0,
            margin=MARGIN,
            margin_kind="absolute",
            signed=signed,
            seed_sd=seed_sd,
            measure=f"{each.input.task} {name}",
        )

    return (
        curve(kept[rare], TAIL, sd[True], signed=False),
        curve(kept[~rare], HEAD, sd[False], signed=False),
        curve(difference, BOTH, float(np.hypot(sd[True], sd[False])), signed=True),
    )


def _kept(data: CurveData, scores: FloatArray) -> tuple[FloatArray, float]:
    """Items whose means are the share kept of what the baseline has above chance, and that room in accuracy.

    The room is taken as known: what its own error adds is small beside that of the accuracies, and where much is lost
    it makes intervals a little too wide.
    """
    above = scores - (data.chance or 0.0)
    room = float(above[:, data.ratios == data.baseline].mean())
    if room <= 0:
        return np.zeros_like(above), 0.0  # refused: the same everywhere
    return above / room, room


def _rows(
    each: JudgedCurve, place: str, levels: tuple[list[int], list[int]], tail: _Part, head: _Part, both: _Part
) -> Iterator[Contrast]:
    if "refused" in (tail.word, head.word, both.word):
        return
    names = tuple(f"level{'s' if len(half) > 1 else ''} {' and '.join(map(str, half))}" for half in levels)
    for ratio in both.verdict.ratios[both.verdict.ratios != each.input.data.baseline].tolist():
        (of_tail, _, tail_lost), (of_head, _, head_lost) = tail.at(ratio), head.at(ratio)
        more, interval, apart = both.at(ratio)
        lost = tail_lost > 0, head_lost > 0
        stage: Literal["early", "late", ""] = "late" if all(lost) else "early" if lost[0] and apart > 0 else ""
        title = joined(each.input.task, place)
        yield Contrast(
            kind="tail",
            label=f"{title}: {names[0]} (rare) against {names[1]}, relative loss at {percent(ratio)}",
            place=each.place,
            first=names[0],
            second=names[1],
            measure="loss",
            verdict="different" if apart else "undetermined",
            reason=_says(stage, names, of_tail, of_head, tail_lost, head_lost, apart),
            estimate=more,
            interval=interval,
            ratio=ratio,
            task=each.input.task,
            stage=stage,
            tail_loss=of_tail,
            head_loss=of_head,
        )


def _says(
    stage: str, names: Sequence[str], of_tail: float, of_head: float, tail_lost: int, head_lost: int, apart: int
) -> str:
    shares = [f"{rounded(loss, 2):.0%}" for loss in (of_tail, of_head)]
    lost = f"of what was known, {names[0]} lost {shares[0]} and {names[1]} {shares[1]}"
    if stage == "early":
        return f"early collapse: {lost}, which is not shown to be a loss"
    which = f"the {'rarer' if apart > 0 else 'frequent'} clearly more" if apart else "which lost more is undetermined"
    if stage == "late":
        return f"late collapse: {lost}, {which}"
    if not (tail_lost or head_lost or apart):
        return "neither is shown to lose"
    return f"{lost}, {which}"
