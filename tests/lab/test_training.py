from __future__ import annotations

import dataclasses

import pytest
import torch

from synth_eval.lab import jobs
from synth_eval.lab.corpus import documents, encode_documents, sample_documents, train_tokenizer
from synth_eval.lab.recipe import MIX, Recipe
from synth_eval.lab.training import Lesson, length_bucketed, new_model, train

TINY = dataclasses.replace(Recipe(), hidden=16, layers=1, vocabulary=400, batch_tokens=256)


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(documents(MIX, key="t", characters=60_000), vocabulary=400, context=256)


def test_any_text_survives_the_tokenizer(tokenizer) -> None:
    for text in ("Tom's naïve café, 漢字 🙂\n\ttabs", "", " leading and trailing "):
        ids = tokenizer.encode(text)
        assert ids[0] == tokenizer.eos_token_id  # the post-processor's
        assert tokenizer.decode(ids[1:]) == text


def test_documents_begin_and_end_with_the_end_of_text(tokenizer) -> None:
    end = tokenizer.eos_token_id
    for ids in encode_documents(tokenizer, ["Adam has 3 pens.", "x" * 5000], context=64):
        assert ids[0] == end
        assert len(ids) <= 64
    assert encode_documents(tokenizer, ["Adam has 3 pens."], context=64)[0][-1] == end


def test_batches_hold_every_document_once_and_keep_to_their_size() -> None:
    given = [[i] * (3 + i % 20) for i in range(200)]
    batches = list(length_bucketed(given, tokens=100, seed=1))
    assert sorted(map(tuple, (d for b in batches for d in b))) == sorted(map(tuple, given))
    assert all(max(map(len, b)) * len(b) <= 100 for b in batches)
    assert list(length_bucketed(given, tokens=100, seed=1)) == batches
    assert list(length_bucketed(given, tokens=100, seed=2)) != batches


def test_training_lowers_the_loss_and_is_repeatable(tokenizer) -> None:
    torch.set_num_threads(1)
    ids = encode_documents(tokenizer, documents(MIX, key="x", characters=60_000), context=256)

    def trained() -> tuple[float, torch.Tensor]:
        model = new_model(TINY, tokenizer, seed=3)
        loss = train(model, [Lesson(ids)], recipe=TINY, learning_rate=0.006, seed=3)
        return loss, torch.cat([p.detach().flatten() for p in model.parameters()])

    (loss, weights), (again, same) = trained(), trained()
    assert loss == again
    assert torch.equal(weights, same)
    assert loss < 0.75 * torch.log(torch.tensor(400.0))


def test_a_lesson_ends_when_it_is_learned(tokenizer) -> None:
    ids = encode_documents(tokenizer, documents(MIX, key="x", characters=400_000), context=256)
    told: list[int] = []
    asked: list[int] = []
    model = new_model(TINY, tokenizer, seed=0)
    lessons = [Lesson(ids, lambda: not asked.append(1)), Lesson(ids[:50])]
    train(model, lessons, recipe=TINY, learning_rate=0.001, seed=0, progress=told.append)
    assert asked == [1]
    assert 200 < len(told) < 260  # 200 steps of the first lesson and the few of the second


def test_sampled_documents_end_where_the_model_ends_them(tokenizer) -> None:
    torch.set_num_threads(1)
    model = new_model(TINY, tokenizer, seed=0)
    end = tokenizer.eos_token_id
    sampled = sample_documents(model, tokens=3000, end=end, context=32, seed=1)
    assert sum(len(d) + 2 for d in sampled) >= 3000
    assert all(0 < len(d) <= 30 and end not in d for d in sampled)
    assert sample_documents(model, tokens=3000, end=end, context=32, seed=1) == sampled
    assert sample_documents(model, tokens=3000, end=end, context=32, seed=2) != sampled


def test_sampling_follows_the_models_distribution(tokenizer) -> None:
    # The first token of many documents against the model's own next-token probabilities after the end of text.
    torch.set_num_threads(1)
    model = new_model(dataclasses.replace(TINY, initializer_range=0.3), tokenizer, seed=0)
    end = tokenizer.eos_token_id
    with torch.inference_mode():
        wanted = model(input_ids=torch.tensor([[end]])).logits[0, -1].softmax(-1)
    sampled = sample_documents(model, tokens=40_000, end=end, context=8, seed=5)
    first = torch.bincount(torch.tensor([d[0] for d in sampled]), minlength=len(wanted)).double()
    wanted = wanted.double()
    wanted[end] = 0  # empty documents are left out
    wanted /= wanted.sum()
    n = float(first.sum())
    common = wanted * n > 20
    deviation = (first[common] - wanted[common] * n) / (wanted[common] * n).sqrt()
    assert float(deviation.abs().max()) < 5
    assert float(deviation.square().mean()) < 1.6


def test_leading_documents_reach_the_tokens_asked_for() -> None:
    assert jobs._leading([[1] * 10] * 5, 25) == [[1] * 10] * 3
    assert jobs._leading([[1] * 10] * 5, 0) == []
