"""Resamples and calibrated draws have the distributions they claim."""

import numpy as np
import pytest

from synth_eval.calibration import bootstrap as resample
from synth_eval.calibration.answers import prepare_answers, prepare_choices
from synth_eval.calibration.dependence import _correlation, _expected_products, _observed_products, _products_of_truth


def _draw(make, items, resamples, seed=0):
    return list(make(items, resamples=resamples, rng=np.random.default_rng(seed)))


@pytest.mark.parametrize("block", [8, 1 << 16])
def test_counts_are_multinomial_with_or_without_blocks(block, monkeypatch):
    monkeypatch.setattr(resample, "_BLOCK", block)
    counts = resample.draw_counts(20, rows=20_000, rng=np.random.default_rng(0))
    assert counts.shape == (20_000, 20)
    assert (counts.sum(axis=1) == 20).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.03)  # standard error .007
    covariance = np.cov(counts.T)
    np.testing.assert_allclose(np.diag(covariance), 0.95, atol=0.06)  # 20 (1/20) (19/20)
    assert covariance[0, 1] == pytest.approx(-0.05, abs=0.03)  # -20 / 400, within a block
    assert covariance[0, 19] == pytest.approx(-0.05, abs=0.03)  # and across blocks


def test_bootstrap_weights_clusters_whole():
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(10), 4)
    items = prepare_answers(rng.random(40), rng.random(40) < 0.5, clusters=clusters)
    for draws in _draw(resample.bootstrap, items, 50):
        for cluster in range(10):
            assert np.ptp(draws.weight[:, items.cluster == cluster], axis=1).max() == 0
        np.testing.assert_array_equal(draws.weight.sum(axis=1), 40)


def test_calibrated_answers_follow_the_probabilities():
    rng = np.random.default_rng(1)
    ragged = [rng.dirichlet(np.ones(k)) for k in (2, 3, 4, 4, 1)]
    items = prepare_choices(ragged, np.array([0, 2, 3, 0, 0]))
    draws = _draw(resample.calibrated, items, 40_000)
    slot = np.concatenate([d.slot for d in draws])
    share = np.stack([(slot == j).mean(axis=0) for j in range(4)], axis=1)
    np.testing.assert_allclose(share, items.slots, atol=0.012)  # standard error at most .0025
    np.testing.assert_array_equal(np.concatenate([d.correct for d in draws]), slot == 0)


def test_slots_put_the_prediction_first_and_remember_the_choices():
    probs = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
    gold = np.array([0, 0, 1])
    items = prepare_choices(probs, gold)
    np.testing.assert_allclose(items.confidence, [0.5, 0.6, 0.8])
    np.testing.assert_array_equal(items.correct, [False, True, False])
    np.testing.assert_allclose(np.sort(items.slots, axis=1), np.sort(probs, axis=1))
    rows = np.arange(3)
    np.testing.assert_array_equal(items.choice[rows, items.slot], gold)  # the right slot stands for the right choice
    np.testing.assert_allclose(items.slots, np.take_along_axis(probs, items.choice, axis=1))


def test_a_given_prediction_is_taken_over_the_first_largest():
    items = prepare_choices(np.array([[0.5, 0.5]]), np.array([1]), pred=np.array([1]))
    assert items.correct[0]
    with pytest.raises(ValueError, match="pred must name one of each item's choices"):
        prepare_choices(np.array([[0.5, 0.5]]), np.array([1]), pred=np.array([2]))


def _clustered(correlation, seed, clusters=400, size=5):
    """Answers of known latent correlation within clusters, made without the code under test."""
    from scipy.stats import norm

    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 0.9, size=(clusters, size))
    latent = correlation**0.5 * rng.normal(size=(clusters, 1)) + (1 - correlation) ** 0.5 * rng.normal(
        size=(clusters, size)
    )
    correct = norm.cdf(latent) < confidence
    return prepare_answers(confidence.ravel(), correct.ravel(), clusters=np.repeat(np.arange(clusters), size))


@pytest.mark.parametrize("correlation", [0.0, 0.2, 0.6])
def test_dependence_within_clusters_is_recovered(correlation):
    families = [_clustered(correlation, seed) for seed in range(8)]
    found = np.mean([_correlation(np.array([_observed_products(f)]), _expected_products(f))[0] for f in families])
    assert found == pytest.approx(correlation, abs=0.03)


def test_calibrated_draws_are_as_dependent_as_the_data_and_keep_their_probabilities():
    items = _clustered(0.5, seed=3)
    correct = np.concatenate([d.correct for d in _draw(resample.calibrated, items, 3000)])
    np.testing.assert_allclose(correct.mean(axis=0), items.confidence, atol=0.05)  # standard error at most .009

    def spread(answers):  # variance of the overall accuracy, which clustering inflates
        return answers.mean(axis=1).var()

    independent = (items.confidence * (1 - items.confidence)).mean() / len(items)
    assert spread(correct) > 1.8 * independent


def test_the_strength_of_dependence_is_less_sure_with_few_clusters():
    spread = {}
    for clusters in (25, 2500):
        items = _clustered(0.5, 1, clusters=clusters)
        drawn = _products_of_truth(items, rows=400, rng=np.random.default_rng(0)) / len(items)
        spread[clusters] = drawn.std()
        # the observed products lie in the middle of what the true ones may be
        observed = _observed_products(items) / len(items)
        assert np.quantile(drawn, 0.2) < observed < np.quantile(drawn, 0.8)
    assert spread[25] / spread[2500] == pytest.approx(10.0, rel=0.5)  # a hundredth of the clusters


def test_a_larger_uniform_number_draws_a_more_surprising_answer():
    probs = [np.array([0.1, 0.2, 0.7]), np.array([0.4, 0.6]), np.array([0.0, 0.8, 0.15, 0.05])]
    items = prepare_choices(probs, np.array([0, 0, 2]))
    # in rising order of confidence; the second choice of two comes before those that are not there
    np.testing.assert_allclose(items.slots, [[0.6, 0.4, 0, 0], [0.7, 0.2, 0.1, 0], [0.8, 0.15, 0.05, 0.0]])
    np.testing.assert_array_equal(items.choice[:, :2], [[1, 0], [2, 1], [1, 2]])
    np.testing.assert_array_equal(items.slot, [1, 2, 1])
    # a prediction that is not the most probable choice comes first all the same
    np.testing.assert_allclose(prepare_choices(probs[:1], np.array([2]), pred=np.array([1])).slots, [[0.2, 0.7, 0.1]])


def test_one_item_in_each_cluster_is_as_good_as_none():
    rng = np.random.default_rng(4)
    assert _observed_products(prepare_answers(rng.random(50), rng.random(50) < 0.5, clusters=np.arange(50))) == 0.0


def test_the_same_seed_draws_the_same():
    rng = np.random.default_rng(5)
    items = prepare_answers(rng.random(30), rng.random(30) < 0.5)
    for make in (resample.bootstrap, resample.calibrated):
        one, two, other = (_draw(make, items, 10, seed=seed) for seed in (7, 7, 8))
        field = "weight" if make is resample.bootstrap else "correct"
        np.testing.assert_array_equal(getattr(one[0], field), getattr(two[0], field))
        assert (getattr(one[0], field) != getattr(other[0], field)).any()
