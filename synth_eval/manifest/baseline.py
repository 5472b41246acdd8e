"""Which checkpoint is compared with which: the one place that knows what a baseline is."""

from __future__ import annotations

from dataclasses import dataclass

from synth_eval.types import Checkpoint, Family


@dataclass(frozen=True)
class CurveMembers:
    """The checkpoints of one curve over ratio. ``others`` are sorted by ratio, then seed."""

    size: str
    iteration: int
    source: str
    baselines: tuple[Checkpoint, ...]
    others: tuple[Checkpoint, ...]
    tokens: float | None = None  # only in a family over tokens, where each budget has curves of its own


def is_over_tokens(family: Family) -> bool:
    """Whether some checkpoints differ in tokens alone: then only checkpoints of one token budget are compared.

    Where they do not, checkpoints of one curve may have trained on somewhat different numbers of tokens.
    """
    cells = {(c.size, c.ratio, c.iteration, c.seed, c.source) for c in family.checkpoints}
    return len(cells) < len(family.checkpoints)


def baselines_of(family: Family, checkpoint: Checkpoint) -> tuple[Checkpoint, ...]:
    """The checkpoints at the baseline ratio that a checkpoint is measured against, one a seed, in file order.

    They share its size and iteration, and in a family over tokens its tokens. They share its source too, with one
    exception: at ratio 0 there is no synthetic data, so a source has no meaning there, and where a source has no
    ratio-0 checkpoint of its own, those of the other sources serve (the first of a seed). Nothing is shared between
    sizes, iterations or token budgets.

    Returns
    -------
    tuple, empty if there is none (`load_family` refuses such a family). A baseline's own baselines include itself.
    """
    tokens = checkpoint.tokens if is_over_tokens(family) else None
    return _baselines(family, checkpoint.size, checkpoint.iteration, checkpoint.source, tokens)


def baseline_of(family: Family, checkpoint: Checkpoint) -> Checkpoint | None:
    """The baseline of the same seed, or None: then compare with all of `baselines_of`, pooled over seeds."""
    return next((b for b in baselines_of(family, checkpoint) if b.seed == checkpoint.seed), None)


def curves(family: Family) -> tuple[CurveMembers, ...]:
    """Every curve of a family, in file order of its first checkpoint.

    A source that has nothing but baselines, which serve other sources, is no curve of its own; a lone baseline that
    serves none is one, without ``others``, so that the report can name what is missing.
    """
    over_tokens = is_over_tokens(family)
    keys = dict.fromkeys((c.size, c.iteration, c.source, c.tokens if over_tokens else None) for c in family.checkpoints)
    found = [_curve(family, *key) for key in keys]
    full = [curve for curve in found if curve.others]
    serving = {id(baseline) for curve in full for baseline in curve.baselines}
    lone = [c for c in found if not c.others and not any(id(b) in serving for b in c.baselines)]
    return tuple(curve for curve in found if curve in full or curve in lone)


def _curve(family: Family, size: str, iteration: int, source: str, tokens: float | None) -> CurveMembers:
    others = (
        c
        for c in family.checkpoints
        if (c.size, c.iteration, c.source) == (size, iteration, source)
        and c.ratio != family.baseline_ratio
        and tokens in (None, c.tokens)
    )
    baselines = _baselines(family, size, iteration, source, tokens)
    return CurveMembers(
        size, iteration, source, baselines, tuple(sorted(others, key=lambda c: (c.ratio, c.seed))), tokens
    )


def _baselines(family: Family, size: str, iteration: int, source: str, tokens: float | None) -> tuple[Checkpoint, ...]:
    """``tokens`` None: of any budget."""
    here = [
        c
        for c in family.checkpoints
        if c.ratio == family.baseline_ratio
        and (c.size, c.iteration) == (size, iteration)
        and tokens in (None, c.tokens)
    ]
    own = [c for c in here if c.source == source]
    if own or family.baseline_ratio != 0:
        return tuple(own)
    first_of_seed: dict[int, Checkpoint] = {}
    for checkpoint in here:
        first_of_seed.setdefault(checkpoint.seed, checkpoint)
    return tuple(first_of_seed.values())
