"""Covariance of means: by hand, against numpy, and its shrinkage."""

from __future__ import annotations

import numpy as np
import pytest

from synth_eval.dose_response.covariance import contrast_variance, mean_covariance, weighted_means


def test_weighted_means_by_hand() -> None:
    # weights 1 and 3 on scores 0 and 2: mean 1.5; influences .5 x -1.5 and 1.5 x .5
    means, deviations = weighted_means(np.array([[0.0], [2.0]]), np.array([1.0, 3.0]))
    assert means[0] == pytest.approx(1.5)
    np.testing.assert_allclose(deviations[:, 0], [-0.75, 0.75])


def test_items_of_several_tasks_are_drawn_within_their_task() -> None:
    # tasks of 100 and 400 items count alike: the variance of the mean of their means is (s1^2/100 + s2^2/400) / 4,
    # however far apart the tasks are; drawn from one pot of items it would be (20/2)^2 / 500 more
    rng = np.random.default_rng(5)
    first, second = rng.standard_normal((100, 3)), 20 + 3 * rng.standard_normal((400, 3))
    weights = np.repeat([1 / 200, 1 / 800], [100, 400])
    means, deviations = weighted_means(np.concatenate([first, second]), weights, np.repeat([0, 1], [100, 400]))
    np.testing.assert_allclose(means, (first.mean(axis=0) + second.mean(axis=0)) / 2)
    covariance = deviations.T @ deviations / (500 * 499)
    np.testing.assert_allclose(covariance, np.cov(first.T) / 400 + np.cov(second.T) / 1600)
    np.testing.assert_allclose(deviations.sum(axis=0), 0, atol=1e-9)


def test_few_items_believe_only_the_average_correlation() -> None:
    # 50 items: weight min(1, 50/50) = 1; variances stay as they are
    scores = np.random.default_rng(0).standard_normal((50, 4)) @ np.diag([1.0, 2.0, 3.0, 4.0])
    _, deviations = weighted_means(scores, None)
    raw = np.cov(scores.T) / 50
    shrunk = mean_covariance(deviations)
    correlation = np.corrcoef(scores.T)
    common = max(0.0, correlation[np.triu_indices(4, 1)].mean())
    np.testing.assert_allclose(np.diag(shrunk), np.diag(raw))
    np.testing.assert_allclose(shrunk[0, 1], common * np.sqrt(raw[0, 0] * raw[1, 1]))


def test_many_items_are_believed() -> None:
    # 5,000 items: weight .01
    rng = np.random.default_rng(1)
    scores = rng.standard_normal((5000, 3)) + rng.standard_normal((5000, 1)) * [1.0, 1.0, 0.0]
    _, deviations = weighted_means(scores, None)
    raw, correlation = np.cov(scores.T) / 5000, np.corrcoef(scores.T)
    common = correlation[np.triu_indices(3, 1)].mean()
    expected = (0.99 * correlation[0, 1] + 0.01 * common) * np.sqrt(raw[0, 0] * raw[1, 1])
    assert mean_covariance(deviations)[0, 1] == pytest.approx(expected)


def test_a_constant_column_keeps_some_error() -> None:
    # right on every item: variance 4/n of the average, so that 400 of 400 is not taken for certain
    scores = (np.random.default_rng(2).random((400, 3)) < [0.5, 0.5, 2.0]).astype(float)
    _, deviations = weighted_means(scores, None)
    shrunk = mean_covariance(deviations)
    average = np.var(scores, axis=0, ddof=1).mean() / 400
    assert shrunk[2, 2] == pytest.approx(0.01 * average)
    assert np.linalg.eigvalsh(shrunk).min() > 0


def test_contrast_variance_by_hand() -> None:
    # variances 4, covariances 3: each pair differs with variance 2 (4 - 3) = 2, half of that is 1
    assert contrast_variance(np.full((3, 3), 3.0) + np.eye(3), np.ones((3, 1))) == pytest.approx(1.0)


def test_contrast_variance_within_seeds() -> None:
    # two seeds of two checkpoints: variances 4, covariances 3 within a seed and 0 between. Within: 4 - 3 = 1.
    # With one level for all, the mean of 4 - 3 and twice 4 - 0 over the three others of each checkpoint: 9 / 3
    covariance = np.kron(np.eye(2), np.full((2, 2), 3.0)) + np.eye(4)
    seeds = np.kron(np.eye(2), np.ones((2, 1)))
    assert contrast_variance(covariance, seeds) == pytest.approx(1.0)
    assert contrast_variance(covariance, np.ones((4, 1))) == pytest.approx(3.0)


def test_a_constant_column_leaves_it_positive_definite() -> None:
    # Five columns that vary: two that nearly mirror each other, three that nearly agree. Their mean correlation is
    # about (3 - .98) / 10 = .2; a constant column correlated so with all of them would need .2^2 * 2 / (1 - .98) < 1.
    rng = np.random.default_rng(0)
    one, other, noise = rng.standard_normal((3, 4000))
    columns = [one, -one + 0.2 * noise, *(other + 0.1 * rng.standard_normal((3, 4000))), np.zeros(4000)]
    deviations = np.stack(columns, axis=1)
    found = mean_covariance(deviations - deviations.mean(axis=0))
    assert np.linalg.eigvalsh(found)[0] > 0
