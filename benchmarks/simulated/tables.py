"""The settings that are simulated, and the targets of docs/methods.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from simulated.records import (
    Record,
    accuracy_columns,
    conditional_record,
    corrected_record,
    family_record,
    gap_record,
    lead_record,
    pooled_record,
)
from synth_eval.dose_response.simulation import CurveSpec

SIX = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
ELEVEN = tuple(round(0.05 * i, 2) for i in range(11))
FOUR = (0.0, 0.15, 0.3, 0.5)
LAYOUTS: dict[str, tuple[tuple[float, ...], int]] = {
    "4 ratios, 3 seeds": (FOUR, 3),
    "6 ratios, 1 seed": (SIX, 1),
    "6 ratios, 3 seeds": (SIX, 3),
    "11 ratios, 1 seed": (ELEVEN, 1),
}
REPLICATED: dict[str, tuple[tuple[float, ...], int]] = {
    "5 ratios, 2 seeds": ((0.0, 0.1, 0.2, 0.3, 0.5), 2),
    "6 ratios, 2 seeds": (SIX, 2),
    "6 ratios, 3 seeds": (SIX, 3),
    "11 ratios, 2 seeds": (ELEVEN, 2),
}
DRIFTING = CurveSpec(n=500, ratios=SIX, drop=0.0)


@dataclass(frozen=True)
class Row:
    """One line of a table: a setting, and what is asked of each of its families."""

    label: tuple[str, ...]
    family: Callable[[np.random.Generator], Record]


@dataclass(frozen=True)
class Table:
    """``columns`` name the rates; ``targets`` hold (bound, at_most) for each, or None."""

    title: str
    says: str
    settings: tuple[str, ...]
    columns: tuple[str, ...]
    targets: tuple[tuple[float, bool] | None, ...]
    rows: tuple[Row, ...]


def tables() -> list[Table]:
    at_most, at_least = (lambda bound: (bound, True)), (lambda bound: (bound, False))
    points = lambda sd: f"{100 * sd:g}"  # noqa: E731
    accuracy = ("flagged", "onset covered", "first significant ratio minus onset", "budget too high", "called safe")

    def rows(record: Callable[..., Record], specs: Sequence[tuple[tuple[str, ...], CurveSpec]]) -> tuple[Row, ...]:
        return tuple(Row(label, partial(record, spec)) for label, spec in specs)

    def grid(
        layouts: Iterable[str], ns: Sequence[int], sds: Sequence[float], **truth: object
    ) -> Iterator[tuple[tuple[str, ...], CurveSpec]]:
        for layout, n, sd in product(layouts, ns, sds):
            ratios, seeds = (LAYOUTS | REPLICATED)[layout]
            spec = CurveSpec(ratios=ratios, seeds=seeds, n=n, seed_sd=sd, **truth)  # type: ignore[arg-type]
            yield (layout, f"{n}", points(sd)), spec

    layout = ("layout", "items", "seed SD, points")
    three = ["4 ratios, 3 seeds", "6 ratios, 1 seed", "11 ratios, 1 seed"]
    both = ("onset of accuracy", "of calibration", *layout)
    null = list(grid(three, [100, 500, 2000], [0, 0.005, 0.015]))
    returns = [
        ((shape, *label), spec)
        for shape in ("improve-then-return", "improve-only")
        for label, spec in grid(three, [500, 2000], [0, 0.01],
                                shape=shape, drop=0.06, onset=0.25)
    ]  # fmt: skip
    hinges = list(grid(LAYOUTS, [500, 2000], [0, 0.01], shape="hinge", onset=0.2, drop=0.06))
    power = {of: [h for h in hinges if (h[0][1:] == ("2000", "1")) == of] for of in (True, False)}
    onsets = [
        ((f"{onset:g}", f"{100 * drop:g}", *label), spec)
        for onset, drop in ((0.1, 0.06), (0.2, 0.12), (0.3, 0.12))
        for label, spec in grid(LAYOUTS, [500, 2000], [0, 0.015], shape="hinge", onset=onset, drop=drop)
    ]  # fmt: skip
    shapes = [
        ((shape, *label), spec)
        for shape in ("hinge", "linear", "accelerating", "saturating", "improve-then-degrade")
        for label, spec in grid(["6 ratios, 1 seed", "6 ratios, 3 seeds", "11 ratios, 1 seed"], [500, 2000], [0, 0.01],
                                shape=shape, onset=0.2, drop=0.06)
    ]  # fmt: skip
    edge = list(grid(["6 ratios, 1 seed", "6 ratios, 3 seeds"], [2000, 8000], [0, 0.01], shape="linear", drop=0.021))
    ceiling = [
        ((f"{level:g}", *label), replace(spec, accuracy=level, drop=0.033 * level))
        for level in (0.985, 0.95)
        for label, spec in grid(["4 ratios, 3 seeds", "6 ratios, 1 seed"], [30, 100, 500], [0], shape="linear")
    ]
    apart = [
        ((shape, *label, points(level)), replace(spec, level_sd=level))
        for shape in ("null", "hinge")
        for sd, level in ((0.0, 0.01), (0.0, 0.03), (0.01, 0.02))
        for label, spec in grid(REPLICATED, [500, 2000], [sd], shape=shape, onset=0.2, drop=0.06)
    ]
    apart_null, apart_hinge = ([row for row in apart if row[1].shape == shape] for shape in ("null", "hinge"))
    gaps = [
        ((drift, baseline, f"6 ratios, {seeds} seed{'s' * (seeds > 1)}"), replace(DRIFTING, seeds=seeds, **truth), sign)
        for seeds in (1, 3)
        for drift, baseline, truth, sign in (
            ("none", "calibrated", {}, 1.0),
            ("none, drift SD .02", "calibrated", {"drift_sd": 0.02}, 1.0),
            ("none, accuracy -3 points", "calibrated", {"shape": "hinge", "drop": 0.03}, 1.0),
            ("0.1", "calibrated", {"drift": 0.1}, 1.0),
            ("0.2", "calibrated", {"drift": 0.2}, 1.0),
            ("0.4", "calibrated", {"drift": 0.4}, 1.0),
            ("-0.2, to calibrated", "underconfident", {"drift": 0.2}, -1.0),
            ("-0.4, to calibrated", "underconfident", {"drift": 0.4}, -1.0),
            *(
                (
                    ("none, seeds' own SD .1", "calibrated", {"drift_level_sd": 0.1}, 1.0),
                    ("0.2, seeds' own SD .1", "calibrated", {"drift": 0.2, "drift_level_sd": 0.1}, 1.0),
                )
                if seeds > 1
                else ()
            ),
        )
    ]
    ties, leads = (
        [
            ((f"{a:g}", f"{c:g}", *label), replace(spec, onset=a, drift_onset=c, drift_sd=2 * spec.seed_sd))
            for a, c in onsets_of_both
            for label, spec in grid(["6 ratios, 3 seeds", "11 ratios, 1 seed"], [500, 2000], [0, 0.01],
                                    shape="hinge", drop=0.12, drift=0.5)
        ]
        for onsets_of_both in (((0.1, 0.1), (0.3, 0.3)), ((0.3, 0.1), (0.2, 0.3)))
    )  # fmt: skip
    apart_leads = [
        ((f"{a:g}", f"{c:g}", *label),
         replace(spec, onset=a, drift_onset=c, drift_sd=0.01, level_sd=0.02, drift_level_sd=0.1))
        for a, c in ((0.2, 0.2), (0.3, 0.1))
        for label, spec in grid(["6 ratios, 2 seeds", "6 ratios, 3 seeds"], [500, 2000], [0.005],
                                shape="hinge", drop=0.12, drift=0.5)
    ]  # fmt: skip
    single = [
        ((shape, f"{n}", points(sd)), CurveSpec(shape=shape, drop=0.08, onset=0.15, ratios=FOUR, n=n, seed_sd=sd))
        for shape, n, sd in product(("null", "hinge"), (500, 2000), (0.005, 0.01, 0.015))
    ]
    family = CurveSpec(ratios=SIX, n=500, seed_sd=0.01)
    tripled = replace(family, ratios=FOUR, seeds=3)
    pools: list[tuple[str, Sequence[float], int, CurveSpec]] = [
        ("6 ratios: one noisy size (2 points) among two quiet ones", (0.02, 0.0, 0.0), 1, family),
        ("6 ratios: a noisy size, 3 iterations each", (0.02, 0.0, 0.0), 3, family),
        ("4 ratios: three sizes, 1 point each, pooled", (0.01, 0.01, 0.01), 1, replace(family, ratios=FOUR)),
        ("4 ratios: one noisy size (2 points) among two quiet ones", (0.02, 0.0, 0.0), 1, replace(family, ratios=FOUR)),
    ]
    even, uneven = (0.01,) * 8, (0.0, 0.02) * 4
    eight = [
        ((effect, layout, seed_noise), partial(family_record, replace(spec, **falling), spec, noise))
        for layout, spec in (
            ("2,000 items, 1 seed", CurveSpec(ratios=SIX, n=2000)),
            ("500 items, 2 seeds", CurveSpec(ratios=SIX, n=500, seeds=2)),
            ("500 items, 3 seeds", CurveSpec(ratios=SIX, n=500, seeds=3)),
        )
        for effect, falling, seed_noise, noise in (
            ("6 points", {"shape": "hinge", "drop": 0.06}, "1", even),
            ("3 points", {"shape": "hinge", "drop": 0.03}, "1", even),
            ("none", {}, "1", even),
            ("none", {}, "0 or 2, by task", uneven),
        )
    ]
    return [
        Table("Families of eight tasks",
              "As users have them: categories of 3, 3 and 2 tasks on 6 ratios, the first with a hinge at .2. Power is "
              "of a falling task by its own test, after Holm over the 8 tasks and by fdr, and of its category after "
              "Holm over the 3. False flags are of families: any flat task, or category, after Holm. Run noise is "
              "moderated over the tasks.",
              ("loss at .5", "layout", "seed SD, points"),
              ("task, own test", "task, Holm", "task, fdr", "category", "its onset covered", "a flat task degraded",
               "a task improved", "a flat category degraded", "flat task safe", "flat category safe"),
              (None, None, None, None, at_least(0.92), at_most(0.07), at_most(0.07), at_most(0.07), None, None),
              tuple(Row(label, record) for label, record in eight)),
        Table("False flags on null curves", "Nothing changes with the ratio. Target .07 each, .05 on average.", layout,
              ("flagged", "called safe"), (at_most(0.07), None),
              tuple(Row(label, partial(accuracy_columns, (0, 4), spec)) for label, spec in null)),
        Table("False flags on curves that improve", "6 points better at ratio .25; then back to the baseline, or not.",
              ("shape", *layout), ("flagged",), (at_most(0.05),),
              tuple(Row(label, partial(accuracy_columns, (0,), spec)) for label, spec in returns)),
        Table("Power", "A hinge at .2, -6 points at .5, 2,000 items, a seed SD of 1 point.", layout,
              ("flagged",), (at_least(0.90),),
              tuple(Row(label, partial(accuracy_columns, (0,), spec)) for label, spec in power[True])),
        Table("Power elsewhere", "The same hinge.", layout, ("flagged",), (None,),
              tuple(Row(label, partial(accuracy_columns, (0,), spec)) for label, spec in power[False])),
        Table("Onset", "Hinges. Only flagged curves have an onset; coverage is among them.",
              ("onset", "points lost at .5", *layout), accuracy[:3], (None, at_least(0.92), None),
              tuple(Row(label, partial(accuracy_columns, (0, 1, 2), spec)) for label, spec in onsets)),
        Table("Budget", "Accuracy .65, 6 points lost at .5: the budget must not exceed the ratio where 3% are lost.",
              ("shape", *layout), (accuracy[0], accuracy[3]), (None, at_most(0.06)),
              tuple(Row(label, partial(accuracy_columns, (0, 3), spec)) for label, spec in shapes)),
        Table("Safe", "A straight line that loses 2.1 points at .5, just above the margin of 1.95: never safe.", layout,
              ("called safe",), (at_most(0.06),),
              tuple(Row(label, partial(accuracy_columns, (4,), spec)) for label, spec in edge)),
        Table("Near the ceiling", "A straight line that loses 3.3%, where 3% are the margin: never safe.",
              ("accuracy", *layout), ("called safe",), (at_most(0.06),),
              tuple(Row(label, partial(accuracy_columns, (4,), spec)) for label, spec in ceiling)),
        Table("One seed and four ratios", "Verdicts that rest on a declared seed SD of 1 point; -8 points from .15.",
              ("shape", "items", "true seed SD, points"), ("flagged", "tolerance of the flag covers the true SD"),
              (None, None), rows(conditional_record, single)),
        Table("Pooling", "Null curves, 500 items.", ("family",), ("flagged, first size", "flagged, all", "conditional"),
              (at_most(0.07), at_most(0.07), None),
              tuple(Row((label,), partial(pooled_record, noise, its, spec)) for label, noise, its, spec in pools)),
        Table("Many curves", "Null families of 24 curves after Holm, seed SD 1 point.", ("layout",), ("any flagged",),
              (at_most(0.07),),
              (Row(("6 ratios, 1 seed, 500 items",), partial(corrected_record, family, 24)),
               Row(("4 ratios, 3 seeds, 500 items",), partial(corrected_record, tripled, 24)))),
        Table("Surprise gap", "500 items; drift is of the log-temperature, a hinge at .2.",
              ("drift at .5", "baseline", "layout"), ("gap flagged", "accuracy flagged", "calibration called safe"),
              (None, None, None),
              tuple(Row(label, partial(gap_record, spec, sign)) for label, spec, sign in gaps)),
        Table("OnsetLead, both at once", "-12 points and a drift of .5 at ratio .5; drift SD is twice the seed SD.",
              both, ("both degraded", "lead covered", "early", "late"), (None, at_least(0.92), at_most(0.05), None),
              rows(lead_record, ties)),
        Table("OnsetLead, one before the other", "As above.", both, ("both degraded", "lead covered", "early", "late"),
              (None, at_least(0.92), None, None), rows(lead_record, leads)),
        Table("Seeds apart, null curves",
              "Each training seed has a level of its own, the same at all its ratios; nothing changes with the ratio.",
              ("shape", *layout, "SD of the seeds' levels"), ("flagged", "called safe"), (at_most(0.07), None),
              tuple(Row(label, partial(accuracy_columns, (0, 4), spec)) for label, spec in apart_null)),
        Table("Seeds apart, hinges", "The same with a hinge at .2 and -6 points at .5.",
              ("shape", *layout, "SD of the seeds' levels"), (accuracy[0], accuracy[1], accuracy[3]),
              (None, at_least(0.92), at_most(0.06)),
              tuple(Row(label, partial(accuracy_columns, (0, 1, 3), spec)) for label, spec in apart_hinge)),
        Table("Seeds apart, lead",
              "As the other leads, with seeds' levels of SD 2 points and .1 of the log-temperature; drift SD .01.",
              both, ("both degraded", "lead covered", "early", "late"), (None, at_least(0.92), None, None),
              rows(lead_record, apart_leads)),
    ]  # fmt: skip
