"""Which checkpoint is compared with which: the one place that knows what a baseline is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from synth_eval.types import Checkpoint, Family


@dataclass(frozen=True)
class Curve:
    """The checkpoints of one curve over ratio. ``others`` are sorted by ratio, then seed."""

    size: str
    iteration: int
    source: str
    baselines: tuple[Checkpoint, ...]
    others: tuple[Checkpoint, ...]


def baselines_of(family: Family, checkpoint: Checkpoint) -> tuple[Checkpoint, ...]:
    """The checkpoints at the baseline ratio that a checkpoint is measured against, one a seed, in file order.

    They share its size and iteration. They share its source too, with one exception: at ratio 0 there is no synthetic
    data, so a source has no meaning there, and where a source has no ratio-0 checkpoint of its own, those of the
    other sources serve (the first of a seed). Nothing is shared between sizes or iterations.

    Returns
    -------
    tuple, empty if there is none (`load_family` refuses such a family). A baseline's own baselines include itself.
    """
    return _baselines(family, checkpoint.size, checkpoint.iteration, checkpoint.source)


def baseline_of(family: Family, checkpoint: Checkpoint) -> Checkpoint | None:
    """The baseline of the same seed, or None: then compare with all of `baselines_of`, pooled over seeds."""
    return next((b for b in baselines_of(family, checkpoint) if b.seed == checkpoint.seed), None)


def curves(family: Family) -> tuple[Curve, ...]:
    """Every curve of a family, in file order of its first checkpoint.

    A source that has nothing but baselines, which serve other sources, is no curve of its own; a lone baseline that
    serves none is one, without ``others``, so that the report can say what is missing.
    """
    keys = list(dict.fromkeys((c.size, c.iteration, c.source) for c in family.checkpoints))
    found = [_curve(family, *key) for key in keys]
    full = [curve for curve in found if curve.others]
    serving = {id(baseline) for curve in full for baseline in curve.baselines}
    lone = [c for c in found if not c.others and not any(id(b) in serving for b in c.baselines)]
    return tuple(curve for curve in found if curve in full or curve in lone)


def _curve(family: Family, size: str, iteration: int, source: str) -> Curve:
    others = (
        c
        for c in family.checkpoints
        if (c.size, c.iteration, c.source) == (size, iteration, source) and c.ratio != family.baseline_ratio
    )
    baselines = _baselines(family, size, iteration, source)
    return Curve(size, iteration, source, baselines, tuple(sorted(others, key=lambda c: (c.ratio, c.seed))))


def _baselines(family: Family, size: str, iteration: int, source: str) -> tuple[Checkpoint, ...]:
    here = [
        c
        for c in family.checkpoints
        if c.ratio == family.baseline_ratio and c.size == size and c.iteration == iteration
    ]
    own = [c for c in here if c.source == source]
    if own or family.baseline_ratio != 0:
        return tuple(own)
    return _first_of_each_seed(here)


def _first_of_each_seed(checkpoints: Iterable[Checkpoint]) -> tuple[Checkpoint, ...]:
    by_seed: dict[int, Checkpoint] = {}
    for checkpoint in checkpoints:
        by_seed.setdefault(checkpoint.seed, checkpoint)
    return tuple(by_seed.values())
