"""Shared-prefix beside standard scoring on a tiny random model of every decoder that transformers offers.

    PYTHONPATH=. python tests/support/architecture_sweep.py [--again] [KIND ...]

writes docs/architectures.md. Each architecture runs in a process of its own; what is done is kept in
architecture_sweep.jsonl of the folder for temporary files, and a sweep that was stopped goes on from there.
"""

from __future__ import annotations

import json
import logging
import math
import multiprocessing
import os
import random
import re
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.support.tiny_architectures import WINDOW, architectures, tiny_config
from tests.support.tiny_models import LETTERS, character_tokenizer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures.md"
KEPT = Path(tempfile.gettempdir()) / "architecture_sweep.jsonl"
SECONDS = 240.0
LONGEST = 128
TOLERANCE = 1e-4
LEFT_OVER = {
    "sliding_window": WINDOW,
    "use_sliding_window": True,
    "layer_types": ["sliding_attention", "full_attention"] * 2,
}


@dataclass(frozen=True)
class Outcome:
    """What the sweep found out about one architecture."""

    kind: str
    skipped: str = ""  # why no tiny model could be made, or why lm-eval's hf cannot score it
    differences: dict[str, float] = field(default_factory=dict)  # nats, by what was asked
    fallback: str = ""  # why it falls back to standard scoring; "" if it does not
    left_over: str = ""  # the same with the keys of a window left over in its configuration
    half: str = ""  # the same in bfloat16
    left_over_difference: float = 0.0

    @property
    def equal(self) -> bool:
        return all(value <= TOLERANCE for value in (*self.differences.values(), self.left_over_difference))


def asked() -> dict[str, list[Any]]:
    """Requests by name, the short ones first: a self-check that looked at the first ones alone would pass."""

    def text(length: int) -> str:
        return "".join(draw.choice(letters) for _ in range(length))

    def choices(context: str) -> list[Any]:
        word = text(4)  # the first two are prefixes of the third
        return [SimpleNamespace(args=(context, f" {each}"), task_name="t") for each in (word[0], word[:2], word, "x")]

    draw, letters = random.Random(0), [letter for letter in LETTERS if not letter.isspace()]
    shots = "".join(f"{text(6)}? {text(2)}\n" for _ in range(5))
    zero = [request for n in range(6) for request in choices(text(4 + n))]
    five = [request for n in range(6) for request in choices(shots + text(4 + 3 * n))]
    cut = [request for n in (150, 90) for request in choices(shots + text(n))]
    rolling = [SimpleNamespace(args=(text(n),), task_name="t") for n in (9, 120, 300)]
    return {"0-shot": zero, "5-shot": five, "truncated": cut, "rolling": rolling}


def outcome_of(kind: str) -> Outcome:
    """In this process; what transformers cannot make or lm-eval's hf cannot score is skipped, with the reason."""
    import torch
    from transformers import AutoModelForCausalLM

    from synth_eval.harness.environment import one_line
    from synth_eval.harness.shared_prefix.model import SharedPrefixLM

    torch.set_num_threads(1)
    os.environ["TQDM_DISABLE"] = "1"
    logging.disable(logging.WARNING)
    torch.backends.mkldnn.set_flags(False)  # in bfloat16 it kills the process where AMX is announced but not allowed

    def model(**options: Any) -> Any:
        torch.manual_seed(0)
        made = AutoModelForCausalLM.from_config(tiny_config(kind, **options))
        for weight in made.parameters():  # as they start, attention hardly matters, and biases and norms not at all
            weight.data += (0.25 if weight.ndim > 1 else 0.05) * torch.randn_like(weight)
        return made.eval()

    try:
        differences, fallback = _differences(model())
    except Exception as error:
        return Outcome(kind, skipped=one_line(error)[:100])
    try:
        found, left_over = _differences(model(**LEFT_OVER))
        largest = max(found.values())
    except Exception as error:
        left_over, largest = f"not made: {one_line(error)[:60]}", 0.0
    try:
        half = SharedPrefixLM(model().bfloat16(), **_options()).fallback_reason or ""
    except Exception as error:
        half = f"not made: {one_line(error)[:60]}"
    return Outcome(kind, "", differences, fallback, left_over, half, largest)


def _options() -> dict[str, Any]:
    return {"tokenizer": character_tokenizer(), "batch_size": 4, "max_length": LONGEST}


def _differences(model: Any) -> tuple[dict[str, float], str]:
    from lm_eval.models.huggingface import HFLM

    from synth_eval.harness.shared_prefix.model import SharedPrefixLM

    plain = HFLM(model, **_options())
    expected = {name: _answers(plain, name, requests) for name, requests in asked().items()}
    ours = SharedPrefixLM(model, **_options())
    found = {}
    for name, requests in asked().items():
        pairs = zip(_answers(ours, name, requests), expected[name], strict=True)
        found[name] = max(abs(a - b) / (1 + abs(b) * 1e-2) for a, b in pairs)  # 1e-6 of a long text is rounding
        if math.isnan(found[name]):
            raise ValueError("its log-likelihoods are not numbers")
    return found, ours.fallback_reason or ""


def _answers(lm: Any, name: str, requests: list[Any]) -> list[float]:
    if name == "rolling":
        return list(lm.loglikelihood_rolling(requests, disable_tqdm=True))
    return [likelihood for likelihood, _ in lm.loglikelihood(requests, disable_tqdm=True)]


def in_a_process(kind: str) -> Outcome:
    """`outcome_of`; a process that dies or does not end is an outcome too."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=lambda: theirs.send(outcome_of(kind)), daemon=True)
    process.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(SECONDS) else Outcome(kind, skipped=f"takes more than {SECONDS:.0f} s")
    except EOFError:
        process.join()
        return Outcome(kind, skipped=f"its process ended with code {process.exitcode}")
    finally:
        process.kill()
        process.join()


def main(kinds: list[str], *, again: bool) -> None:
    import peft  # noqa: F401  (imported once, before the processes are forked)

    if again:
        KEPT.unlink(missing_ok=True)
    known = {}
    if KEPT.exists():
        known = {(each := Outcome(**json.loads(line))).kind: each for line in KEPT.read_text().splitlines()}
    for kind in kinds or architectures():
        if kind not in known or kinds:
            known[kind] = in_a_process(kind)
            with KEPT.open("a") as file:
                file.write(json.dumps(asdict(known[kind])) + "\n")
            print(known[kind], flush=True)
    if set(known) >= set(architectures()):
        PAGE.write_text(page([known[kind] for kind in architectures()]), encoding="utf-8")


def page(outcomes: list[Outcome]) -> str:
    from importlib.metadata import version

    scored = [each for each in outcomes if not each.skipped]
    shared = [each for each in scored if not each.fallback]
    rows = [f"| {each.kind} | {max(each.differences.values()):.0e} | {' | '.join(ways(each))} |" for each in scored]
    skipped = [f"| {each.kind} | {_escaped(each.skipped)} |" for each in outcomes if each.skipped]
    return TEXT.format(
        transformers=version("transformers"), number=len(outcomes), scored=len(scored), shared=len(shared),
        standard=len(scored) - len(shared), skipped=len(skipped), rows="\n".join(rows), left="\n".join(skipped),
        equal="All" if all(each.equal for each in scored) else "NOT ALL",
    )  # fmt: skip


def ways(each: Outcome) -> list[str]:
    """How it is scored, in words: as it is, with keys of a window left over, in bfloat16."""
    left_over = _cell(each.left_over, each.fallback)
    if each.left_over.startswith("not made"):
        left_over = "refused by its configuration"
    return [_cell(each.fallback), left_over, _cell(each.half, each.fallback)]


def _cell(reason: str, same_as: str = "") -> str:
    if not reason:
        return "shared prefixes"
    # numbers of a check that failed differ from machine to machine
    words = re.sub(r" by .*", "", _escaped(reason))
    return "standard" if same_as and words == re.sub(r" by .*", "", _escaped(same_as)) else f"standard: {words}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


TEXT = """\
# Architectures

Written by `python tests/support/architecture_sweep.py` with transformers {transformers}; a nightly test compares.

A tiny random model of every architecture that `AutoModelForCausalLM` knows ({number}), as far as its configuration can
be shrunk ({scored}; the other {skipped} are listed below). Each is asked multiple-choice items without shots and with
five, choices that begin with other choices, prompts that are cut, and texts in rolling windows; the short requests
come first. {shared} are scored by shared prefixes, {standard} fall back to lm-eval's own scoring and give the reason in
one line. {equal} give lm-eval's numbers within 1e-4 nats in float32.

- **difference**: the largest, in nats, from lm-eval's `hf`; divided by 1 + 1% of the log-likelihood, because the sum of
  a long text rounds.
- **window keys left over**: the same configuration with `sliding_window`, `use_sliding_window` and `layer_types` added,
  as converted checkpoints carry them. Many architectures ignore these keys; what counts is what the model's code does.
- **bfloat16**: the checks at load compute in float32, so a model in bfloat16 is judged as the same one in float32.

| architecture | difference | scored by | window keys left over | bfloat16 |
|---|---|---|---|---|
{rows}

## Not tried

| architecture | why |
|---|---|
{left}
"""


if __name__ == "__main__":
    options = [each for each in sys.argv[1:] if each.startswith("-")]
    main([each for each in sys.argv[1:] if each not in options], again="--again" in options)
