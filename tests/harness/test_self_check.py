"""Which numbers of shared-prefix scoring are compared with standard scoring, and what happens where they differ."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from lm_eval.models.huggingface import HFLM
from scored_requests import assert_same, choice_requests, instance, pair, words
from tiny_models import tiny_model

from synth_eval.harness.recorded import PREFIX_CONTEXTS, RecordedLM
from synth_eval.harness.shared_prefix.attention import FULL, SLIDING, Attention
from synth_eval.harness.shared_prefix.checks import CHECK_SHARE, SelfCheck, in_float32, length
from synth_eval.harness.shared_prefix.model import SharedPrefixLM
from synth_eval.results.run_folder import ResponseLog

WINDOW = 60  # tokens: longer than the requests at load, so that these do not show it


def answers(lm: Any, requests: Sequence[Any]) -> list[Any]:
    return list(lm.loglikelihood(requests, disable_tqdm=True))


@pytest.mark.parametrize("kind", ["llama", "gpt_neox", "gpt2", "opt"])
@pytest.mark.parametrize(
    "keys",
    [
        {"sliding_window": WINDOW},
        {"sliding_window": WINDOW, "use_sliding_window": True},
        {"sliding_window": WINDOW, "layer_types": [SLIDING, FULL, SLIDING]},
    ],
    ids=lambda keys: "-".join(keys),
)
def test_a_window_that_the_architecture_ignores(kind: str, keys: dict[str, Any]) -> None:
    """Once up to 11 nats off on long prompts: the first requests, which alone were checked, are short."""
    ours, plain = pair(tiny_model(kind, **keys))
    for requests in (choice_requests()[:8], choice_requests()):  # short ones first, then up to 128 tokens
        assert_same(answers(ours, requests), answers(plain, requests))
    assert ours.fallback_reason is None
    assert ours._ways == [Attention((FULL,), None)]


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("mistral", {"sliding_window": WINDOW}, Attention((SLIDING,), WINDOW)),
        ("gemma2", {"sliding_window": WINDOW, "attn_implementation": "eager"}, Attention((FULL, SLIDING), WINDOW)),
        ("qwen2", {"sliding_window": WINDOW}, Attention((FULL,), None)),  # switched off
        (
            "qwen2",
            {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1},
            Attention((FULL, SLIDING), WINDOW),
        ),
    ],
)
def test_a_window_that_is_the_models_own(kind: str, options: dict[str, Any], expected: Attention, half: bool) -> None:
    model = tiny_model(kind, **options)
    with torch.backends.mkldnn.flags(enabled=False):
        ours, plain = pair(model.bfloat16() if half else model)
        requests = choice_requests()
        found = answers(ours, requests)
        assert (ours.fallback_reason, ours._ways) == (None, [expected])
        if not half:
            assert_same(found, answers(plain, requests))


def test_one_token_more_or_less_of_a_window_is_noticed() -> None:
    model = tiny_model("mistral", sliding_window=WINDOW)
    for window, agrees in [(WINDOW - 1, False), (WINDOW, True), (WINDOW + 1, False)]:
        ours, _ = pair(model)
        ours._ways = [Attention((SLIDING,), window)]
        answers(ours, choice_requests())
        assert (ours.fallback_reason is None) == agrees


def test_float16_and_bfloat16_do_not_hide_a_wrong_attention() -> None:
    """Positions that begin at another number were 1.7 nats off in bfloat16, within what rounding was allowed."""
    requests = choice_requests()[:12]
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        with torch.backends.mkldnn.flags(enabled=False):
            ours, plain = pair(tiny_model("roberta").to(dtype))
            assert ours.fallback_reason is not None
            assert "self-check differs" in ours.fallback_reason
            assert answers(ours, requests) == answers(plain, requests)


def test_in_float32_a_narrow_model_computes_as_a_wide_copy_of_it() -> None:
    tokens = torch.arange(3, 30)[None]
    for kind in ("llama", "gpt2", "mistral"):
        narrow = tiny_model(kind).bfloat16()
        before = {name: weight.clone() for name, weight in narrow.state_dict().items()}
        wide = tiny_model(kind).bfloat16().float()
        with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
            rounded = narrow(tokens).logits
            with in_float32(narrow):
                exact = narrow(tokens).logits
            torch.testing.assert_close(exact, wide(tokens).logits, rtol=0, atol=1e-5)
            assert exact.dtype == torch.float32
            assert (rounded - exact).abs().max() > 1e-3
            torch.testing.assert_close(narrow(tokens).logits, rounded, rtol=0, atol=0)
        assert all(torch.equal(weight, before[name]) for name, weight in narrow.state_dict().items())
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in narrow.modules())


def test_in_float32_weights_come_back_when_the_model_fails() -> None:
    model = tiny_model("llama").bfloat16()
    with pytest.raises(IndexError), in_float32(model):
        model(torch.tensor([[10**6]]))
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}


def test_what_is_checked_while_scoring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest request of a task, then a share of the work, drawn at random, and one request at the end."""
    ours, _ = pair(tiny_model("llama"))
    checked: list[Any] = []
    alone = SelfCheck._alone

    def counted(self: SelfCheck, request: Any) -> float:
        checked.append(request)
        return alone(self, request)

    monkeypatch.setattr(SelfCheck, "_alone", counted)
    requests = [instance(words(n, 30 + n % 7), letter) for n in range(600) for letter in ("a", "b")]
    requests[250] = instance(words(1, 90), " ab")
    answers(ours, requests)
    assert length(checked[0]) == 90 + 3
    work = 600 * 33  # tokens of the contexts; choices are one
    assert 1 < sum(map(length, checked[1:])) <= 1.2 * CHECK_SHARE * work
    before = len(checked)
    answers(ours, requests[:4])
    assert len(checked) == before  # shorter than what was checked, and little work
    ours.confirm()
    assert len(checked) == before + 1
    ours.confirm()
    assert len(checked) == before + 1  # nothing new


def breaking_after(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From some call on shared-prefix scoring is wrong by a hundredth of a nat a token."""
    scored, count = SharedPrefixLM._scored, [0]

    def wrong(self: SharedPrefixLM, *arguments: Any) -> Any:
        count[0] += 1
        for step, likelihoods, greedy in scored(self, *arguments):
            yield step, likelihoods + (0.01 if count[0] > calls else 0.0), greedy

    monkeypatch.setattr(SharedPrefixLM, "_scored", wrong)


@pytest.mark.parametrize("calls", [0, 1, 4])
def test_what_was_scored_before_a_check_failed_is_scored_again(
    calls: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    requests = [instance(words(n, 20 + n % 9), letter) for n in range(5 * PREFIX_CONTEXTS) for letter in ("a", "bc")]
    ours, plain = pair(tiny_model("llama"))
    expected = answers(plain, requests)
    breaking_after(calls, monkeypatch)
    with ResponseLog(tmp_path / "log") as log, caplog.at_level(logging.WARNING):
        recorded = RecordedLM(ours, log, seed=0)
        assert_same(recorded.loglikelihood(requests), expected)
        assert ours.fallback_reason is not None
        assert log.answers["fallback"] == ours.fallback_reason
    said = [each.getMessage() for each in caplog.records if "falls back" in each.getMessage()]
    assert len(said) == 1
    # killed now and resumed: the new process does not begin with shared prefixes again
    monkeypatch.undo()
    again, _ = pair(tiny_model("llama"))
    with ResponseLog(tmp_path / "log") as log:
        monkeypatch.setattr(HFLM, "_model_call", lambda *_: pytest.fail("every answer is known"))
        assert_same(RecordedLM(again, log, seed=0).loglikelihood(requests), expected)
        assert again.fallback_reason == ours.fallback_reason


def test_the_batch_with_the_longest_item_is_the_first(tmp_path: Path) -> None:
    from synth_eval.harness.recorded import batches

    contexts = [words(n, 20) + str(n) for n in range(3 * PREFIX_CONTEXTS)]
    contexts[2 * PREFIX_CONTEXTS + 5] = words(1, 120)
    made = batches("loglikelihood", [(context, "a") for context in contexts], SimpleNamespace(fallback_reason=None))
    assert [batch[0] // PREFIX_CONTEXTS for batch in made] == [2, 0, 1]
    assert sorted(index for batch in made for index in batch) == list(range(len(contexts)))


def test_quantised_weights_are_checked_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model("llama").bfloat16()
    model.is_quantized = True
    with torch.backends.mkldnn.flags(enabled=False):
        ours, plain = pair(model)
        requests = choice_requests()
        found, expected = answers(ours, requests), answers(plain, requests)
    assert ours.fallback_reason is None
    np.testing.assert_allclose([a for a, _ in found], [a for a, _ in expected], rtol=0.05, atol=0.5)
