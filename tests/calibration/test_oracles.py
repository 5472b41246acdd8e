"""Against netcal, scikit-learn, torchmetrics and relplot, on thousands of random inputs.

Where the libraries differ by convention (edges, 1.0, ties) random floats do not meet the difference; the tests at the
end pin each known disagreement, so that a library that changes its mind is noticed; docs/calibration.md says more.
"""

import warnings

import numpy as np
import pytest

from synth_eval import calibration as cal

INPUTS = 1000


def _random_inputs(count=INPUTS, seed=0):
    """Confidences of many shapes (spread out, sharp, on few values) with answers of many calibrations."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        n = int(rng.integers(5, 400))
        confidence = (rng.random(n), rng.beta(5, 0.7, n), 0.25 + 0.75 * rng.random(n))[i % 3]
        correct = rng.random(n) < confidence ** rng.uniform(0.3, 3.0)
        yield n, int(rng.integers(1, 30)), confidence, correct


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_equal_width_errors_agree_with_netcal():
    metrics = pytest.importorskip("netcal.metrics", reason="test extra netcal")
    for _, bins, confidence, correct in _random_inputs():
        outcome = correct.astype(float)
        for measure, norm in ((metrics.ECE(bins), "l1"), (metrics.MCE(bins), "max")):
            ours = cal.expected_calibration_error(confidence, correct, bins=bins, norm=norm)
            assert ours == pytest.approx(measure.measure(confidence, outcome), abs=1e-12)


def test_equal_mass_error_is_near_netcals():
    # netcal puts edges between items at quantiles; bins may differ by one item on either side
    metrics = pytest.importorskip("netcal.metrics", reason="test extra netcal")
    for n, bins, confidence, correct in _random_inputs(300):
        if n < 10 * bins:
            continue
        theirs = metrics.ECE(bins, equal_intervals=False).measure(confidence, correct.astype(float))
        ours = cal.expected_calibration_error(confidence, correct, bins=bins, scheme="mass")
        assert abs(ours - theirs) <= 2.0 * bins / n


@pytest.mark.parametrize(("theirs", "ours"), [("l1", "l1"), ("l2", "l2"), ("max", "max")])
def test_equal_width_errors_agree_with_torchmetrics(theirs, ours):
    torch = pytest.importorskip("torch", reason="test extra torchmetrics")
    functional = pytest.importorskip("torchmetrics.functional.classification", reason="test extra torchmetrics")
    for _, bins, confidence, correct in _random_inputs():
        got = functional.binary_calibration_error(
            torch.from_numpy(confidence), torch.from_numpy(correct.astype(int)), n_bins=bins, norm=theirs
        )
        mine = cal.expected_calibration_error(confidence, correct, bins=bins, norm=ours)
        assert mine == pytest.approx(float(got), abs=1e-12)


def test_top_label_error_of_choices_agrees_with_torchmetrics():
    torch = pytest.importorskip("torch", reason="test extra torchmetrics")
    functional = pytest.importorskip("torchmetrics.functional.classification", reason="test extra torchmetrics")
    rng = np.random.default_rng(1)
    for _ in range(300):
        n, k = int(rng.integers(5, 200)), int(rng.integers(3, 8))
        probs, gold = rng.dirichlet(np.full(k, 0.5), size=n), rng.integers(0, k, size=n)
        theirs = functional.multiclass_calibration_error(torch.from_numpy(probs), torch.from_numpy(gold), k, n_bins=15)
        values = cal.assess_choices(probs, gold, resamples=0, metrics=("ece",))
        assert values["ece"].value == pytest.approx(float(theirs), abs=1e-6)  # it computes in single precision


def test_scores_and_ranks_agree_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="test extra scikit-learn")
    for _, _, confidence, correct in _random_inputs():
        inside = np.clip(confidence, 1e-6, 1 - 1e-6)  # scikit-learn floors elsewhere
        assert cal.brier_score(confidence, correct) == pytest.approx(metrics.brier_score_loss(correct, confidence))
        theirs = metrics.log_loss(correct, inside, labels=[False, True])
        assert cal.negative_log_likelihood(inside, correct) == pytest.approx(theirs)
        if not correct.all() and correct.any():
            tied = np.round(confidence, 1)
            assert cal.auroc(tied, correct) == pytest.approx(metrics.roc_auc_score(correct, tied))


def test_choice_likelihood_agrees_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="test extra scikit-learn")
    rng = np.random.default_rng(2)
    for _ in range(300):
        k = int(rng.integers(2, 6))
        probs, gold = rng.dirichlet(np.full(k, 2.0), size=50), rng.integers(0, k, size=50)
        theirs = metrics.log_loss(gold, probs, labels=range(k))
        assert cal.choice_negative_log_likelihood(probs, gold) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("kind", "strategy"), [("width", "uniform")])
def test_reliability_points_agree_with_scikit_learn(kind, strategy):
    calibration = pytest.importorskip("sklearn.calibration", reason="test extra scikit-learn")
    for _, bins, confidence, correct in _random_inputs():
        accuracy, mean = calibration.calibration_curve(correct, confidence, n_bins=bins, strategy=strategy)
        curve = cal.reliability_curve(confidence, correct, kind=kind, bins=bins, resamples=0)
        np.testing.assert_allclose(curve.accuracy, accuracy)
        np.testing.assert_allclose(curve.confidence, mean)


def test_smooth_error_agrees_with_relplot():
    relplot = pytest.importorskip("relplot", reason="test extra relplot")
    for n, _, confidence, correct in _random_inputs(300, seed=3):
        if n < 20:
            continue
        theirs = float(relplot.smECE(confidence, correct.astype(float)))
        # relplot halves an interval ten times, and weighs items within a grid cell of 0 and 1 too little
        assert cal.smooth_calibration_error(confidence, correct) == pytest.approx(theirs, abs=4e-3)


# Known disagreements --------------------------------------------------------------------------------------------------


def test_edges_go_up_here_and_in_netcal_and_torchmetrics_but_down_in_scikit_learn():
    calibration = pytest.importorskip("sklearn.calibration", reason="test extra scikit-learn")
    confidence, correct = np.array([0.3, 0.5, 0.7]), np.array([False, False, True])
    ours = cal.reliability_curve(confidence, correct, bins=2, resamples=0)
    np.testing.assert_allclose(ours.accuracy, [0, 1 / 2])  # {.3}, {.5, .7}
    theirs, _ = calibration.calibration_curve(correct, confidence, n_bins=2)
    np.testing.assert_allclose(theirs, [0, 1])  # {.3, .5}, {.7}


def test_torchmetrics_gives_one_a_bin_of_its_own():
    torch = pytest.importorskip("torch", reason="test extra torchmetrics")
    functional = pytest.importorskip("torchmetrics.functional.classification", reason="test extra torchmetrics")
    confidence, correct = np.array([0.9, 1.0]), np.array([True, False])
    # one bin of two: |1/2 - .95|; two bins of one: (.1 + 1) / 2
    assert cal.expected_calibration_error(confidence, correct, bins=2) == pytest.approx(0.45)
    theirs = functional.binary_calibration_error(torch.from_numpy(confidence), torch.tensor([1, 0]), n_bins=2)
    assert float(theirs) == pytest.approx(0.55)


def test_netcal_refuses_tied_quantiles():
    metrics = pytest.importorskip("netcal.metrics", reason="test extra netcal")
    confidence = np.array([0.5] + [1.0] * 9)
    correct = np.array([False] + [True] * 9)
    # the nine at 1 share a bin and are right; only the one at .5 is off
    assert cal.expected_calibration_error(confidence, correct, scheme="mass") == pytest.approx(0.05)
    with pytest.raises(ValueError, match="smallest edge difference"):
        metrics.ECE(10, equal_intervals=False).measure(confidence, correct.astype(float))


def test_netcal_clips_and_drops_what_we_refuse():
    metrics = pytest.importorskip("netcal.metrics", reason="test extra netcal")
    confidence, correct = np.array([0.4, 0.8, 1.3]), np.array([False, True, True])
    assert np.isfinite(metrics.ECE(10).measure(confidence, correct.astype(float)))
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        cal.expected_calibration_error(confidence, correct)


def test_relplot_gives_items_at_zero_and_one_half_their_weight():
    relplot = pytest.importorskip("relplot", reason="test extra relplot")
    # all answers wrong: residuals have one sign, no smoothing cancels any, and the error is their mean, (1 + .3) / 2
    confidence, correct = np.concatenate([np.full(50, 1.0), np.full(50, 0.3)]), np.zeros(100, dtype=bool)
    assert cal.smooth_calibration_error(confidence, correct) == pytest.approx(0.65, abs=1e-5)
    # its grid is mirrored about the end points themselves, which so keep one half: (1/2 + .3) / 1.5
    assert float(relplot.smECE(confidence, correct.astype(float))) == pytest.approx(0.5333, abs=2e-3)


def test_netcals_histogram_counts_edges_in_two_bins():
    binning = pytest.importorskip("netcal.binning", reason="test extra netcal")
    confidence = np.concatenate([np.full(50, 0.2), np.full(50, 0.18)])
    correct = np.concatenate([np.zeros(50), np.ones(50)])
    fitted = binning.HistogramBinning(bins=5).fit(confidence, correct)
    # fitted as the bin [.2, .4) of wrong answers, looked up in the bin (0, .2] of right ones
    assert fitted.transform(np.array([0.2, 0.2]))[0] == pytest.approx(1.0)
