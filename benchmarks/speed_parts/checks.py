"""What the comparisons with lm-eval's own scoring cost, as a share of the scoring itself."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from speed_parts.items import SETTINGS, requests_of
from transformers import LlamaConfig, LlamaForCausalLM

from synth_eval.harness.recorded import RecordedLM
from synth_eval.harness.shared_prefix.checks import SelfCheck
from synth_eval.harness.shared_prefix.model import SharedPrefixLM
from synth_eval.results.run_folder import ResponseLog

ITEMS = 500  # of a task of the suite
TIMED = ("ways_at_load", "ways_beyond_window", "longest", "confirm")


def checks(model: Any, tokenizer: Any, data: Path) -> list[str]:
    """Rows of a table: model, tasks, checks, seconds without and with them, of the checks alone, their share.

    Each task goes through the same batches as in a run, without checks and with them in turn. Processor time of the
    checks is also taken alone within the run, because two runs on a shared machine differ by more than that. A small
    random Llama has the same tokenizer, and leaves the checks the least to hide behind.
    """
    rows = []
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=model.config.vocab_size, hidden_size=256, intermediate_size=704, num_hidden_layers=6,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=2048,
    )  # fmt: skip
    small = LlamaForCausalLM(config).eval()
    for name, scored, settings in (
        ("random Llama", small, list(SETTINGS)),
        ("SmolLM2-135M", model, ["opentriviaqa, 5-shot"]),
    ):
        tasks = [[request for item in requests_of(setting, data, ITEMS) for request in item] for setting in settings]
        without, whole, inside, number = _pair(scored, tokenizer, tasks)
        rows.append(
            f"| {name} | {', '.join(settings)} | {number} | {without:.1f} s | {whole:.1f} s | {inside:.2f} s | "
            f"**{inside / (whole - inside):.1%}** |"
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def _pair(model: Any, tokenizer: Any, tasks: list[list[Any]]) -> tuple[float, float, float, int]:
    """Seconds without checks, with them, of the checks alone within the latter; how many there were."""
    without = _run(lambda: SharedPrefixLM(model, tokenizer=tokenizer, self_check=False), tasks)
    spent: list[float] = []
    plain = {name: getattr(SelfCheck, name) for name in TIMED}
    try:
        for name, method in plain.items():
            setattr(SelfCheck, name, _timed(method, spent))
        whole = _run(lambda: SharedPrefixLM(model, tokenizer=tokenizer), tasks)
    finally:
        for name, method in plain.items():
            setattr(SelfCheck, name, method)
    return without, whole, sum(spent), sum(seconds > 1e-3 for seconds in spent)


def _run(made: Callable[[], SharedPrefixLM], tasks: list[list[Any]]) -> float:
    before = time.process_time()
    scorer = made()
    for requests in tasks:
        with tempfile.TemporaryDirectory() as folder, ResponseLog(Path(folder) / "log") as log:
            RecordedLM(scorer, log, seed=0).loglikelihood(requests)
    seconds = time.process_time() - before
    assert scorer.fallback_reason is None, scorer.fallback_reason
    return seconds


def _timed(method: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        before = time.process_time()
        try:
            return method(*arguments)
        finally:
            spent.append(time.process_time() - before)

    return timed
