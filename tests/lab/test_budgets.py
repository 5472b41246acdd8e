from __future__ import annotations

import copy
import dataclasses
from itertools import count, repeat

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.lab.budgets import mixed, train_over_budgets
from synth_eval.lab.corpus import documents
from synth_eval.lab.recipe import MIX, Recipe
from synth_eval.lab.tokenizer import encode_documents, train_tokenizer
from synth_eval.lab.training import new_model

TINY = dataclasses.replace(Recipe(), hidden=16, layers=1, vocabulary=400, batch_tokens=256)


@pytest.fixture(scope="module")
def trained():
    torch.set_num_threads(1)
    text = documents(MIX, key="b", characters=120_000)
    tokenizer = train_tokenizer(text, vocabulary=400, context=256)
    ids = encode_documents(tokenizer, text, context=256)

    def run(budgets: tuple[int, ...]):
        model = new_model(TINY, tokenizer, seed=1)
        kept, told = {}, []
        train_over_budgets(
            model,
            iter(ids),
            budgets=budgets,
            batch_tokens=256,
            learning_rate=0.006,
            warm_up=512,
            decay=0.2,
            seed=1,
            at_budget=lambda budget: kept.update({budget: copy.deepcopy(model.state_dict())}),
            progress=told.append,
        )
        return kept, told

    return run


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_each_budget_ends_as_if_it_had_been_trained_alone(trained) -> None:
    together, told = trained((2000, 5000, 12_000))
    assert list(together) == [2000, 5000, 12_000]
    for budget in together:
        alone, _ = trained((budget,))
        assert same(alone[budget], together[budget])
    assert not same(together[2000], together[5000])
    # .8 of the largest, and .2 of every budget; each stretch ends within a batch of 256 tokens
    assert sum(told) == pytest.approx(0.8 * 12_000 + 0.2 * 19_000, abs=6 * 256)


def test_a_run_that_lacks_documents_says_so(trained) -> None:
    with pytest.raises(ValueError, match="ran out"):
        trained((10_000_000,))


def test_budgets_must_rise(trained) -> None:
    for budgets in ((), (5000, 2000), (2000, 2000)):
        with pytest.raises(ValueError, match="rise"):
            trained(budgets)


@given(st.floats(0, 1), st.integers(1, 40), st.integers(1, 40))
def test_any_leading_part_has_the_ratio_to_within_a_document(ratio: float, natural: int, synthetic: int) -> None:
    stream = mixed(repeat([0] * natural), repeat([1] * synthetic), ratio)
    written = [0, 0]
    for _ in range(60):
        document = next(stream)
        written[document[0]] += len(document)
        assert abs(written[1] - ratio * sum(written)) <= max(natural, synthetic)


def test_the_ends_of_the_ratio_take_one_side_alone() -> None:
    numbers = ([n] for n in count())
    assert [next(mixed(numbers, iter(()), 0.0))[0] for _ in range(3)] == [0, 1, 2]
    assert list(mixed(iter([[1]]), iter([[2], [3]]), 1.0)) == [[2], [3]]
