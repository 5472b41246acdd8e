"""MAUVE from histograms: its ends, its invariants, mauve-text's own curve, and pseudo-values against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from synth_eval.generation.mauve import mauve_by_prompt, mauve_of_histograms

counts = arrays(np.float64, 6, elements=st.integers(0, 30)).filter(lambda row: row.sum() > 0)


def test_alike_is_1() -> None:
    same = np.array([1.0, 2.0, 5.0])
    assert mauve_of_histograms(same, np.stack([same, 3 * same])) == pytest.approx([1.0, 1.0], abs=1e-9)


def test_disjoint_by_hand() -> None:
    # p = (1, 0), q = (0, 1): the mixture is (w, 1 - w), so KL(q|r) = -ln(1 - w), KL(p|r) = -ln w, and the curve is
    # ((1 - w)^5, w^5). Its area in 26 trapezoids with ends (1, 0) and (0, 1), at the w of mauve-text:
    w = np.concatenate([[0.0], np.linspace(1e-6, 1 - 1e-6, 25), [1.0]])
    x, y = (1 - w) ** 5, w**5
    area = math.fsum((x[i] - x[i + 1]) * (y[i] + y[i + 1]) / 2 for i in range(26))
    # the exact area is 5 B(6, 5) = 5 * 5! 4! / 10! = .00397
    assert area == pytest.approx(5 * 120 * 24 / 3628800, rel=0.1)
    found = mauve_of_histograms(np.array([1.0, 0.0]), np.array([[0.0, 1.0]]))
    assert found == pytest.approx([area])


def test_mauve_text_agrees() -> None:
    pytest.importorskip("faiss")
    theirs = pytest.importorskip("mauve.compute_mauve")
    rng = np.random.default_rng(0)
    for clusters in (2, 5, 30):
        p, q = rng.multinomial(100, rng.dirichlet(np.full(clusters, 0.3)), size=2) / 100
        x, y = theirs.get_divergence_curve_for_multinomials(p, q, np.linspace(1e-6, 1 - 1e-6, 25), 5).T
        area = theirs.compute_area_under_curve(x, y)  # sorted already: the curve runs from one end to the other
        assert mauve_of_histograms(p, q[None])[0] == pytest.approx(area, abs=1e-12)


@given(counts, counts, st.permutations(range(6)))
def test_bounded_symmetric_and_free_of_the_order_of_clusters(p, q, order) -> None:
    (found,) = mauve_of_histograms(p, q[None])
    assert 0 < found <= 1 + 1e-9
    assert mauve_of_histograms(q, p[None])[0] == pytest.approx(found, abs=1e-9)
    assert mauve_of_histograms(p[order], q[order][None])[0] == pytest.approx(found, abs=1e-9)


@given(counts, arrays(np.float64, (5, 6), elements=st.integers(1, 5)))
def test_pseudo_values_are_those_of_leaving_each_prompt_out(p, prompts) -> None:
    whole = mauve_of_histograms(p, prompts.sum(axis=0)[None])[0]
    found = mauve_by_prompt(p, prompts)
    for i in range(5):
        rest = np.delete(prompts, i, axis=0).sum(axis=0)
        assert found[i] == pytest.approx(5 * whole - 4 * mauve_of_histograms(p, rest[None])[0], abs=1e-9)


def test_the_bias_of_few_texts_goes() -> None:
    # Texts are drawn from known shares, so the truth is MAUVE of the shares themselves.
    rng = np.random.default_rng(0)
    p = np.arange(1.0, 13.0) / 78
    q = p[::-1].copy()
    truth = mauve_of_histograms(p, q[None])[0]
    plain, corrected = [], []
    for _ in range(300):
        prompts = rng.multinomial(3, q, size=30) / 3
        plain.append(mauve_of_histograms(p, prompts.sum(axis=0)[None])[0])
        corrected.append(mauve_by_prompt(p, prompts).mean())
    bias, left = np.mean(plain) - truth, np.mean(corrected) - truth
    assert bias < -0.02
    assert abs(left) < abs(bias) / 3


def test_intervals_of_a_difference_hold_it() -> None:
    # Two models over the same 12 clusters, 48 prompts of 5 texts, 200 draws. 95% intervals by t(47) = 2.012 should hold
    # the true difference in about 190; fewer than 180 has probability .0003 if they do.
    rng = np.random.default_rng(1)
    p = np.arange(1.0, 13.0) / 78
    near, far = (p + 1 / 12) / 2, p[::-1].copy()
    truth = np.diff(mauve_of_histograms(p, np.stack([near, far])))[0]
    held = 0
    for _ in range(200):
        one, other = (mauve_by_prompt(p, rng.multinomial(5, q, size=48) / 5) for q in (near, far))
        difference = other - one
        half = 2.012 * difference.std(ddof=1) / np.sqrt(48)
        held += abs(difference.mean() - truth) <= half
    assert held >= 180


@pytest.mark.parametrize(
    ("reference", "texts", "says"),
    [
        ([1.0, 2.0], [[1.0, 2.0, 3.0]], "not over the same clusters"),
        ([1.0, -1.0], [[1.0, 2.0]], "at least 0"),
        ([1.0, 2.0], [[0.0, 0.0]], "not all of them 0"),
        ([1.0, np.nan], [[1.0, 1.0]], "finite"),
    ],
)
def test_what_is_no_histogram_is_refused(reference, texts, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        mauve_of_histograms(np.array(reference), np.array(texts))


def test_one_prompt_has_no_pseudo_values() -> None:
    with pytest.raises(ValueError, match="at least two prompts"):
        mauve_by_prompt(np.ones(2), np.ones((1, 2)))
