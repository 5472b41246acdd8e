"""Likelihoods of generated answers are those of the tokens that were generated, for each kind of tokenizer."""

from __future__ import annotations

import math
import string
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from synth_eval.harness.environment import prepare

prepare(offline=True)

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from synth_eval.harness.generated_answers import GeneratedAnswer, answer_logliks, generated
from synth_eval.harness.shared_prefix.model import SharedPrefixLM

pytestmark = pytest.mark.slow

LETTERS = string.ascii_lowercase
PAIRS = ["th", "er", "an", "in", "re"]
CONTEXTS = ["the answer is:", "who ran in the rain:", "ab", "a longer question than the others, is it not:", "end: "]
ASKED = {"until": ["\n"], "max_gen_toks": 12, "do_sample": False}


def byte_level() -> Tokenizer:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {letter: i + 2 for i, letter in enumerate([*letters, *PAIRS])} | {"<unk>": 0, "</s>": 1}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[(pair[0], pair[1]) for pair in PAIRS]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def sentencepiece() -> Tokenizer:
    """A mark for each space, one before the first word too, which decoding drops again."""
    pieces = [
        "<unk>",
        "</s>",
        "\u2581",
        "\n",
        *string.punctuation,
        *LETTERS,
        *PAIRS,
        *("\u2581" + x for x in LETTERS + "\n"),
    ]
    tokenizer = Tokenizer(models.Unigram([(piece, -float(len(PAIRS))) for piece in pieces], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    return tokenizer


def wordpiece() -> Tokenizer:
    """Pieces within a word are marked, spaces are not."""
    pieces = ["<unk>", "</s>", *string.punctuation, *LETTERS, *("##" + x for x in [*LETTERS, *PAIRS]), "the", "in"]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    return tokenizer


KINDS = {"byte-level": byte_level, "sentencepiece": sentencepiece, "wordpiece": wordpiece}


def fast(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="</s>", pad_token="</s>")


def random_model(tokenizer: PreTrainedTokenizerFast, *, seed: int = 1, cls: Any = SharedPrefixLM) -> Any:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=96, bos_token_id=1, eos_token_id=1, initializer_range=0.6,
    )  # fmt: skip
    return cls(
        LlamaForCausalLM(config).eval(), tokenizer=tokenizer, batch_size=3, softmax_dtype="float32", device="cpu"
    )


def requests(*contexts: str) -> list[Instance]:
    return [Instance("generate_until", {}, (text, dict(ASKED)), 0, ("t", i, 1)) for i, text in enumerate(contexts)]


def greedy(model: Any, context: str) -> tuple[str, list[int], float]:
    """From the logits, a token at a time: the text up to the stop, its tokens, and their log-likelihood."""
    ids, made, total, texts, logs = model.tok_encode(context), [], 0.0, [""], [0.0]
    with torch.no_grad():
        for _ in range(ASKED["max_gen_toks"]):
            step = model.model(torch.tensor([ids + made])).logits[0, -1].double().log_softmax(-1)
            made.append(int(step.argmax()))
            total += float(step.max())
            texts.append(model.tok_decode(made))
            logs.append(total)
            if "\n" in texts[-1] or made[-1] == model.eot_token_id:
                break
    text = texts[-1].split("\n")[0].rstrip()
    size = next(n for n, so_far in enumerate(texts) if so_far.startswith(text))
    return text, made[:size], logs[size]


@pytest.mark.parametrize("cls", [SharedPrefixLM, HFLM])
@pytest.mark.parametrize("kind", KINDS)
def test_the_tokens_are_those_that_were_generated(kind: str, cls: Any) -> None:
    tokenizer = fast(KINDS[kind]())
    otherwise = 0
    for seed in range(3):
        model = random_model(tokenizer, seed=seed, cls=cls)
        by_context = dict(zip(CONTEXTS, generated(model, requests(*CONTEXTS)), strict=True))
        expected = {context: greedy(model, context) for context in CONTEXTS}
        assert {context: answer.text for context, answer in by_context.items()} == {
            context: text for context, (text, _, _) in expected.items()
        }
        answered = [context for context in CONTEXTS if by_context[context].text]
        found = answer_logliks(model, "t", answered, [by_context[context] for context in answered])
        for context, (loglik, tokens) in zip(answered, found, strict=True):
            _, ids, total = expected[context]
            assert list(by_context[context].tokens) == ids
            assert tokens == len(ids)
            assert loglik == pytest.approx(total, abs=1e-4)
            otherwise += model._encode_pair(context, by_context[context].written)[1] != ids
        assert "_model_generate" not in vars(model)  # nothing is left behind
    assert otherwise > 3  # the text alone would have been scored in other tokens


@pytest.mark.parametrize(
    ("kind", "made", "written"),
    [
        ("byte-level", ["Ġ", "a", "n"], " an"),
        ("byte-level", ["an"], "an"),
        ("sentencepiece", ["\u2581a", "n"], " an"),
        ("sentencepiece", ["an"], "an"),
        ("wordpiece", ["a", "##n"], " an"),
        ("wordpiece", ["##an"], "an"),
    ],
)
def test_the_text_as_it_follows_the_prompt(kind: str, made: list[str], written: str) -> None:
    """P(True) shows the answer after its question: with the space that the model wrote and decoding drops."""
    tokenizer = fast(KINDS[kind]())
    model = random_model(tokenizer)
    ids = tokenizer.convert_tokens_to_ids(made)
    context = model.tok_encode("is it")
    stop = [ids[0]] * 3  # what other rows of the batch made it write on
    inner = model.model
    inner.generate = lambda input_ids, **options: torch.tensor([[*row.tolist(), *ids, *stop] for row in input_ids])
    (answer,) = generated(model, requests("is it"))
    short = GeneratedAnswer(answer.text, answer.written, answer.context, answer.tokens)
    assert short.context == tuple(context)
    assert short.written.startswith(written)


def test_a_sure_answer_without_a_space_is_sure() -> None:
    """A model that was taught to write "7" at once: asked with a space before it, the likelihood was 1e-6."""
    tokenizer = fast(byte_level())
    model = random_model(tokenizer)
    line = torch.tensor([tokenizer("count the days:7\n")["input_ids"]])
    inner = model.model.train()
    optimizer = torch.optim.AdamW(inner.parameters(), lr=3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        inner(input_ids=line, labels=line).loss.backward()
        optimizer.step()
    inner.eval()
    context = "count the days:"
    answers = generated(model, requests(context))
    assert (answers[0].text, answers[0].written) == ("7", "7")
    ((loglik, tokens),) = answer_logliks(model, "t", [context], answers)
    assert (math.exp(loglik) > 0.9, tokens) == (True, 1)
    ((spaced, _),) = answer_logliks(model, "t", [context], [GeneratedAnswer(" 7", " 7")])
    assert math.exp(spaced) < 0.01


def test_an_encoder_decoder() -> None:
    """What it writes begins with a token that starts the decoder, and is no part of the answer."""
    tokenizer = fast(sentencepiece())
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=1,
        eos_token_id=1, pad_token_id=1, initializer_factor=3.0,
    )  # fmt: skip
    inner = T5ForConditionalGeneration(config).eval()
    model = HFLM(inner, tokenizer=tokenizer, backend="seq2seq", batch_size=1, softmax_dtype="float32", device="cpu")
    answers = [answer for answer in generated(model, requests(*CONTEXTS)) if answer.tokens]
    assert len(answers) == len(CONTEXTS)
    for context, answer, (loglik, _) in zip(CONTEXTS, answers, answer_logliks(model, "t", CONTEXTS, answers)):
        read = torch.tensor([model.tok_encode(context)])
        assert read[0].tolist() == list(answer.context)
        with torch.no_grad():
            logs = inner(input_ids=read, labels=torch.tensor([answer.tokens])).logits[0].double().log_softmax(-1)
        assert loglik == pytest.approx(sum(float(logs[i, t]) for i, t in enumerate(answer.tokens)), abs=1e-3)


def test_a_model_that_gives_text_alone_is_asked_its_text_as_it_is() -> None:
    """No space is put before an answer that came without one."""
    asked: list[tuple[str, str]] = []

    def loglikelihood(instances: list[Instance]) -> list[tuple[float, bool]]:
        asked.extend(instance.args for instance in instances)
        return [(-0.5, True)] * len(instances)

    model = SimpleNamespace(generate_until=lambda instances: ["7 ", " 8"], loglikelihood=loglikelihood)
    answers = generated(model, requests("a", "b"))
    assert answer_logliks(model, "t", ["a", "b"], answers) == [(-0.5, 1), (-0.5, 1)]
    assert asked == [("a", "7"), ("b", " 8")]
