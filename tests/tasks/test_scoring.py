"""What the tasks report to lm-eval, against numbers worked out by hand, and the domains' documents."""

from __future__ import annotations

import math

import pytest

from synth_eval.errors import SynthEvalError
from synth_eval.tasks import datasets, domains
from synth_eval.tasks import metrics as choice


def test_scores_of_one_item() -> None:
    # p = (1/2, 1/4, 1/8, 1/8), the second is right.
    logliks = [math.log(p) - 7.0 for p in (0.5, 0.25, 0.125, 0.125)]
    scores = choice.process_results({"answer": 1}, [(ll, False) for ll in logliks])
    assert scores["acc"] == 0.0
    assert scores["nll"] == pytest.approx(math.log(4))
    assert scores["brier"] == pytest.approx(0.25 + 0.5625 + 2 / 64)
    entropy = 0.5 * math.log(2) + 0.25 * math.log(4) + 0.25 * math.log(8)
    assert scores["surprise_gap"] == pytest.approx(math.log(4) - entropy)
    assert scores["ece"] == (pytest.approx(0.5), 0.0)


def test_ece_of_a_task() -> None:
    # Two bins are filled: .9 (half right) and .6 (all right), two items each.
    items = [(0.9, 1.0), (0.9, 0.0), (0.6, 1.0), (0.6, 1.0)]
    assert choice.ece(items) == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)


def test_datasets_hold_the_items_in_order() -> None:
    from synth_eval.skills import SKILLS

    built = datasets.lookup(version=1, category="retrieval")
    items = SKILLS["synth_lookup"].test_items()
    assert set(built) == {"test", "train"}
    assert [doc["question"] for doc in built["test"]] == [item.question for item in items]
    assert built["test"][7]["choices"][built["test"][7]["answer"]] == items[7].choices[items[7].answer]


@pytest.mark.parametrize("domain", ["python_code", "python_docs", "licences"])
def test_documents_of_a_domain_are_bounded_and_distinct(domain: str) -> None:
    documents = domains.documents(domain)
    assert len(documents) == 60
    assert len({text for _, text in documents}) == 60
    assert all(500 <= len(text.encode()) <= 1000 for _, text in documents)
    assert len({origin for origin, _ in documents}) >= 8


def test_the_hash_follows_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    before = domains.licences_sha256
    assert len(before) == 64
    changed = (("x", "y"), *domains.documents("licences")[1:])
    monkeypatch.setattr(domains, "documents", lambda domain: changed)
    assert domains.licences_sha256 != before
    with pytest.raises(AttributeError):
        _ = domains.poems_sha256


def test_a_python_without_the_text_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(domains._SOURCES, "python_docs", lambda: iter([("a", "short")]))
    domains.documents.cache_clear()
    with pytest.raises(SynthEvalError, match="only 0 documents of python_docs"):
        domains.documents("python_docs")
    domains.documents.cache_clear()
