"""Which question a curve answers, and which curves are corrected together: the 5% of an error rate are about those."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from synth_eval.cell import Level, Place, Question, VerdictWord
from synth_eval.compare.curves import CurveInput
from synth_eval.compare.metrics import CHARACTERISTICS, Metric
from synth_eval.compare.places import place_of
from synth_eval.dose_response import Corrected, CurveVerdict, corrected, judge_curves
from synth_eval.dose_response.significance import CorrectionMethod
from synth_eval.generation.characteristics import kind_named
from synth_eval.types import Correction

CURVES_OF: dict[Question, str] = {
    "headline": "headline curves",
    "calibration": "calibration curves",
    "proper scores": "curves of proper scores",
    "other scores": "curves of other scores",
    "category": "curves of categories",
    "category calibration": "calibration curves of categories",
    "signs of collapse": "signs of collapse",
    "characteristics": "characteristics",
    "": "curves",
}
CHARACTERISTIC_NAMES = frozenset(metric.name for metric in CHARACTERISTICS)


def questions_of(inputs: Sequence[CurveInput]) -> tuple[Question, ...]:
    """The question that each curve answers; "" of those for display only.

    Parameters
    ----------
    inputs : the first metric of a task at a place that is not for display only is its headline.
    """
    seen: set[tuple[Level, str, Place]] = set()
    found: list[Question] = []
    for given in inputs:
        key = given.level, given.task, place_of(given.curve)
        found.append(_question(given.metric, given.level, first=key not in seen))
        if not given.metric.display_only:
            seen.add(key)
    return tuple(found)


def _question(metric: Metric, level: Level, *, first: bool) -> Question:
    if metric.display_only:
        return ""
    if level != "task":
        return "category calibration" if metric.role == "calibration" else "category"
    if metric.name in CHARACTERISTIC_NAMES:
        return "signs of collapse" if kind_named(metric.name).dimension else "characteristics"
    if first:
        return "headline"
    return "calibration" if metric.role == "calibration" else "proper scores" if metric.proper else "other scores"


def group_of(question: Question, place: Place, correction: Correction) -> Hashable:
    """Curves of one group are corrected together."""
    if correction == "report":
        return ()
    return (question,) if correction == "family" else (question, place)


def method_of(correction: Correction) -> CorrectionMethod:
    """How the p-values of a group are corrected."""
    return "fdr" if correction == "fdr" else "holm"


def group_name(question: Question, curves: int, correction: Correction) -> str:
    """The curves of a group in a sentence: 'the 8 headline curves'."""
    return f"the {curves:,} {CURVES_OF['' if correction == 'report' else question]}"


# Curves with their verdicts: tested each by itself, then corrected over their group.

NOT_JUDGED = Corrected("refused")


@dataclass(frozen=True, eq=False)
class JudgedCurve:
    """An input with its verdict, None where it carries none; ``corrected`` counts the curves judged together.

    ``input`` is what was judged, at ``place`` in the grid, ``question`` what it answers; ``group`` names the curves
    that it was corrected with.
    """

    input: CurveInput
    verdict: CurveVerdict | None = None
    corrected: Corrected = NOT_JUDGED
    question: Question = ""
    group: str = ""

    @property
    def word(self) -> VerdictWord:
        """The verdict after correction."""
        return self.corrected.word

    @property
    def place(self) -> Place:
        """Where its curve is in the grid."""
        return place_of(self.input.curve)


def judged_of(inputs: Sequence[CurveInput], *, correction: Correction = "question") -> tuple[JudgedCurve, ...]:
    """The inputs, in order, judged and corrected over the curves of the same group (`compare.questions`)."""
    return corrected_together(uncorrected(inputs), correction)


def uncorrected(inputs: Sequence[CurveInput]) -> tuple[JudgedCurve, ...]:
    """The inputs, in order, each tested by itself and not yet corrected: ``word`` and ``corrected`` do not hold yet."""
    to_judge = [not given.metric.display_only and given.refusal is None for given in inputs]
    verdicts = iter(judge_curves([given.to_judge for given, wanted in zip(inputs, to_judge) if wanted]))
    return tuple(
        JudgedCurve(given, next(verdicts) if wanted else None, question=question)
        for given, wanted, question in zip(inputs, to_judge, questions_of(inputs))
    )


def corrected_together(judged: Sequence[JudgedCurve], correction: Correction) -> tuple[JudgedCurve, ...]:
    """The curves, in order, with their verdicts after correction."""
    tested = [(each, each.verdict) for each in judged if each.verdict is not None]
    groups = [group_of(each.question, each.place, correction) for each, _ in tested]
    found = iter(corrected([verdict for _, verdict in tested], groups, method=method_of(correction)))
    return tuple(each if each.verdict is None else _corrected(each, next(found), correction) for each in judged)


def _corrected(each: JudgedCurve, found: Corrected, correction: Correction) -> JudgedCurve:
    return replace(each, corrected=found, group=group_name(each.question, found.curves, correction))


def headlines(judged: Sequence[JudgedCurve]) -> tuple[JudgedCurve, ...]:
    """The first metric of each task and curve that is not for display only."""
    first: dict[tuple[Level, str, Place], JudgedCurve] = {}
    for each in judged:
        if not each.input.metric.display_only:
            first.setdefault((each.input.level, each.input.task, each.place), each)
    return tuple(first.values())
