"""Whether the intervals of scaling laws keep their promises, and what a fit costs; writes scaling_rates.md.

Run with ``OMP_NUM_THREADS=1 PYTHONPATH=tests/support python benchmarks/scaling_rates.py`` (two minutes of CPU time;
``--quick`` for a tenth of the simulations, which writes nothing). The peer for time is scipy's `least_squares` on the
same resamples, one by one, with the same Jacobian.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from scaling_families import SIZES, TOKENS, Truth, curve, family  # noqa: E402

from synth_eval.scaling import Points, answer_curve, answer_mixture, collapse_pattern, fit_law, points_of  # noqa: E402
from synth_eval.scaling.fitting import DELTA, minimise  # noqa: E402
from synth_eval.scaling.laws import MIXTURE  # noqa: E402

PAGE = Path(__file__).with_suffix(".md")
FAMILIES, CURVES, PATTERNS, PROMISED = 60, 40, 100, 400
RESAMPLES = 100  # half of what the command takes, to keep the whole run short


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the simulations; writes nothing")
    quick = parser.parse_args().quick
    shrink = 10 if quick else 1
    start = time.process_time()
    lines = ["# Scaling laws: what simulation shows", ""]
    lines += ["Written by `python benchmarks/scaling_rates.py`. Noise is log-normal, independent a checkpoint.", ""]
    parts = (
        mixtures(FAMILIES // shrink),
        promise(PROMISED // shrink),
        curves(CURVES // shrink),
        patterns(PATTERNS // shrink),
        cost(),
    )
    for part in parts:
        for line in part:
            print(line, flush=True)
            lines.append(line)
        lines.append("")
    lines.append(f"CPU time of it all: {time.process_time() - start:.0f} s.")
    if not quick:
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def mixtures(families: int) -> Iterator[str]:
    yield "## Best ratio and speed-up"
    yield ""
    yield "3 sizes x 4 budgets over 64 times x 6 ratios, 100 resamples; r* at the middle size and 32B tokens."
    yield ""
    yield "| truth | noise | families | r* covered | mean interval of r* | r* refused | speed-ups covered | refused |"
    yield "|---|---|---|---|---|---|---|---|"
    worlds = (
        ("r* .30 (u .3, v .5)", Truth(), 0.002),
        ("r* .30, strong (u 2.4, v 4)", Truth(u0=2.4, v=4.0), 0.002),
        ("r* .30 at 16B, falls with tokens (u1 -.05)", Truth(u1=-0.05), 0.002),
        ("r* .30 (u .3, v .5)", Truth(), 0.005),
        ("no bend: the more the worse (u -.3, v 0)", Truth(u0=-0.3, v=0.0), 0.002),
        ("r* at 1.0, beyond the tested .8 (u 1, v .5)", Truth(u0=1.0), 0.002),
    )
    for name, truth, noise in worlds:
        covered, ends, refused, speed, speed_refused = [], [], 0, [], 0
        for seed in range(families):
            answers = answer_mixture(family(truth, noise=noise, seed=seed), seed=seed, forms=False, resamples=RESAMPLES)
            at = next(b for b in answers.best if np.isclose(b.size, SIZES[1]) and np.isclose(b.tokens, TOKENS[2]))
            if at.answer.value is None:
                refused += 1
            else:
                low, high = at.answer.interval or (np.nan, np.nan)
                covered.append(low <= truth.best_ratio(TOKENS[2]) <= high)
                ends.append((low, high))
            for each in answers.speed_ups:
                if each.answer.interval is None:
                    speed_refused += 1
                else:
                    low, high = each.answer.interval
                    speed.append(low <= truth.speed_up(each.tokens, each.ratio) <= high)
        mean = "[{:.3f}, {:.3f}]".format(*np.mean(ends, axis=0)) if ends else "-"
        yield (
            f"| {name} | {noise:.1%} | {families} | {_rate(covered)} | {mean} | {refused} "
            f"| {_rate(speed)} | {speed_refused} |"
        )


def promise(families: int) -> Iterator[str]:
    """What METHODS promises, with the command's own number of resamples; the nightly test has the same families."""
    best, speed, width = [], [], []
    for seed in range(families):
        found = answer_mixture(family(seed=1000 + seed), seed=seed, forms=False)
        at = next(b for b in found.best if np.isclose(b.size, SIZES[1]) and np.isclose(b.tokens, TOKENS[2]))
        low, high = at.answer.interval or (1.0, 0.0)
        best.append(low <= 0.30 <= high)
        width.append(high - low)
        for each in found.speed_ups:
            low, high = each.answer.interval or (1.0, 0.0)
            speed.append(low <= Truth().speed_up(each.tokens, each.ratio) <= high)
    yield f"## {families} families"
    yield ""
    yield "r* .30 (u .3, v .5), noise .2%, 200 resamples as in the command; a refusal would count as a miss."
    yield ""
    yield "| r* covered | mean width | speed-ups covered |"
    yield "|---|---|---|"
    yield f"| {np.mean(best):.3f} of {len(best)} | {np.mean(width):.3f} | {np.mean(speed):.3f} of {len(speed)} |"


def curves(count: int) -> Iterator[str]:
    yield "## Where one curve levels off"
    yield ""
    yield "1.7 + 400 / D^.28 from 2B tokens on, rectified law, noise .2%, 100 resamples."
    yield "The loss is within 5% of E from 13T tokens on."
    yield ""
    yield "| budgets | span | curves | E refused | E covered | plateau refused | plateau covered |"
    yield "|---|---|---|---|---|---|---|"
    truth = (400 / (0.05 * 1.7)) ** (1 / 0.28)
    for budgets, span in ((6, 32.0), (8, 128.0), (12, 1024.0), (14, 8192.0)):
        told, plateau = [], []
        for seed in range(count):
            answers = answer_curve(curve(budgets, span, seed=seed), seed=seed, forms=False, resamples=RESAMPLES)
            for answer, value, into in ((answers.asymptote, 1.7, told), (answers.plateau_tokens, truth, plateau)):
                if answer.value is not None and answer.interval is not None:
                    into.append(answer.interval[0] <= value <= answer.interval[1])
        yield (
            f"| {budgets} | {span:g}x | {count} | {count - len(told)} | {_rate(told)} "
            f"| {count - len(plateau)} | {_rate(plateau)} |"
        )


def patterns(count: int) -> Iterator[str]:
    yield "## Collapse pattern"
    yield ""
    yield "3 sizes x 5 budgets over 256 times x 6 ratios, noise .2%."
    yield ""
    yield "| truth | families | flagged |"
    yield "|---|---|---|"
    tokens = (*TOKENS, 5.12e11)
    for name, truth in (
        ("no pattern (u .3, v .5)", Truth()),
        ("no pattern, mixes always worse (u -.5, v .5)", Truth(u0=-0.5)),
        ("curves cross: r* falls through 0 (u1 -.15)", Truth(u1=-0.15)),
    ):
        seen = sum(collapse_pattern(family(truth, seed=seed, tokens=tokens)).seen for seed in range(count))
        yield f"| {name} | {count} | {seen} |"
    seen = sum(collapse_pattern(_rising(family(Truth(), seed=seed, tokens=tokens))).seen for seed in range(count))
    yield f"| loss at ratio .8 rises by 10% for each 4 times the tokens beyond 32B | {count} | {seen} |"


def _rising(points: Points) -> Points:
    late = (points.ratio == 0.8) & (points.tokens > 3.3e10)
    extra = np.where(late, 0.10 * np.log(points.tokens / 3.2e10) / np.log(4), 0.0)
    return points_of(points.size, points.tokens, points.ratio, points.loss * np.exp(extra))


def cost() -> Iterator[str]:
    yield "## Cost"
    yield ""
    points = family(seed=1)
    start = time.process_time()
    fit = fit_law(MIXTURE, points, seed=1)
    whole = time.process_time() - start
    fitted = points.log_loss - fit.residual
    noise = np.random.default_rng(2).choice(fit.residual * np.sqrt(len(points) / fit.df), (200, len(points)))
    start = time.process_time()
    _, ours = minimise(
        MIXTURE, points, fitted + noise, np.repeat(fit.theta[None, :], 200, axis=0), steps=100, flat=1e-6
    )
    batch = time.process_time() - start
    start = time.process_time()
    theirs = np.array([_scipy(points, fitted + extra, fit.theta) for extra in noise])
    single = time.process_time() - start
    yield "One fit of the mixture law to 72 points with 200 bootstrap resamples, one core, CPU time of one run:"
    yield ""
    yield "| what | CPU time |"
    yield "|---|---|"
    yield f"| the whole fit: 32 starts and 200 resamples | {whole:.2f} s |"
    yield f"| the 200 resamples, as one batch | {batch:.2f} s |"
    yield f"| the same 200 by scipy.optimize.least_squares (huber, same Jacobian) | {single:.2f} s |"
    yield ""
    yield f"Largest relative difference of the minima: {np.max((ours - theirs) / theirs):.1e} (ours above scipy's)."


def _scipy(points: Points, target: np.ndarray, start: np.ndarray) -> float:
    found = least_squares(
        lambda theta: (MIXTURE.log_loss(theta[None, :], points)[0] - target) / DELTA,
        start,
        jac=lambda theta: MIXTURE.jacobian(theta[None, :], points, MIXTURE.log_loss(theta[None, :], points))[0] / DELTA,
        loss="huber",
        bounds=(MIXTURE.lower, MIXTURE.upper),
        max_nfev=1000,
    )
    return float(found.cost)


def _rate(hits: list[bool]) -> str:
    return f"{np.mean(hits):.2f} of {len(hits)}" if hits else "-"


if __name__ == "__main__":
    main()
