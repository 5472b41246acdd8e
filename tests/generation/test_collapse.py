"""When sides of generated text agree on a collapse. Planted changes of a family: tests/compare/test_collapse.py."""

from __future__ import annotations

from synth_eval.generation import CATALOGUE, Shift, agreement


def test_agreement_needs_three_sides_and_none_against() -> None:
    kinds = {kind.dimension: kind for kind in CATALOGUE if kind.dimension}

    def shifts(**signs: int) -> list[Shift]:
        return [Shift(kinds[dimension], 0.0, 0.0, 0.0, 30, sign) for dimension, sign in signs.items()]

    assert agreement(shifts(vocabulary=1, sameness=1, tail=1, repetition=0))[0]
    assert not agreement(shifts(vocabulary=1, sameness=1, tail=0, repetition=0))[0]
    called, toward, against = agreement(shifts(vocabulary=1, sameness=1, tail=1, repetition=-1))
    assert not called
    assert (toward, against) == (("vocabulary", "sameness", "tail"), ("repetition",))


def test_a_side_that_contradicts_itself_moved_neither_way() -> None:
    mattr, mtld = (kind for kind in CATALOGUE if kind.name in ("mattr", "mtld"))
    both = [Shift(mattr, 0.0, 0.0, 0.0, 30, 1), Shift(mtld, 0.0, 0.0, 0.0, 30, -1)]
    assert agreement(both) == (False, (), ())
