"""Fit one law to points, and how far the points allow other parameters: a residual bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synth_eval.scaling.laws import Law
from synth_eval.scaling.points import Points, stacked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from synth_eval.types import FloatArray


# Minimise Huber's loss of log residuals for many parameter vectors at once.
#
# Levenberg and Marquardt's method with analytic Jacobians and reweighting, projected onto the bounds. A batch shares
# each pass over the points, so that 200 bootstrap resamples cost little more than one fit: scipy's `least_squares`
# minimises the same function (the tests compare the two) and takes them one by one. The numbers of a vector do not
# depend on its companions, so fits of several curves go together, too.

DELTA = 1e-3  # of log loss: residuals within 0.1% count by their square, larger ones by their size
STEPS = 200
FLAT = 1e-9  # relative decrease of the cost that counts as none
PATIENCE = 3  # accepted steps without a decrease before a vector is done
MIN_CURVATURE = 0.05  # of a residual beyond delta, as a share of its reweighted curvature


def huber_cost(residual: FloatArray) -> FloatArray:
    """(...,) sum of Huber's function over the last axis; residuals are in units of delta."""
    size = np.abs(residual)
    return np.asarray(np.where(size <= 1.0, 0.5 * size**2, size - 0.5).sum(axis=-1))


@np.errstate(over="ignore", invalid="ignore")
def minimise(
    law: Law, points: Points, log_loss: FloatArray, starts: FloatArray, *, steps: int = STEPS, flat: float = FLAT
) -> tuple[FloatArray, FloatArray]:
    """Fit the law from each start.

    Parameters
    ----------
    points : n points for all starts, or n for each of them (`stacked`).
    log_loss : (n,) or (k, n), what each of the k starts is fitted to.
    starts : (k, p) parameter vectors; those outside the bounds are moved onto them.

    Returns
    -------
    parameters (k, p) and their costs (k,), in the order of the starts.
    """
    lower, upper = law.lower, law.upper
    theta = np.clip(starts, lower, upper)
    targets = np.broadcast_to(log_loss, (theta.shape[0], len(points)))
    fitted = law.log_loss(theta, points)
    cost = _cost(fitted, targets)
    gradient, hessian = _derivatives(law, theta, points, fitted, targets)
    damping, waited = np.full(cost.size, 1e-2), np.zeros(cost.size, dtype=int)
    found, costs = np.empty_like(theta), np.empty_like(cost)
    rows = np.arange(cost.size)  # those still under way: all other arrays but `found` and `costs` hold these alone
    for _ in range(steps):
        moved = np.clip(theta + _step(theta, gradient, hessian, damping, lower, upper), lower, upper)
        fitted = law.log_loss(moved, points)
        reached = _cost(fitted, targets)
        better = reached < cost
        gained = np.where(better, (cost - reached) / np.maximum(cost, 1e-12), 0.0)
        waited = np.where(better, np.where(gained > flat, 0, waited + 1), waited)
        damping = np.where(better, np.maximum(damping / 4.0, 1e-12), damping * 5.0)
        theta, cost = np.where(better[:, None], moved, theta), np.where(better, reached, cost)
        going = (waited < PATIENCE) & (damping < 1e10)
        if not going.all():
            found[rows[~going]], costs[rows[~going]] = theta[~going], cost[~going]
            rows, better, waited, damping = rows[going], better[going], waited[going], damping[going]
            theta, cost, gradient, hessian = theta[going], cost[going], gradient[going], hessian[going]
            fitted, targets = fitted[going], targets[going]
            points = points.where(going) if points.ratio.ndim > 1 else points
        if rows.size == 0:
            break
        if better.all():
            gradient, hessian = _derivatives(law, theta, points, fitted, targets)
        elif better.any():
            own = points.where(better) if points.ratio.ndim > 1 else points
            gradient[better], hessian[better] = _derivatives(law, theta[better], own, fitted[better], targets[better])
    found[rows], costs[rows] = theta, cost
    return found, costs


def _cost(fitted: FloatArray, targets: FloatArray) -> FloatArray:
    cost = huber_cost((fitted - targets) / DELTA)
    return np.where(np.isfinite(cost), cost, np.inf)


def _derivatives(
    law: Law, theta: FloatArray, points: Points, fitted: FloatArray, targets: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (k, p) of the cost and its Hessian (k, p, p), as the step takes it."""
    jacobian = law.jacobian(theta, points, fitted)
    jacobian /= DELTA
    residual = (fitted - targets) / DELTA
    size = np.abs(residual)
    weight = 1.0 / np.maximum(size, 1.0)
    # Huber's function is straight beyond delta: its own curvature there is 0, which takes too long steps, and the
    # reweighted one 1/|residual| takes too short ones.
    curvature = np.where(size <= 1.0, 1.0, MIN_CURVATURE * weight)
    turned = jacobian.transpose(0, 2, 1)
    return (turned @ (weight * residual)[:, :, None])[:, :, 0], turned @ (curvature[:, :, None] * jacobian)


def _step(
    theta: FloatArray,
    gradient: FloatArray,
    hessian: FloatArray,
    damping: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> FloatArray:
    """(k, p) damped steps; a parameter that a step would push out of its bounds is held."""
    held = ((theta <= lower) & (gradient > 0)) | ((theta >= upper) & (gradient < 0))
    gradient = np.where(held, 0.0, gradient)
    damped = np.where(held[:, :, None] | held[:, None, :], 0.0, hessian) if held.any() else hessian.copy()
    diagonal = np.einsum("kpp->kp", damped)  # a view: what is added to it is added to `damped`
    # 1e-9 keeps a parameter that no point depends on where it is
    scale = np.where(held, 1.0, np.maximum(diagonal, 1e-9 * diagonal.max(axis=1, keepdims=True) + 1e-300))
    diagonal += damping[:, None] * scale
    diagonal += held
    return np.asarray(-np.linalg.solve(damped, gradient[:, :, None])[:, :, 0])


STARTS = 32
FIRST_STEPS = 30  # from every start
FINALISTS = 6  # starts that are followed to the end
DRAW_STEPS = 60  # of a bootstrap resample, which starts at the estimate
RESAMPLES = 200
MIN_DF = 2  # residual degrees of freedom below which no interval is worth its name
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
        """Whether the fit, or an end of its interval, is at the end of what the parameter may be.

        The upper end of an asymptote's interval may be: no asymptote is much above the lowest loss.
        """
        column, tail = self.law.index(name), (1.0 - LEVEL) / 2.0
        lower, upper = self.law.lower[column], self.law.upper[column]
        if min(abs(self.theta[column] - end) for end in (lower, upper)) < AT_BOUND:
            return True
        ends = (lower,) if name == "log_E" else (lower, upper)
        return any(float((np.abs(self.drawn(name) - end) < AT_BOUND).sum()) > tail * len(self.draws) for end in ends)

    @property
    def scatter(self) -> float:
        """Standard deviation of log loss around the law; 0.002 is 0.2%."""
        return float(np.sqrt((self.residual**2).sum() / max(self.df, 1)))

    def loss(self, size: ArrayLike, tokens: ArrayLike, ratio: ArrayLike) -> FloatArray:
        """(m,) fitted loss at other places, in the unit of the data; the three are broadcast."""
        places = self.points.at(size, tokens, ratio)
        return np.asarray(np.exp(self.law.log_loss(self.theta[None, :], places)[0]) * self.points.loss_unit)


@dataclass(frozen=True)
class FitRequest:
    """A law to be fitted to points, with so many bootstrap resamples; ``seed`` is of the starts and of these."""

    law: Law
    points: Points
    resamples: int = RESAMPLES
    seed: int = 0


def fit_law(law: Law, points: Points, *, resamples: int = RESAMPLES, seed: int = 0) -> LawFit:
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

    Examples
    --------
    >>> from synth_eval.scaling import laws, points_of
    >>> tokens = 1e9 * 2.0 ** np.arange(8)
    >>> points = points_of(np.ones(8), tokens, np.zeros(8), 2.0 + 4.0 * (tokens / 1e9) ** -0.5)
    >>> fit = fit_law(laws.POWER, points, resamples=0)
    >>> float(np.exp(fit.parameter("log_b")).round(3))
    0.5
    """
    return fit_laws([FitRequest(law, points, resamples, seed)])[0]


def fit_laws(requests: Sequence[FitRequest]) -> list[LawFit]:
    """What `fit_law` finds for each; those of one law with as many points and resamples share every step."""
    alike: dict[tuple[str, int, int], list[int]] = {}
    for i, request in enumerate(requests):
        n, p = len(request.points), len(request.law.parameters)
        if n <= p:
            raise ValueError(f"{n} points cannot determine the {p} parameters of the {request.law.name} law")
        alike.setdefault((request.law.name, n, request.resamples), []).append(i)
    found: dict[int, LawFit] = {}
    for members in alike.values():
        found.update(zip(members, _fit_alike([requests[i] for i in members])))
    return [found[i] for i in range(len(requests))]


def _fit_alike(requests: Sequence[FitRequest]) -> list[LawFit]:
    """Requests of one law with equal numbers of points and resamples."""
    law, several, resamples = requests[0].law, [request.points for request in requests], requests[0].resamples
    count, n, p = len(requests), len(several[0]), len(law.parameters)
    rngs = [np.random.default_rng(request.seed) for request in requests]

    def followed(starts: FloatArray, steps: int) -> tuple[FloatArray, FloatArray]:
        """(count, k, p) starts -> the same and (count, k) costs, each fitted to the losses of its own points."""
        points = stacked(several, starts.shape[1])
        theta, cost = minimise(law, points, points.log_loss, starts.reshape(-1, p), steps=steps)
        return theta.reshape(starts.shape), cost.reshape(starts.shape[:2])

    theta, cost = followed(np.array([law.starts(STARTS, rng) for rng in rngs]), FIRST_STEPS)
    promising = np.argsort(cost, axis=1, kind="stable")[:, :FINALISTS]
    theta, cost = followed(np.take_along_axis(theta, promising[:, :, None], axis=1), STEPS)
    each = np.arange(count)
    estimates = theta[each, cost.argmin(axis=1)]
    fitted = law.log_loss(estimates, stacked(several, 1))
    residuals = np.array([points.log_loss for points in several]) - fitted
    draws = np.empty((count, resamples, p))
    if resamples:
        noise = [_noise(left * np.sqrt(n / (n - p)), (resamples, n), rng) for left, rng in zip(residuals, rngs)]
        targets = (fitted[:, None, :] + np.array(noise)).reshape(-1, n)
        near = np.repeat(estimates, resamples, axis=0)
        drawn, _ = minimise(law, stacked(several, resamples), targets, near, steps=DRAW_STEPS, flat=1e-6)
        draws = drawn.reshape(draws.shape)
    return [
        LawFit(law, several[i], estimates[i], residuals[i], float(cost[i].min()), n - p, draws[i]) for i in range(count)
    ]


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

    Parameters
    ----------
    estimate : from all points
    draws : (B,) the same of bootstrap resamples
    df : residual degrees of freedom, at least 2

    Raises
    ------
    ValueError : fewer than two degrees of freedom, or no draws.

    Examples
    --------
    >>> low, high = interval(0.0, np.linspace(-1.0, 1.0, 201), df=1000)
    >>> round(float(low), 2), round(float(high), 2)
    (-0.95, 0.95)
    """
    from scipy.special import stdtrit  # t distribution; imported where it computes: reports import this module

    if df < MIN_DF or draws.size == 0:
        raise ValueError("an interval needs at least 2 degrees of freedom, and resamples")
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    wider = float(stdtrit(df, 1.0 - tail)) / NORMAL_QUANTILE
    return estimate + min(low - estimate, 0.0) * wider, estimate + max(high - estimate, 0.0) * wider


def log_interval(estimate: float, log_draws: Any, df: int) -> tuple[float, float]:
    """`interval` of a positive quantity, from the logarithms of its draws.

    Parameters
    ----------
    estimate : > 0
    log_draws : (B,) logarithms of the same of bootstrap resamples
    df : residual degrees of freedom, at least 2
    """
    with np.errstate(over="ignore"):
        low, high = np.exp(interval(float(np.log(estimate)), np.asarray(log_draws, dtype=float), df))
    return float(low), float(high)
