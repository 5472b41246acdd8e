"""Who is compared with whom. Families are built directly; `load_family` refuses those without a baseline."""

from synth_eval.manifest import baseline_of, baselines_of, curves
from synth_eval.types import Checkpoint, Family


def point(name, ratio, **place):
    return Checkpoint(name=name, ratio=ratio, **place)


def family(*checkpoints, baseline_ratio=0.0):
    return Family(name="f", tasks=("t",), checkpoints=checkpoints, baseline_ratio=baseline_ratio)


def test_same_seed_is_preferred_and_otherwise_there_is_none():
    zero, one, half, far = (
        point("zero", 0),
        point("one", 0, seed=1),
        point("half", 0.5, seed=1),
        point("far", 0.5, seed=7),
    )
    study = family(zero, one, half, far)
    assert baselines_of(study, half) == (zero, one)
    assert baseline_of(study, half) is one
    assert baseline_of(study, far) is None
    assert baseline_of(study, zero) is zero


def test_sizes_and_iterations_share_nothing():
    small, big = point("small", 0, size="70M"), point("big", 0.5, size="410M")
    first, second = point("first", 0, size="1B"), point("second", 0.5, size="1B", iteration=2)
    study = family(small, big, first, second)
    assert baselines_of(study, big) == ()
    assert baselines_of(study, second) == ()


def test_at_ratio_0_a_baseline_serves_other_sources():
    own, other = point("own", 0), point("other", 0, source="textbook")
    book, phrase = point("book", 0.5, source="textbook"), point("phrase", 0.5, source="rephrased")
    study = family(own, other, book, phrase)
    assert baselines_of(study, book) == (other,)
    # none of its own: those of the others, one a seed, in file order
    assert baselines_of(study, phrase) == (own,)


def test_above_ratio_0_a_baseline_serves_its_source_only():
    own, book = point("own", 0.1), point("book", 0.5, source="textbook")
    assert baselines_of(family(own, book, baseline_ratio=0.1), book) == ()


def test_curves_sort_their_checkpoints_and_drop_lent_baselines():
    zero, high, low, low1 = (
        point("zero", 0, source="human"), point("high", 0.5), point("low", 0.1), point("low1", 0.1, seed=1),
    )  # fmt: skip
    (curve,) = curves(family(zero, high, low1, low))
    assert (curve.source, curve.baselines, curve.others) == ("self", (zero,), (low, low1, high))


def test_a_lone_baseline_is_a_curve():
    zero, other = point("zero", 0, size="70M"), point("other", 0, size="1B")
    study = family(zero, other, point("half", 0.5, size="1B"))
    assert [(curve.size, len(curve.others)) for curve in curves(study)] == [("70M", 0), ("1B", 1)]
