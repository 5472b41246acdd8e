"""MAUVE on planted features and on a tiny model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from synth_eval.errors import SynthEvalError
from synth_eval.generation.mauve import mauve_of_histograms
from synth_eval.harness.mauve import clusters_of, text_features


@pytest.fixture(scope="module")
def drawn():
    return np.random.default_rng(0).standard_normal((600, 8))


def test_alike_is_near_1_and_apart_near_0(drawn) -> None:
    pytest.importorskip("faiss")

    def mauve_of(texts: np.ndarray) -> float:
        labels = clusters_of([drawn[:300], texts], buckets=30)
        reference, written = (np.bincount(each, minlength=30) / 300 for each in labels)
        return float(mauve_of_histograms(reference, written[None])[0])

    alike, moved, apart = mauve_of(drawn[300:]), mauve_of(drawn[300:] + 1.0), mauve_of(drawn[300:] + 10.0)
    assert alike > 0.9
    assert alike > moved > apart
    assert apart < 0.05
    assert mauve_of(drawn[300:]) == alike  # the same seed


def test_clusters_of_two_sets_are_those_of_mauve_text(drawn) -> None:
    """Texts before the reference, as mauve-text has them: the same clusters, so the same MAUVE."""
    mauve = pytest.importorskip("mauve")
    pytest.importorskip("faiss")
    for texts in (drawn[300:], drawn[300:] + 0.5):
        labels = clusters_of([texts, drawn[:300]], buckets=30)
        written, reference = (np.bincount(each, minlength=30) / 300 for each in labels)
        (found,) = mauve_of_histograms(reference, written[None])
        theirs = mauve.compute_mauve(p_features=drawn[:300], q_features=texts, num_buckets=30, seed=0, verbose=False)
        assert found == pytest.approx(theirs.mauve, abs=1e-9)


def test_clusters_follow_the_sets(drawn) -> None:
    pytest.importorskip("faiss")
    # rows are scaled to length 1: those of the second set all point to one corner, and share its cluster
    one, other, again = clusters_of([drawn[:200], drawn[200:500] + 20, drawn[:200]], buckets=10)
    assert (len(one), len(other)) == (200, 300)
    assert len(set(other)) == 1
    assert np.mean(one == other[0]) < 0.1
    assert len(set(one)) == 10
    np.testing.assert_array_equal(one, again)


def test_without_the_extra_it_says_what_to_install(drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "faiss" else find(name))
    with pytest.raises(SynthEvalError, match=r"synth-eval\[mauve\]"):
        clusters_of([drawn, drawn], buckets=10)


def test_features_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    from tiny_models import character_tokenizer, tiny_model

    tiny_model("llama").save_pretrained(tmp_path)
    character_tokenizer().save_pretrained(tmp_path)
    texts = ["a small cup", "b", "another cup of tea", "no"]
    together = text_features(texts, model=tmp_path, batch_size=4)
    alone = text_features(texts, model=tmp_path, batch_size=1)
    assert together.shape[0] == 4
    np.testing.assert_allclose(together, alone, atol=1e-5)
    nothing = text_features(["", " \n", "a"], model=tmp_path)
    np.testing.assert_allclose(nothing[0], nothing[1], atol=1e-5)
    assert not np.allclose(nothing[0], nothing[2], atol=1e-3)
    with pytest.raises(ValueError, match="at least one text"):
        text_features([], model=tmp_path)
