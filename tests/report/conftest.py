"""The fixed comparisons that reports are tested with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cells import cell, make_contrast

from synth_eval.cell import Cell, FittedCurve, Place, SeedValues
from synth_eval.compare import comparison_from_json
from synth_eval.comparison import CheckpointRecord, Collapse, Comparison, Finding, Lead, MeanLoss

GOLDEN = Path(__file__).parents[1] / "golden"
PLACE = Place("410M", 1, "self")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="session")
def golden() -> Path:
    return GOLDEN


@pytest.fixture(scope="session")
def compared() -> Comparison:
    """7 tasks x 7 ratios x 3 seeds, simulated once: degraded, inconclusive, safe and refused curves, one checkpoint
    failed, one lacking items, markup and an escape code in a message. No onset was fitted."""
    return comparison_from_json((GOLDEN / "comparison.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def make_cell() -> Callable[..., Cell]:
    """A degraded accuracy curve with an onset at 20%, with any field replaced."""

    def made(task: str = "arc", **changes) -> Cell:
        onset_at_20 = {
            "ratios": (0.0, 0.2, 0.5),
            "values": (0.8, 0.78, 0.6),
            "se": (0.01, 0.01, 0.01),
            "difference": (0.0, -0.02, -0.2),
            "difference_ci": ((0.0, 0.0), (-0.05, 0.01), (-0.23, -0.17)),
            "p_value": 0.0001,
            "p_adjusted": 0.0004,
            "onset": 0.2,
            "onset_ci": (0.14, 0.26),
            "crossing": 0.236,
            "crossing_ci": (0.18, 0.5),
            "phi": 1.3,
            "df": 4.0,
            "min_detectable": 0.041,
            "best_ratio": 0.0,
        }
        return cell(task, **{**onset_at_20, **changes})

    return made


@pytest.fixture(scope="session")
def fitted(make_cell) -> Comparison:
    """2 sizes x 2 tasks with onsets, leads and contrasts, one safe and one refused; names that are HTML. Two curves
    have seeds and a fit: .8 up to 20%, then straight down to .6; and .8 less .2 times the square of the ratio."""
    gap = {
        "metric": "surprise_gap",
        "higher_is_better": False,
        "values": (0.01, 0.08, 0.3),
        "difference": (0.0, 0.07, 0.29),
        "difference_ci": ((0.0, 0.0), (0.02, 0.12), (0.2, 0.38)),
        "onset": 0.1,
        "onset_ci": (0.04, 0.18),
        "crossing": 0.12,
        "crossing_ci": (0.05, 0.2),
    }
    unfitted = {"onset": None, "onset_ci": None, "crossing": None, "crossing_ci": None, "first_below": None}
    seeds = (SeedValues(0, (0.81, 0.8, 0.62)), SeedValues(1, (0.79, 0.76, None)))
    hinge, power = FittedCurve("hinge", 0.2, 0.8, 0.6), FittedCurve("power", 2.0, 0.8, 0.6)
    cells = (
        make_cell(by_seed=seeds, fitted=hinge),
        make_cell(**gap),
        make_cell(metric="ece", higher_is_better=False, verdict="refused", display_only=True, **unfitted),
        make_cell(size="1.4B", onset=0.3, onset_ci=(0.22, 0.38), budget=0.2, by_seed=seeds, fitted=power),
        make_cell(size="1.4B", **gap),
        make_cell(HOSTILE, category=HOSTILE, verdict="safe", budget=0.5, reason="</script> within 3%", **unfitted),
        make_cell(HOSTILE, category=HOSTILE, size="1.4B", verdict="refused", budget=None, reason="no room", **unfitted),
    )
    records = tuple(
        CheckpointRecord(f"{HOSTILE} {size} {ratio}", size, ratio, 1, 0, "self", None, "abc", ("arc",))
        for size in ("410M", "1.4B")
        for ratio in (0.0, 0.2, 0.5)
    )
    losses = (
        *(("410M", 0.2, 0.02, (-0.01, 0.05)), ("410M", 0.5, 0.2, (0.17, 0.23))),
        *(("1.4B", 0.2, 0.0, (-0.03, 0.03)), ("1.4B", 0.5, 0.1, (0.07, 0.13))),
    )
    lead = Lead("arc, 410M", "arc", PLACE, "undetermined", "which came first is undetermined", 0.1, (-0.02, 0.2))
    return Comparison(
        family=HOSTILE,
        created="2026-11-21T07:00:00+00:00",
        provenance={"synth_eval": "0.1.0", "note": HOSTILE},
        cells=cells,
        checkpoints=records,
        leads=(lead,),
        contrasts=(make_contrast("410M against 1.4B", verdict="undetermined", estimate=-0.1),),
        findings=(Finding("within 3% up to 20%", "disagrees", "", ""),),
        mean_losses=tuple(MeanLoss("size", size, ratio, loss, interval, 2) for size, ratio, loss, interval in losses),
        warnings=(f"{HOSTILE} [link](javascript:alert(1)) @everyone | $x$",),
    )


@pytest.fixture(scope="session")
def written(make_cell) -> Comparison:
    """Characteristics of texts over two iterations: rare words fall, self-BLEU does not rise; one score falls too."""

    def drawn(metric: str, iteration: int, values: tuple[float, ...], intervals: tuple, **changes) -> Cell:
        difference = tuple(value - values[0] for value in values)
        return make_cell(
            "essays",
            metric=metric,
            category="generation",
            iteration=iteration,
            values=values,
            difference=difference,
            difference_ci=((0.0, 0.0), *intervals),
            n_items=40,
            **changes,
        )

    characteristics = []
    for iteration, tail in ((1, (0.30, 0.29, 0.24)), (2, (0.30, 0.25, 0.15))):
        beside = tuple((value - 0.30 - 0.02, value - 0.30 + 0.02) for value in tail[1:])
        characteristics += [
            drawn("tail_mass", iteration, tail, beside),
            drawn(
                "self_bleu",
                iteration,
                (0.40, 0.35, 0.40),
                ((-0.08, -0.02), (-0.03, 0.03)),
                higher_is_better=False,
                verdict="inconclusive",
            ),
            drawn(
                "length",
                iteration,
                (60.0, 60.0, 60.0),
                ((-1.0, 1.0), (-1.0, 1.0)),
                higher_is_better=False,
                display_only=True,
                verdict="refused",
            ),
        ]
    stages = {(1, 0.2): "none", (1, 0.5): "early collapse", (2, 0.2): "early collapse", (2, 0.5): "late collapse"}
    collapses = tuple(
        Collapse(
            "", "essays", replace(PLACE, iteration=iteration), ratio, "some sides", stage, f"because {ratio:.0%}",
            toward=("tail",),
        )
        for (iteration, ratio), stage in stages.items()
    )  # fmt: skip
    later = replace(PLACE, iteration=2)
    rare = Lead(
        "rare words", "arc", later, "early", "moved earlier", 0.2, (0.1, 0.3), texts="essays", metric="tail_mass"
    )
    bleu = replace(
        rare, label="self-BLEU", metric="self_bleu", verdict="undetermined", estimate=0.0, interval=(-0.3, 0.3)
    )
    compounds = make_contrast(
        "rare words, 1 against 2", kind="iteration", task="essays", metric="tail_mass", first=1, second=2,
        verdict="different", estimate=-0.2, interval=(-0.3, -0.1), reason=HOSTILE,
    )  # fmt: skip
    cells = tuple(make_cell(iteration=iteration) for iteration in (1, 2))
    return Comparison(
        "writers", "2026-11-21T07:00:00+00:00", {}, cells, (), characteristics=tuple(characteristics),
        collapses=collapses, text_leads=(rare, bleu), text_contrasts=(compounds,),
    )  # fmt: skip
