"""Cross-fitted recalibration through netcal."""

import numpy as np
import pytest

pytest.importorskip("netcal", reason="netcal fits the maps")

from synth_eval.calibration import expected_calibration_error, recalibrate, recalibrate_choices
from synth_eval.calibration.recalibration import METHODS
from synth_eval.calibration.temperature import HOTTEST, cooled, fit_choice_temperature, soften

pytestmark = pytest.mark.filterwarnings("ignore")


def _choices(temperature, n=3000, k=4, seed=0, sharpness=1.5):
    """Probabilities of a model that is calibrated once its log-probabilities are divided by the temperature."""
    rng = np.random.default_rng(seed)
    logits = sharpness * rng.normal(size=(n, k))
    truth = soften(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), np.full(n, k), 1.0)
    gold = (rng.random(n)[:, None] > truth.cumsum(axis=1)).sum(axis=1)
    return soften(truth, np.full(n, k), 1.0 / temperature), gold


@pytest.mark.parametrize("temperature", [0.5, 1.8, 3.0])
def test_the_temperature_that_was_put_in_is_found_and_removed(temperature):
    probs, gold = _choices(temperature)
    got = recalibrate_choices(probs, gold)
    assert got.temperature == pytest.approx(temperature, rel=0.1)
    assert len(got.fold_temperatures) == 5
    assert got.choice_nll_after < got.choice_nll_before
    assert got.nll_after < got.nll_before
    assert got.ece_after < 0.5 * got.ece_before
    assert got.direction == ("overconfident" if temperature > 1 else "underconfident")
    assert got.in_words.startswith(f"{got.direction}:")


def test_a_calibrated_model_is_not_accused():
    got = recalibrate_choices(*_choices(1.0))
    assert got.temperature == pytest.approx(1.0, abs=0.1)
    assert got.direction is None
    assert "no clear" in got.in_words


@pytest.mark.parametrize("method", METHODS)
def test_every_method_mends_an_overconfident_model_out_of_fold(method):
    probs, gold = _choices(3.0)
    got = recalibrate_choices(probs, gold, method=method)
    assert got.ece_before > 0.15
    assert got.ece_after < 0.06
    assert got.nll_after < got.nll_before
    assert (got.temperature is None) == (method != "temperature")
    correct = probs.argmax(axis=1) == gold
    assert got.ece_after == pytest.approx(expected_calibration_error(got.confidence, correct))


@pytest.mark.parametrize("method", METHODS)
def test_confidences_alone_are_enough(method):
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1.0, 2000)
    correct = rng.random(2000) < 0.5 + 0.4 * (confidence - 0.5)
    got = recalibrate(confidence, correct, method=method)
    assert got.ece_after < 0.5 * got.ece_before
    assert got.choice_nll_before is None


def test_single_precision_is_scaled_like_double():
    # netcal alone would fit T = 1 here
    probs, gold = _choices(2.0)
    single = recalibrate_choices(probs.astype(np.float32), gold)
    assert single.temperature == pytest.approx(recalibrate_choices(probs, gold).temperature, rel=1e-3)
    confidence = probs.max(axis=1)
    correct = probs.argmax(axis=1) == gold
    assert recalibrate(confidence.astype(np.float32), correct).temperature == pytest.approx(
        recalibrate(confidence, correct).temperature, rel=1e-3
    )


@pytest.mark.parametrize("edge", [0.0, 0.2, 1 / 3, 1.0])
def test_histogram_keeps_edges_in_one_bin(edge):
    # half right on the edge, all right elsewhere: netcal alone would map an inner edge to its neighbour's 1.0
    confidence = np.concatenate([np.full(100, edge), np.tile((np.arange(15) + 0.5) / 15, 20)])
    correct = np.concatenate([np.arange(100) < 50, np.ones(300, dtype=bool)])
    got = recalibrate(confidence, correct, method="histogram")
    np.testing.assert_allclose(got.confidence[:100], 70 / 120, atol=0.06)  # 20 right ones share the bin


def test_out_of_fold_means_unseen():
    # answers are coin tosses: a map fitted on the items themselves would look better than the coin
    rng = np.random.default_rng(2)
    confidence, correct = rng.random(60), rng.random(60) < 0.5
    got = recalibrate(confidence, correct, method="isotonic")
    assert got.nll_after > np.log(2)


@pytest.mark.parametrize("seed", range(5))
def test_own_fit_for_ragged_choices_agrees_with_netcal_on_even_ones(seed):
    probs, gold = _choices(1.7, n=800, seed=seed)
    even = np.full(800, 4)
    padded = np.column_stack([probs, np.zeros(800)])  # a fifth choice that no item has
    assert fit_choice_temperature(padded, gold, even) == pytest.approx(
        fit_choice_temperature(probs, gold, even), rel=2e-3
    )


def test_ragged_and_two_choices():
    wide, gold_wide = _choices(2.0, n=1500, k=5)
    narrow, gold_narrow = _choices(2.0, n=1500, k=2, seed=1)
    got = recalibrate_choices([*wide, *narrow], np.concatenate([gold_wide, gold_narrow]))
    assert got.temperature == pytest.approx(2.0, rel=0.1)
    assert recalibrate_choices(narrow, gold_narrow).temperature == pytest.approx(2.0, rel=0.15)


def test_relabelling_choices_changes_nothing():
    probs, gold = _choices(2.0, n=600)
    order = np.array([2, 0, 3, 1])
    moved = recalibrate_choices(probs[:, order], np.argsort(order)[gold])
    assert moved.temperature == pytest.approx(recalibrate_choices(probs, gold).temperature, rel=1e-3)


def test_softening_keeps_absent_choices_absent():
    softened = soften(np.array([[0.9, 0.1, 0.0], [0.8, 0.1, 0.1]]), np.array([2, 3]), 2.0)
    np.testing.assert_allclose(softened[0], [3 / 4, 1 / 4, 0.0])  # square roots of 9 : 1
    np.testing.assert_allclose(softened.sum(axis=1), 1.0)


def test_clusters_stay_in_one_fold():
    # right or wrong is decided by the cluster, and confidence names the cluster: seeing half of it tells the rest
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(40), 10)
    confidence = np.repeat(rng.permutation(np.linspace(0.02, 0.98, 40)), 10)
    correct = np.repeat(rng.random(40) < 0.5, 10)
    leaky = recalibrate(confidence, correct, method="histogram", bins=100)
    honest = recalibrate(confidence, correct, method="histogram", bins=100, clusters=clusters)
    assert leaky.nll_after < 0.1 < honest.nll_after


@pytest.mark.parametrize("ragged", [False, True])
def test_answers_that_are_worse_than_chance_do_not_turn_round(ragged):
    # the most probable of three is right in a tenth of items: 1/T of netcal alone is negative here
    probs = np.tile([0.6, 0.3, 0.1], (300, 1))
    gold = np.repeat([0, 1, 2, 2, 2, 2, 1, 1, 1, 2], 30)
    got = recalibrate_choices(
        [*probs, np.array([0.5, 0.5])] if ragged else probs, np.append(gold, 0) if ragged else gold
    )
    assert got.temperature == pytest.approx(HOTTEST)
    np.testing.assert_allclose(got.confidence[:300], 1 / 3, atol=1e-3)
    assert got.in_words.startswith("overconfident: equal probabilities fit best")
    alone = recalibrate(np.full(300, 0.6), np.arange(300) % 10 == 0)
    assert alone.temperature == pytest.approx(HOTTEST)
    np.testing.assert_allclose(alone.confidence, 0.5, atol=1e-3)


def test_a_confidence_is_scaled_by_its_log_odds():
    # odds of 9 : 1 at T = 2 are 3 : 1; certain answers stay all but certain
    np.testing.assert_allclose(cooled(np.array([0.9, 0.1, 0.5]), 2.0), [0.75, 0.25, 0.5])
    np.testing.assert_allclose(cooled(np.array([1.0, 0.0]), 1.0), [1.0, 0.0], atol=1e-15)


def test_the_same_seed_gives_the_same_folds():
    probs, gold = _choices(2.0, n=400)
    one, two = (recalibrate_choices(probs, gold, method="isotonic").confidence for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_nothing_is_printed_where_a_choice_is_never_right(capsys):
    probs, gold = _choices(2.0, n=400)
    keep = gold < 2
    recalibrate_choices(probs[keep], gold[keep])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("correct", "options", "message"),
    [
        ([True] * 10, {}, "needs right and wrong answers"),
        ([False] + [True] * 9, {}, "needs right and wrong answers"),  # the fold of the one wrong answer has none left
        ([True, False] * 3, {"folds": 7}, "leave a fold empty"),
        ([True, False] * 5, {"folds": 1}, "folds must be at least 2"),
        ([True, False] * 5, {"method": "beta"}, "method must be one of temperature, platt"),
    ],
)
def test_what_cannot_be_fitted_is_refused(correct, options, message):
    with pytest.raises(ValueError, match=message):
        recalibrate(np.linspace(0.1, 0.9, len(correct)), np.array(correct), **options)
