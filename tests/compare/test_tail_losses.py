"""Early and late collapse over levels of rarity: planted losses of known items, and none."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from synth_eval.calibration import score_samples
from synth_eval.compare import compare_family
from synth_eval.compare.tail_losses import tail_contrasts
from synth_eval.comparison import Comparison
from synth_eval.types import Checkpoint, Family, Samples

RATIOS = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
KNOWN = {1: 0.99, 2: 0.95, 3: 0.8, 4: 0.6}  # share of the items of a level that the baseline knows; others are guessed
EACH = 125


@cache
def compared(tail: float, head: float, *, task: str = "synth_recall", seed: int = 0, levels: bool = True) -> Comparison:
    """At ratio r, a share r * tail of the known items of levels 3 and 4 is lost, and r * head of those of 1 and 2.

    Half of that is the same in every run, and so is half of the guessing.
    """
    rng = np.random.default_rng(seed)
    checkpoints = tuple(
        Checkpoint(name=f"r{ratio}-s{run}", ratio=ratio, seed=run) for ratio in RATIOS for run in range(2)
    )
    level = np.repeat([1, 2, 3, 4], EACH)
    n = len(level)
    known = rng.random(n) < np.vectorize(KNOWN.get)(level)
    fate, guess = rng.random(n), rng.random(n) < 0.25
    tables = {}
    for checkpoint in checkpoints:
        forgotten = np.where(level > 2, tail, head) * checkpoint.ratio
        chance = np.where(rng.random(n) < 0.5, fate, rng.random(n))
        guessed = np.where(rng.random(n) < 0.5, guess, rng.random(n) < 0.25)
        right = np.where(known & (chance >= forgotten), True, guessed)
        samples = Samples(
            task=task,
            kind="choice",
            doc_id=tuple(range(n)),
            doc_hash=tuple(f"d{i}" for i in range(n)),
            prompt_hash=tuple(f"p{i}" for i in range(n)),
            choice_logliks=tuple((0.0, -2.0, -2.0, -2.0) if each else (-2.0, 0.0, -2.0, -2.0) for each in right),
            choice_bytes=((1,) * 4,) * n,
            gold=(0,) * n,
            level=tuple(level.tolist()) if levels else (),
        )
        tables[checkpoint.name, task] = score_samples(samples, checkpoint=checkpoint.name, category="retrieval")
    return compare_family(Family("planted", (task,), checkpoints), tables)


def rows_of(comparison: Comparison) -> list:
    return [row for row in comparison.contrasts if row.kind == "tail"]


def test_a_lost_tail_is_early() -> None:
    rows = rows_of(compared(0.6, 0.0))
    assert [row.ratio for row in rows] == list(RATIOS[1:])
    assert [row.stage for row in rows][2:] == ["early"] * 3
    last = rows[-1]
    # 60% of what was known is lost and guessed again: above chance, 60% less, whatever the level
    assert last.tail_loss == pytest.approx(0.6, abs=0.1)
    assert last.head_loss == pytest.approx(0.0, abs=0.03)
    assert last.interval[0] < 0.6 < last.interval[1]
    assert (last.first, last.second) == ("levels 3 and 4", "levels 1 and 2")
    assert last.reason.startswith("early collapse: of what was known, levels 3 and 4 lost ")


def test_a_loss_that_is_alike_is_late_and_no_different() -> None:
    rows = rows_of(compared(0.5, 0.5))
    assert {row.verdict for row in rows} == {"undetermined"}
    assert [row.stage for row in rows][3:] == ["late"] * 2
    assert rows[-1].estimate == pytest.approx(rows[-1].tail_loss - rows[-1].head_loss)
    assert rows[-1].reason.endswith("which lost more is undetermined")


def test_both_lost_and_the_tail_more() -> None:
    last = rows_of(compared(0.7, 0.2))[-1]
    assert (last.stage, last.verdict) == ("late", "different")
    assert last.reason.endswith("the rarer clearly more")


def test_the_head_may_lose_more() -> None:
    last = rows_of(compared(0.0, 0.5))[-1]
    assert (last.stage, last.verdict) == ("", "different")
    assert last.estimate < 0
    assert last.reason.endswith("the frequent clearly more")


def test_nothing_lost_is_nothing_said() -> None:
    rows = rows_of(compared(0.0, 0.0))
    assert {(row.stage, row.verdict, row.reason) for row in rows} == {("", "undetermined", "neither is shown to lose")}


def test_a_level_is_rarity_in_recall_alone() -> None:
    assert rows_of(compared(0.6, 0.0, task="synth_arithmetic")) == []
    assert rows_of(compared(0.6, 0.0, levels=False)) == []


def test_without_curves_there_are_no_rows() -> None:
    assert tail_contrasts((), {}) == ()


@pytest.mark.slow
def test_false_alarms_are_rare() -> None:
    # A difference is shown in at most 5% of families by the corrected p-value; of 60, more than 7 have p = .008
    alarms = sum(any(row.verdict == "different" for row in rows_of(compared(0.4, 0.4, seed=s))) for s in range(60))
    assert alarms <= 7
