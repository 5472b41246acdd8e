"""Fit one law to points, and how far the points allow other parameters: a residual bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t as student_t

from synth_eval.scaling.laws import Law
from synth_eval.scaling.points import Points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from synth_eval.types import FloatArray


# Minimise Huber's loss of log residuals for many parameter vectors at once.
#
# Levenberg and Marquardt's method with analytic Jacobians and reweighting, projected onto the bounds. A batch shares
# each
# pass over the points, so that 200 bootstrap resamples cost little more than one fit: scipy's `least_squares`
# minimises
# the same function (the tests compare the two) and takes them one by one.

DELTA = 1e-3  # of log loss: residuals within 0.1% count by their square, larger ones by their size
STEPS = 200
FLAT = 1e-9  # relative decrease of the cost that counts as none
PATIENCE = 3  # accepted steps without a decrease before a vector is done
LEAST_CURVATURE = 0.05  # of a residual beyond delta, as a share of its reweighted curvature


def huber_cost(residual: FloatArray) -> FloatArray:
    """(...,) sum of Huber's function over the last axis; residuals are in units of delta."""
    size = np.abs(residual)
    return np.asarray(np.where(size <= 1.0, 0.5 * size**2, size - 0.5).sum(axis=-1))


def minimise(
    law: Law, points: Points, log_loss: FloatArray, starts: FloatArray, *, steps: int = STEPS, flat: float = FLAT
) -> tuple[FloatArray, FloatArray]:
    """Fit the law from each start.

    Parameters
    ----------
    log_loss : (n,) or (k, n), what each of the k starts is fitted to.
    starts : (k, p) parameter vectors; those outside the bounds are moved onto them.

    Returns
    -------
    parameters (k, p) and their costs (k,), in the order of the starts.
    """
    lower, upper = law.lower, law.upper
    theta = np.clip(starts, lower, upper)
    targets = np.broadcast_to(log_loss, (theta.shape[0], len(points)))
    cost = _cost(law, theta, points, targets)
    damping = np.full(theta.shape[0], 1e-2)
    waited = np.zeros(theta.shape[0], dtype=int)
    going = np.arange(theta.shape[0])
    for _ in range(steps):
        step = _step(law, theta[going], points, targets[going], damping[going], lower, upper)
        moved = np.clip(theta[going] + step, lower, upper)
        reached = _cost(law, moved, points, targets[going])
        better = reached < cost[going]
        gained = np.where(better, (cost[going] - reached) / np.maximum(cost[going], 1e-12), 0.0)
        waited[going] = np.where(better, np.where(gained > flat, 0, waited[going] + 1), waited[going])
        theta[going[better]] = moved[better]
        cost[going[better]] = reached[better]
        damping[going] = np.where(better, np.maximum(damping[going] / 4.0, 1e-12), damping[going] * 5.0)
        going = going[(waited[going] < PATIENCE) & (damping[going] < 1e10)]
        if going.size == 0:
            break
    return theta, cost


def _cost(law: Law, theta: FloatArray, points: Points, targets: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", invalid="ignore"):
        cost = huber_cost((law.log_loss(theta, points) - targets) / DELTA)
    return np.where(np.isfinite(cost), cost, np.inf)


def _step(
    law: Law,
    theta: FloatArray,
    points: Points,
    targets: FloatArray,
    damping: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> FloatArray:
    """(k, p) damped steps; a parameter that a step would push out of its bounds is held."""
    fitted, jacobian = law.with_jacobian(theta, points)
    residual = (fitted - targets) / DELTA
    jacobian = jacobian / DELTA
    weight = 1.0 / np.maximum(np.abs(residual), 1.0)
    # Huber's function is straight beyond delta: its own curvature there is 0, which takes too long steps, and the
    # reweighted one 1/|residual| takes too short ones.
    curvature = np.where(np.abs(residual) <= 1.0, 1.0, LEAST_CURVATURE * weight)
    turned = jacobian.transpose(0, 2, 1)
    gradient = (turned @ (weight * residual)[:, :, None])[:, :, 0]
    hessian = turned @ (curvature[:, :, None] * jacobian)
    held = ((theta <= lower) & (gradient > 0)) | ((theta >= upper) & (gradient < 0))
    gradient = np.where(held, 0.0, gradient)
    hessian = np.where(held[:, :, None] | held[:, None, :], 0.0, hessian)
    diagonal = np.einsum("kpp->kp", hessian)
    # 1e-9 keeps a parameter that no point depends on where it is
    scale = np.where(held, 1.0, np.maximum(diagonal, 1e-9 * diagonal.max(axis=1, keepdims=True) + 1e-300))
    damped = hessian + (np.eye(theta.shape[1]) * (damping[:, None] * scale)[:, :, None])
    damped = damped + np.eye(theta.shape[1]) * np.where(held, 1.0, 0.0)[:, :, None]
    return np.asarray(-np.linalg.solve(damped, gradient[:, :, None])[:, :, 0])


STARTS = 32
FIRST_STEPS = 30  # from every start
FINALISTS = 6  # starts that are followed to the end
DRAW_STEPS = 60  # of a bootstrap resample, which starts at the estimate
RESAMPLES = 200
LEAST_DF = 2  # residual degrees of freedom below which no interval is worth its name
LEVEL = 0.95
NORMAL_QUANTILE = 1.959964  # .975
AT_BOUND = 1e-6


@dataclass(frozen=True)
class LawFit:
    """A fitted law.

    ``theta`` (p,) are its parameters as fitted (logarithms, in the units of ``points``); ``draws`` (B, p) the same of
    the bootstrap resamples; ``residual`` (n,) is measured minus fitted log loss; ``df`` is n - p.
    """

    law: Law
    points: Points
    theta: FloatArray
    residual: FloatArray
    cost: float
    df: int
    draws: FloatArray

    def parameter(self, name: str) -> float:
        return float(self.theta[self.law.index(name)])

    def drawn(self, name: str) -> FloatArray:
        """(B,) that parameter in the resamples."""
        return self.draws[:, self.law.index(name)]

    def at_bound(self, name: str) -> bool:
        """Whether the fit ran into the end of what the parameter may be."""
        column = self.law.index(name)
        ends = (self.law.lower[column], self.law.upper[column])
        return any(abs(self.theta[column] - end) < AT_BOUND for end in ends)

    @property
    def scatter(self) -> float:
        """Standard deviation of log loss around the law; 0.002 is 0.2%."""
        return float(np.sqrt((self.residual**2).sum() / max(self.df, 1)))

    def loss(self, size: ArrayLike, tokens: ArrayLike, ratio: ArrayLike) -> FloatArray:
        """(m,) fitted loss at other places, in the unit of the data; the three are broadcast."""
        places = self.points.at(size, tokens, ratio)
        return np.asarray(np.exp(self.law.log_loss(self.theta[None, :], places)[0]) * self.points.loss_unit)


def fit_law(law: Law, points: Points, *, resamples: int = RESAMPLES, starts: int = STARTS, seed: int = 0) -> LawFit:
    """Fit by Huber's loss of log residuals (delta 1e-3) from many starts; resample the residuals for intervals.

    Residuals are scaled by sqrt(n / df) before they are drawn, because a fit with p parameters leaves them too small,
    and smoothed, because it leaves about p of them at 0: near there Huber's loss is all curvature, and resamples
    would vary too little. Each resample is fitted from the estimate.

    Parameters
    ----------
    resamples : bootstrap resamples; 0 for none.
    seed : of the starts and of the resampling.

    Raises
    ------
    ValueError : not more points than parameters.

    References
    ----------
    Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022 (the objective, and the null law).
    """
    n, p = len(points), len(law.parameters)
    if n <= p:
        raise ValueError(f"{n} points cannot tell the {p} parameters of the {law.name} law")
    rng = np.random.default_rng(seed)
    found, costs = minimise(law, points, points.log_loss, law.starts(starts, rng), steps=FIRST_STEPS)
    promising = found[np.argsort(costs, kind="stable")[:FINALISTS]]
    found, costs = minimise(law, points, points.log_loss, promising)
    theta = found[costs.argmin()]
    fitted = law.log_loss(theta[None, :], points)[0]
    residual = points.log_loss - fitted
    draws = np.empty((0, p))
    if resamples:
        noise = _noise(residual * np.sqrt(n / (n - p)), (resamples, n), rng)
        near = np.repeat(theta[None, :], resamples, axis=0)
        draws, _ = minimise(law, points, fitted + noise, near, steps=DRAW_STEPS, flat=1e-6)
    return LawFit(law, points, theta, residual, float(costs.min()), n - p, draws)


def _noise(residual: FloatArray, shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Draws of the residuals with a normal kernel of Silverman's width, their variance as before.

    References
    ----------
    Silverman and Young, "The bootstrap: to smooth or not to smooth?", Biometrika 1987.
    """
    spread = float(residual.std())
    low, high = np.quantile(residual, [0.25, 0.75])
    width = 0.9 * min(spread, float(high - low) / 1.349 or spread) * residual.size**-0.2
    drawn = rng.choice(residual, shape) + width * rng.standard_normal(shape)
    return np.asarray(drawn / np.sqrt(1.0 + (width / spread) ** 2 if spread else 1.0))


def interval(estimate: float, draws: FloatArray, df: int) -> tuple[float, float]:
    """95% bootstrap interval: percentiles of the draws, their distance from the estimate widened for few points.

    The factor is t(.975, df) / 1.96, as for a mean whose variance is estimated. Positive quantities belong here as
    logarithms.

    Raises
    ------
    ValueError : fewer than two degrees of freedom, or no draws.
    """
    if df < LEAST_DF or draws.size == 0:
        raise ValueError("an interval needs at least 2 degrees of freedom, and resamples")
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    wider = float(student_t.ppf(1.0 - tail, df)) / NORMAL_QUANTILE
    return estimate + min(low - estimate, 0.0) * wider, estimate + max(high - estimate, 0.0) * wider


def log_interval(estimate: float, log_draws: Any, df: int) -> tuple[float, float]:
    """`interval` of a positive quantity, from the logarithms of its draws."""
    with np.errstate(over="ignore"):
        low, high = np.exp(interval(float(np.log(estimate)), np.asarray(log_draws, dtype=float), df))
    return float(low), float(high)
