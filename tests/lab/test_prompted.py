from __future__ import annotations

import dataclasses

import pytest
import torch

from synth_eval.lab.corpus import documents
from synth_eval.lab.prompted import continue_prompts
from synth_eval.lab.recipe import MIX, Recipe
from synth_eval.lab.tokenizer import train_tokenizer
from synth_eval.lab.training import new_model

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
