"""Whether several independent sides of what a model writes agree that it collapsed, against its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synth_eval.generation.characteristics import CATALOGUE, Characteristics, Facet, Kind
from synth_eval.generation.intervals import resampled_means

FACETS: tuple[Facet, ...] = ("vocabulary", "sameness", "repetition", "tail")
FEWEST_PROMPTS = 20
AGREEING = 3
LENGTH_TOLERANCE = 0.1


@dataclass(frozen=True)
class Shift:
    """One characteristic of a model minus that of its baseline, in its own unit, paired by prompt.

    ``sign``: 1 clearly toward collapse, -1 clearly away from it, 0 neither.
    """

    kind: Kind
    difference: float
    low: float
    high: float
    prompts: int
    sign: int


@dataclass(frozen=True)
class CollapseSigns:
    """``toward`` and ``against`` name the facets that clearly moved; ``reason`` says in one line why called or not."""

    called: bool
    reason: str
    toward: tuple[Facet, ...]
    against: tuple[Facet, ...]
    shifts: tuple[Shift, ...]


def collapse_signs(
    baseline: Characteristics, model: Characteristics, *, alpha: float = 0.05, resamples: int = 2000, seed: int = 0
) -> CollapseSigns:
    """Call a collapse where at least three of four facets clearly moved that way and none clearly the other way.

    Facets: vocabulary (expectation-adjusted distinct, MATTR, MTLD fall), sameness of the samples of a prompt
    (self-BLEU, near-duplicates rise), repetition (repeated 4-grams, loops rise), tail (rare words fall). A facet moved
    if one of its characteristics did, and none of them the other way: interval of the mean difference by prompt without
    0, at level 1 - alpha / (number of that facet's characteristics that are there). Characteristics of a facet mostly
    say the same thing, so they never count twice.

    Without any change each facet moves toward collapse with probability about alpha / 2, so three of four do so with at
    most 4/3 * alpha / 2, however they depend on each other (Markov's inequality): 3.3% at alpha = .05.

    Not called, with the reason, where that cannot be told: fewer than 20 prompts in common, fewer than three facets
    measured, or lengths that clearly differ by more than 10% (most characteristics follow length: characterise both
    with ``longest``).

    Raises
    ------
    ValueError : the two were not made from the same number of prompts, or alpha is not between 0 and 1.

    References
    ----------
    Shumailov et al., "AI models collapse when trained on recursively generated data", Nature 631, 2024. Alemohammad et
    al., "Self-Consuming Generative Models Go MAD", ICLR 2024. Guo et al., "The Curious Decline of Linguistic Diversity:
    Training Language Models on Synthetic Text", Findings of NAACL 2024. Gerstgrasser et al., "Is Model Collapse
    Inevitable? Breaking the Curse of Recursion by Accumulating Real and Synthetic Data", COLM 2024.
    """
    if baseline.prompts != model.prompts:
        raise ValueError(f"the baseline has {baseline.prompts} prompts, the model {model.prompts}: pair them first")
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    kinds = [kind for kind in CATALOGUE if kind.facet]
    rng = np.random.default_rng(seed)
    table = np.stack([_differences(baseline, model, kind.name) for kind in kinds], axis=1)
    means = resampled_means(table, resamples=resamples, rng=rng)
    defined = (~np.isnan(table)).sum(axis=0)
    measured = [i for i in range(len(kinds)) if defined[i] >= FEWEST_PROMPTS]
    in_facet = {facet: sum(kinds[i].facet == facet for i in measured) for facet in FACETS}
    shifts = tuple(
        _shift(kinds[i], table[:, i], means[:, i], tail=alpha / in_facet[kinds[i].facet] / 2) for i in measured
    )
    called, toward, against = agreement(shifts)
    reason = _why_not(baseline, model, in_facet, alpha=alpha, resamples=resamples, rng=rng)
    if reason:
        return CollapseSigns(False, reason, toward, against, shifts)
    reason = f"toward collapse: {', '.join(toward) or 'none'}; away from it: {', '.join(against) or 'none'}"
    return CollapseSigns(called, reason, toward, against, shifts)


def agreement(shifts: Sequence[Shift]) -> tuple[bool, tuple[Facet, ...], tuple[Facet, ...]]:
    """Whether at least three facets moved toward collapse and none away from it; which did; which moved away."""
    toward, against = _moved(shifts, 1), _moved(shifts, -1)
    return len(toward) >= AGREEING and not against, toward, against


def _differences(baseline: Characteristics, model: Characteristics, name: str) -> np.ndarray:
    return model.per_prompt(name) - baseline.per_prompt(name)


def _shift(kind: Kind, differences: np.ndarray, means: np.ndarray, *, tail: float) -> Shift:
    values = differences[~np.isnan(differences)]
    low, high = np.quantile(means[~np.isnan(means)], [tail, 1 - tail])
    direction = int(low > 0) - int(high < 0)
    return Shift(kind, float(values.mean()), float(low), float(high), len(values), direction * kind.collapse)


def _moved(shifts: Sequence[Shift], sign: int) -> tuple[Facet, ...]:
    """Facets with a characteristic that clearly moved this way, and none that moved the other way."""
    way = {shift.kind.facet for shift in shifts if shift.sign == sign}
    other = {shift.kind.facet for shift in shifts if shift.sign == -sign}
    return tuple(facet for facet in FACETS if facet in way - other)


def _why_not(
    baseline: Characteristics,
    model: Characteristics,
    in_facet: dict[Facet, int],
    *,
    alpha: float,
    resamples: int,
    rng: np.random.Generator,
) -> str:
    if baseline.prompts < FEWEST_PROMPTS:
        return f"only {baseline.prompts} prompts; at least {FEWEST_PROMPTS} are needed"
    measured = [facet for facet in FACETS if in_facet[facet]]
    if len(measured) < AGREEING:
        missing = ", ".join(facet for facet in FACETS if not in_facet[facet])
        return f"not measured on enough prompts: {missing}; at least {AGREEING} of the {len(FACETS)} are needed"
    difference = _differences(baseline, model, "length")
    means = resampled_means(difference[:, None], resamples=resamples, rng=rng)[:, 0]
    low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2])
    usual = baseline["length"].value
    if (low > 0 or high < 0) and abs(difference.mean()) > LENGTH_TOLERANCE * usual:
        other = model["length"].value
        return (
            f"length moved from {usual:.0f} to {other:.0f} tokens, and most characteristics with it; "
            f"characterise both with longest={max(1, int(min(usual, other)))}"
        )
    return ""
