"""How the answers of scaling laws are written: numbers, and what was found, refused and why, in sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from synth_eval.scaling.report import (
    Answer,
    BestRatio,
    CurveResult,
    DomainEffects,
    MixtureResult,
    SizesResult,
    SpeedUp,
    TaskScaling,
)
from synth_eval.text import count_text, joined, listed, plural, signed, written_quantity

Sizes = Mapping[float, str]  # number of parameters -> the size as the user wrote it
REFUSED = "refused"
ONE_SIZE = 1.0  # what points without a size have for their size
NUMBER = re.compile(r"\d[\d.]*(?:e[+-]?\d+)?")
PATTERN = (
    "Collapse pattern: the loss of a mix rises over the three largest budgets while that of natural data does not, or "
    "a mix is better than natural data at few tokens and worse at many (Dohmatob et al., arXiv 2402.07043; Kang "
    "et al., arXiv 2510.01631). A pattern of curves, no proof of a mechanism."
)


def in_short(task: TaskScaling, sizes: Sizes) -> tuple[str, ...]:
    """The answers of a task, one sentence each, those first that a practitioner asks first."""
    said = []
    for mixture in task.mixtures:
        name = mixture.source + (f", {mixture.size}" if mixture.size else "")
        if mixture.answers.refused:
            said.append(f"{name}: no mixture law: {mixture.answers.refused}")
            continue
        said += [f"{name}: {text}" for text in (_best_text(mixture, sizes), _saving_text(mixture, sizes))]
        if mixture.collapse.seen:
            said.append(f"{name}: {collapse_text(mixture, sizes)}")
    if task.curves:
        said.append(_plateaus_text(task.curves))
    return tuple(said)


def collapse_text(mixture: MixtureResult, sizes: Sizes) -> str:
    """Whether the collapse pattern is seen, and where."""
    pattern = mixture.collapse
    if pattern.refused:
        return f"collapse pattern: not judged: {pattern.refused}"
    if not pattern.seen:
        return f"collapse pattern: not seen in {pattern.tests} tests"
    kinds = {
        "rising": "loss rises with more tokens",
        "crossing": "better than natural data at few tokens, worse at many",
    }
    told = []
    for kind, what in kinds.items():
        ratios: dict[float, list[str]] = {}
        for sign in pattern.signs:
            if sign.kind == kind:
                ratios.setdefault(sign.size, []).append(f"{sign.ratio:g}")
        places = [
            joined(size_name(size, sizes), f"at ratio {', '.join(found)}", between=" ")
            for size, found in ratios.items()
        ]
        told += [f"{what}: {'; '.join(places)}"] if places else []
    return "collapse pattern: seen: " + "; ".join(told)


def size_refusals(results: Sequence[SizesResult]) -> list[str]:
    """What the law over sizes could not answer, by reason."""
    reasons = []
    for result in results:
        answers, name = result.answers, data_name(result.source, result.ratio)
        parts = {
            "E": answers.asymptote,
            "exponent of size": answers.size_exponent,
            "exponent of tokens": answers.tokens_exponent,
        }
        reasons += (
            [(f"law over sizes, {name}", answers.refused)]
            if answers.refused
            else [(f"{what} over sizes, {name}", each.refused) for what, each in parts.items() if each.refused]
        )
    return grouped(reasons)


def curve_refusals(curves: Sequence[CurveResult]) -> list[str]:
    """What the laws of curves could not answer, by reason; of a plateau only where E is answered."""
    reasons = []
    for curve in curves:
        answers, name = curve.answers, curve_name(curve)
        parts = {"E": answers.asymptote, "exponent": answers.exponent}
        parts |= {} if answers.asymptote.refused else {"plateau": answers.plateau_tokens}
        reasons += (
            [(name, answers.asymptote.refused)]
            if answers.fit is None
            else [(f"{what} of {name}", each.refused) for what, each in parts.items() if each.refused]
        )
    return grouped(reasons)


def mixture_refusals(mixture: MixtureResult, sizes: Sizes) -> list[str]:
    """Best ratios and speed-ups that were refused, by reason."""
    answers = mixture.answers
    if answers.refused:
        return [f"mixture law: {answers.refused}"]
    best = [(f"best ratio at {_place(each, sizes)}", each.answer.refused) for each in answers.best]
    saved = [
        (f"speed-up of ratio {each.ratio:g} at {_place(each, sizes)}", each.answer.refused)
        for each in answers.speed_ups
    ]
    return [line for reasons in (best, saved) for line in grouped((what, why) for what, why in reasons if why)]


def driven_lines(task: TaskScaling) -> list[str]:
    """Estimates that the first budgets drive: with them, without them, and what to try."""
    found = [(curve_name(curve), each) for curve in task.curves for each in curve.answers.driven]
    found += [
        (f"{data_name(result.source, result.ratio)} over all sizes", each)
        for result in task.over_sizes
        for each in result.answers.driven
    ]
    found += [
        (joined(f"mixes of {mixture.source}", mixture.size), each)
        for mixture in task.mixtures
        for each in mixture.answers.driven
    ]
    if not found:
        return []
    told = [
        f"{each.what} of {name}: {each.value:.3g}, without them {each.without:.3g} "
        f"[{each.interval[0]:.3g}, {each.interval[1]:.3g}]"
        for name, each in found
    ]
    least = min(each.next_tokens for _, each in found)
    step = 10.0 ** (math.floor(math.log10(least)) - 2)
    advice = f"leave out a warm-up with --min-tokens {written_quantity(math.floor(least / step) * step)}"
    return [f"the first budgets drive {plural(len(found), 'estimate')}: {listed(told, between='; ')}; {advice}"]


def domain_flags(effects: Sequence[DomainEffects]) -> list[str]:
    """Mixes that help on average and hurt many domains."""
    return [
        f"ratio {effect.ratio:g} helps on average and hurts many domains: "
        + ", ".join(domain.domain for domain in effect.domains if domain.hurt)
        for effect in effects
        if effect.helps_but_hurts_many
    ]


def moves_lines(mixture: MixtureResult) -> Iterator[str]:
    """How the best ratio moves with tokens and with size."""
    answers = mixture.answers
    for what, move in (("tokens", answers.moves_with_tokens), ("parameters", answers.moves_with_size)):
        if move.value is not None and move.interval is not None:
            sure = "" if move.interval[0] > 0 or move.interval[1] < 0 else ": no significant change"
            change, low, high = (signed(x, 2) for x in (move.value, *move.interval))
            yield f"best ratio changes by {change} [{low}, {high}] per tenfold increase in {what}{sure}"


def _best_text(mixture: MixtureResult, sizes: Sizes) -> str:
    best = max(mixture.answers.best, key=lambda each: (each.tokens, each.size))
    where = f"at {_place(best, sizes)}"
    if best.answer.value is None:
        return f"no best ratio {where}: {best.answer.refused}"
    inside = "inside the tested range" if best.inside else "its band leaves the tested range"
    return f"best ratio {answer_text(best.answer, '.2f')} {where}, {inside}"


def _saving_text(mixture: MixtureResult, sizes: Sizes) -> str:
    told = [each for each in mixture.answers.speed_ups if each.answer.value is not None]
    if not told:
        return "no speed-up is estimated"
    best = max(told, key=lambda each: each.answer.value or 0.0)
    where = f"{answer_text(best.answer, '.2f')} times at ratio {best.ratio:g}, {_place(best, sizes)}"
    low, high = best.answer.interval or (0.0, 0.0)
    if high < 1:
        return f"no mix saves tokens: the best speed-up is {where}"
    return f"largest speed-up {where}" + (", which does not exclude 1" if low <= 1 else "")


def _plateaus_text(curves: Sequence[CurveResult]) -> str:
    told = [curve for curve in curves if curve.answers.plateau_tokens.value is not None]
    if not told:
        return f"levelling off: estimated for none of {plural(len(curves), 'curve')}"
    first = min(told, key=lambda curve: curve.answers.plateau_tokens.value or 0.0)
    plateau = answer_text(first.answers.plateau_tokens, counts=True)
    count = f"{len(told)} of {len(curves)} curves"
    return f"levelling off: estimated for {count}, soonest {curve_name(first)}: {plateau} tokens"


def sooner_text(result: SizesResult, sizes: Sizes) -> str:
    """Whether larger models level off with fewer tokens, and what that rests on."""
    found = result.levels_off
    if len(found.told) < 2:
        return f"{found.word} (estimated at {len(found.told)} of {found.sizes} sizes)"
    (small, first), (large, last) = found.told[0], found.told[-1]
    ends = ((small, first), (large, last))
    numbers = joined(*(f"{size_name(size, sizes)} {answer_text(answer, counts=True)}" for size, answer in ends))
    return f"{found.word}: {numbers}"


def data_name(source: str, ratio: float) -> str:
    """'natural data', or 'rephrased at ratio 0.3'."""
    return "natural data" if ratio == 0 else f"{source} at ratio {ratio:g}"


def _place(each: BestRatio | SpeedUp, sizes: Sizes) -> str:
    return joined(size_name(each.size, sizes), f"{count_text(each.tokens)} tokens", between=" and ")


def size_text(parameters: float, names: Sizes) -> str:
    """The size as the user wrote it."""
    near = min(names, key=lambda known: abs(known - parameters), default=None)
    known = near is not None and abs(near - parameters) <= 1e-6 * parameters
    return names[near] if known and near is not None else count_text(parameters)


def size_name(size: float, names: Sizes) -> str:
    """'' where points have no size."""
    return "" if size == ONE_SIZE else size_text(size, names)


def answer_text(answer: Answer, form: str = ".3g", *, counts: bool = False) -> str:
    """'1.70 [1.68, 1.74]', or 'refused'."""
    if answer.value is None:
        return REFUSED
    low, high = answer.interval or (answer.value, answer.value)
    numbers = [count_text(x) if counts else format(x, form) for x in (answer.value, low, high)]
    return f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"


def percent_text(log_change: float | None) -> str:
    """A root mean square of log loss as per cent."""
    return "-" if log_change is None else f"{100 * log_change:.2g}%"


def curve_name(curve: CurveResult) -> str:
    """'410M, natural' or '410M, rephrased at ratio 0.3'."""
    what = curve.source if curve.ratio == 0 else f"{curve.source} at ratio {curve.ratio:g}"
    return joined(curve.size, what)


def grouped(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """One line a reason, with what it holds for: ('a', why), ('b', why) -> 'a; b: why'.

    Reasons that differ in their numbers alone are one; the first is given: 'a: 3 times too wide (b, c alike)'.
    """
    by_kind: dict[str, list[tuple[str, str]]] = {}
    for what, why in reasons:
        by_kind.setdefault(NUMBER.sub("#", why), []).append((what, why))
    lines = []
    for found in by_kind.values():
        why = found[0][1]
        same = [what for what, its_why in found if its_why == why]
        others = [what for what, its_why in found if its_why != why]
        lines.append(
            f"{listed(dict.fromkeys(same), between='; ')}: {why}"
            + (f" ({listed(dict.fromkeys(others), between='; ')} alike)" if others else "")
        )
    return lines
