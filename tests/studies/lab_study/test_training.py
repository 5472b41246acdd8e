from __future__ import annotations

import copy
import dataclasses
from itertools import count, repeat

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from studies.lab_study.training import continue_prompts, mixed, train_over_budgets
from synth_eval.lab.corpus import documents, encode_documents, train_tokenizer
from synth_eval.lab.recipe import MIX, Recipe
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


COLD = 1e-4  # the likeliest token, whatever is drawn


@pytest.fixture(scope="module")
def model_and_end():
    torch.set_num_threads(1)
    tokenizer = train_tokenizer(documents(MIX, key="p", characters=30_000), vocabulary=300, context=64)
    recipe = dataclasses.replace(Recipe(), hidden=16, layers=2, vocabulary=300)
    return new_model(recipe, tokenizer, seed=4).eval(), tokenizer.eos_token_id


def greedy(model, prompt: list[int], end: int, context: int) -> list[int]:
    """Without a cache, one token at a time."""
    ids = list(prompt)
    with torch.inference_mode():
        while len(ids) < context:
            token = int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax())
            if token == end:
                break
            ids.append(token)
    return ids[len(prompt) :]


def test_prompts_of_any_length_are_continued_as_one_by_one(model_and_end) -> None:
    model, end = model_and_end
    prompts = [[end, *range(5, 5 + n)] for n in (9, 1, 4, 30, 4)]
    found = continue_prompts(model, prompts, end=end, context=40, temperature=COLD, seed=0)
    assert found == [greedy(model, prompt, end, 40) for prompt in prompts]


def test_answers_are_drawn_by_the_seed_and_end_at_the_context(model_and_end) -> None:
    model, end = model_and_end
    told: list[int] = []
    first, same, other = (
        continue_prompts(model, [[end, 7]] * 20, end=end, context=30, temperature=1.0, seed=seed, progress=told.append)
        for seed in (1, 1, 2)
    )
    assert first == same != other
    assert all(len(answer) <= 28 and end not in answer for answer in first)
    assert told[0] == sum(map(len, first))
