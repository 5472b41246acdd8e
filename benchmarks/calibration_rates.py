"""Whether p-values and intervals keep their promises; writes its tables into docs/calibration.md.

Run with ``OMP_NUM_THREADS=1 python benchmarks/calibration_rates.py`` (about a quarter of an hour; ``--quick`` for a
twentieth of the simulations, which writes nothing). Models of known calibration answer simulated questions; for each
data set we see whether p < .05 and whether the interval holds the truth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from synth_eval.calibration import METRICS, assess, assess_choices, expected_calibration_error
from synth_eval.calibration.answers import Answers, prepare_choices
from synth_eval.calibration.binning import bin_index
from synth_eval.calibration.bootstrap import observed
from synth_eval.calibration.errors import gap_norm
from synth_eval.calibration.metrics import build_metric
from synth_eval.calibration.smooth import GRID, cosine_basis, grid_cell, solve_bandwidth

PAGE = Path(__file__).resolve().parents[1] / "docs" / "calibration.md"
BEGIN, END = "<!-- calibration-rates:begin -->", "<!-- calibration-rates:end -->"
SIZES = (100, 500, 2000)
RESAMPLES = 199  # p < .05 then has probability .05 exactly, one-sided and two-sided
BINS = 15
POPULATION = 300_000  # items from which truths are computed
COPULA = 0.6  # latent correlation of answers within a passage
PASSAGE = 5  # questions each


@dataclass(frozen=True)
class World:
    """Four choices with logits of this spread; nature's log-probabilities are the model's divided by the temperature,
    and a share of answers is drawn blindly."""

    name: str
    sharpness: float
    temperature: float
    blind: float = 0.0

    @property
    def calibrated(self) -> bool:
        return self.temperature == 1.0 and self.blind == 0.0


WORLDS = (
    World("calibrated", 1.5, 1.0),
    World("overconfident (T = 1.7)", 3.0, 1.7),
    World("underconfident (T = .7)", 1.0, 0.7),
    World("a fifth drawn blindly", 3.0, 1.0, 0.2),
)


@dataclass
class Tally:
    """How often p < .05 and how often intervals held the truth, by name of the number."""

    simulations: int = 0
    alarms: dict[str, int] = field(default_factory=dict)
    covered: dict[str, int] = field(default_factory=dict)
    intervals: dict[str, int] = field(default_factory=dict)

    def rate(self, name: str) -> float:
        return self.alarms[name] / self.simulations

    def coverage(self, name: str) -> float:
        return self.covered[name] / self.intervals[name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the simulations; writes nothing")
    quick = parser.parse_args().quick
    shrink = 20 if quick else 1
    start = time.process_time()
    tallies = {
        (world.name, n): _independent(world, n, (1000 if world.calibrated else 600) // shrink)
        for world in WORLDS
        for n in SIZES
    }
    passages = {
        (world.name, units): _clustered(world, units, (1000 if world.calibrated else 600) // shrink)
        for world in WORLDS[:2]
        for units in (30, 100)
    }
    lines = [
        f"Written by `benchmarks/calibration_rates.py` ({(time.process_time() - start) / 60:.0f} minutes of one core).",
        "",
        *_null_table(1000 // shrink),
        *_alarm_table(tallies, passages),
        *_coverage_table(tallies, passages),
        *_plain_table(300 // shrink),
    ]
    print("\n".join(lines))
    if not quick:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text(before + "\n".join([BEGIN, "", *lines, END]) + after, encoding="utf-8")


def _draw(
    world: World, n: int, rng: np.random.Generator, passages: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The model's probabilities, nature's, and the right choices; those of a passage hang together."""
    logits = world.sharpness * rng.normal(size=(n, 4))
    model, nature = (np.exp(logits / t) for t in (1.0, world.temperature))
    model, nature = (p / p.sum(axis=1, keepdims=True) for p in (model, nature))
    nature = (1.0 - world.blind) * nature + world.blind / 4.0
    uniform = rng.random(n)
    if passages:
        from scipy.special import ndtr

        shared = np.repeat(rng.normal(size=passages), PASSAGE)
        uniform = ndtr(COPULA**0.5 * shared + (1.0 - COPULA) ** 0.5 * rng.normal(size=n))
    # the predicted choice takes the low end of the uniforms, as in a copula of right and wrong
    order = np.argsort(-model, axis=1)
    place = (uniform[:, None] > np.take_along_axis(nature, order, axis=1).cumsum(axis=1)).sum(axis=1)
    gold = order[np.arange(n), np.minimum(place, 3)]
    return model, nature, gold


def _independent(world: World, n: int, simulations: int) -> Tally:
    rng = np.random.default_rng([n, WORLDS.index(world)])
    return _tally(world, simulations, rng, n, passages=0)


def _clustered(world: World, passages: int, simulations: int) -> Tally:
    rng = np.random.default_rng([passages, WORLDS.index(world), 1])
    return _tally(world, simulations, rng, passages * PASSAGE, passages=passages)


def _tally(world: World, simulations: int, rng: np.random.Generator, n: int, *, passages: int) -> Tally:
    truth = _truth(*_draw(world, POPULATION, rng))
    clusters = np.repeat(np.arange(passages), PASSAGE) if passages else None
    tally = Tally(simulations, *(dict.fromkeys(METRICS, 0) for _ in range(3)))
    for seed in range(simulations):
        model, nature, gold = _draw(world, n, rng, passages)
        found = assess_choices(model, gold, clusters=clusters, bins=BINS, resamples=RESAMPLES, seed=seed)
        own = truth | {"max_error": _largest_gap(model, nature)}
        for name in METRICS:
            estimate = found[name]
            tally.alarms[name] += estimate.p_value is not None and estimate.p_value < 0.05
            if estimate.interval is not None:
                low, high = estimate.interval
                tally.intervals[name] += 1
                tally.covered[name] += low - 1e-9 <= own[name] <= high + 1e-9
    return tally


def _truth(model: np.ndarray, nature: np.ndarray, gold: np.ndarray) -> dict[str, float]:
    """What the numbers tend to: errors from nature's probabilities themselves, the rest from many answers."""
    items = prepare_choices(model, gold)
    data = observed(items)
    means = ("accuracy", "signed_gap", "surprise_gap", "brier", "nll")
    ranks = ("auroc", "aurc", "accuracy_at_50", "accuracy_at_80")
    truth = {name: _value(name, items, data) for name in (*means, *ranks)}
    confidence, gap = _confidence_and_gap(model, nature)
    width, mass = (bin_index(confidence, bins=BINS, scheme=scheme) for scheme in ("width", "mass"))
    truth["ece"], truth["rms_error"] = (_error(width, gap, norm) for norm in ("l1", "l2"))
    truth["ece_mass"], truth["debiased_error"] = (_error(mass, gap, norm) for norm in ("l1", "l2"))
    moved = np.bincount(grid_cell(confidence), weights=gap, minlength=GRID) / len(gap)
    truth["smooth_ece"] = float(solve_bandwidth((moved @ cosine_basis(np.arange(GRID)))[None, :])[0])
    by_choice = (bin_index(model[:, j], bins=BINS, scheme="width") for j in range(4))
    truth["classwise_ece"] = sum(_error(index, nature[:, j] - model[:, j]) for j, index in enumerate(by_choice)) / 4.0
    return truth


def _value(name: str, items: Answers, data: object) -> float:
    return float(build_metric(name, items, bins=BINS).compute(data)[0])  # type: ignore[arg-type]


def _confidence_and_gap(model: np.ndarray, nature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, pred = np.arange(len(model)), model.argmax(axis=1)
    return model[rows, pred], nature[rows, pred] - model[rows, pred]


def _error(index: np.ndarray, gap: np.ndarray, norm: str = "l1") -> float:
    excess, count = np.bincount(index, weights=gap, minlength=BINS), np.bincount(index, minlength=BINS)
    return float(gap_norm(excess, count, norm))  # type: ignore[arg-type]


def _largest_gap(model: np.ndarray, nature: np.ndarray) -> float:
    """The largest error lies in the emptiest bins, and which are filled differs: so over the sample's own."""
    confidence, gap = _confidence_and_gap(model, nature)
    return _error(bin_index(confidence, bins=BINS, scheme="width"), gap, "max")


def _null_table(simulations: int) -> list[str]:
    rows = [
        f"**ECE of calibrated data**, confidences spread evenly over .25 to 1, {simulations:,} data sets each:",
        "",
        "| n | mean ECE | called 'within the null band' |",
        "|---|---|---|",
    ]
    for n in SIZES:
        rng = np.random.default_rng(n)
        values, within = [], 0
        for seed in range(simulations):
            confidence = 0.25 + 0.75 * rng.random(n)
            correct = rng.random(n) < confidence
            values.append(expected_calibration_error(confidence, correct))
            within += assess(confidence, correct, metrics=("ece",), resamples=RESAMPLES, seed=seed).within_null("ece")
        rows.append(f"| {n:,} | {_short(np.mean(values))} | {100 * within / simulations:.1f}% |")
    return [*rows, ""]


def _alarm_table(tallies: dict[tuple[str, int], Tally], passages: dict[tuple[str, int], Tally]) -> list[str]:
    free = [tallies["calibrated", n] for n in SIZES]
    whole = {units: passages["calibrated", units] for units in (30, 100)}
    simulations = free[0].simulations
    heads = [f"n = {n:,}" for n in SIZES] + [f"{units} passages of {PASSAGE}" for units in whole]
    rows = [
        f"**False alarms** of p < .05 on {simulations:,} calibrated data sets of four choices (standard error "
        f"{100 * (0.0475 / simulations) ** 0.5:.1f} points), and of {PASSAGE} dependent questions a passage "
        f"(latent correlation {COPULA}) with `clusters=`:",
        "",
        "| number | " + " | ".join(heads) + " |",
        "|---|" + "---|" * len(heads),
    ]
    for name in METRICS:
        cells = (f"{100 * tally.rate(name):.1f}%" for tally in (*free, *whole.values()))
        rows.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return [*rows, ""]


def _coverage_table(tallies: dict[tuple[str, int], Tally], passages: dict[tuple[str, int], Tally]) -> list[str]:
    rows = [
        "**Coverage of the nominal 95% intervals**: mean over "
        f"{len(WORLDS)} models ({', '.join(world.name for world in WORLDS)}), in brackets the lowest "
        f"({tallies[WORLDS[1].name, 100].simulations} simulations, the calibrated one "
        f"{tallies['calibrated', 100].simulations:,}); with passages, of the first two models:",
        "",
        "| number | " + " | ".join(f"n = {n:,}" for n in SIZES) + " | 30 passages | 100 passages |",
        "|---|" + "---|" * (len(SIZES) + 2),
    ]
    for name in METRICS:
        cells = [_of([tallies[world.name, n].coverage(name) for world in WORLDS]) for n in SIZES]
        cells += [_of([passages[world.name, units].coverage(name) for world in WORLDS[:2]]) for units in (30, 100)]
        rows.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return [*rows, ""]


def _plain_table(simulations: int) -> list[str]:
    """Percentiles of resampled errors, the interval that most programs print, against ours."""
    rows = [
        f"**The true ECE in our interval and in bootstrap percentiles** ({simulations} simulations, 300 resamples):",
        "",
        "| model | true ECE | n | mean ECE read | ours | percentiles |",
        "|---|---|---|---|---|---|",
    ]
    for world in WORLDS:
        for n in SIZES:
            rng = np.random.default_rng([n, WORLDS.index(world), 2])
            truth = _truth(*_draw(world, POPULATION, rng))["ece"]
            values, ours, plain = [], 0, 0
            for seed, (confidence, correct) in enumerate(_answers(world, n, simulations, rng)):
                found = assess(confidence, correct, metrics=("ece",), resamples=300, seed=seed)["ece"]
                resampled = [_resampled_error(confidence, correct, rng) for _ in range(300)]
                low, high = np.quantile(resampled, [0.025, 0.975])
                values.append(found.value)
                ours += found.interval is not None and found.interval[0] - 1e-9 <= truth <= found.interval[1]
                plain += low <= truth <= high
            cells = (world.name, _short(truth), f"{n:,}", _short(np.mean(values)))
            rows.append("| " + " | ".join((*cells, *(f"{100 * c / simulations:.0f}%" for c in (ours, plain)))) + " |")
    return [*rows, ""]


def _answers(world: World, n: int, count: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for _ in range(count):
        model, _, gold = _draw(world, n, rng)
        yield model.max(axis=1), model.argmax(axis=1) == gold


def _resampled_error(confidence: np.ndarray, correct: np.ndarray, rng: np.random.Generator) -> float:
    drawn = rng.integers(0, len(correct), len(correct))
    index = np.minimum((confidence[drawn] * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(index, weights=correct[drawn] - confidence[drawn], minlength=BINS)
    return float(np.abs(gap).sum() / len(correct))


def _of(shares: list[float]) -> str:
    return f"{100 * np.mean(shares):.1f}% ({100 * min(shares):.1f}%)"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


if __name__ == "__main__":
    main()
