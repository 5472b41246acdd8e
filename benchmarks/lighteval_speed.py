"""Score the same items with lighteval's transformers backend and with ours, and write benchmarks/lighteval_speed.md.

    python benchmarks/lighteval_speed.py --lighteval PYTHON --model FOLDER --data FOLDER

PYTHON is the interpreter of an environment with lighteval, which cannot share one with our constraints file (pip then
finds no release but an empty 0.0.1). Each side scores in a process of its own, one thread each, in turn; processor time
of the scoring alone, without loading.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAGE = Path(__file__).with_suffix(".md")
BATCH_SIZES = (1, 8, 32)
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lighteval", type=Path, help="a Python interpreter that has lighteval")
    parser.add_argument("--model", type=Path, default=os.environ.get("SYNTH_EVAL_SMOLLM2"))
    parser.add_argument("--data", type=Path, default=os.environ.get("SYNTH_EVAL_DATA"), help="gsm8k and opentriviaqa")
    parser.add_argument("--ours", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(score(*options.ours)))
        return
    if not (options.lighteval and options.model and options.data):
        print("no lighteval, model or data named (--lighteval, --model, --data); nothing measured")
        return
    from speed_parts.items import SETTINGS, requests_of

    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        for setting, (count, few, _) in SETTINGS.items():
            items = requests_of(setting, options.data)[:: count // few]
            file = Path(scratch) / "items.json"
            file.write_text(json.dumps([[item[0].args[0], [request.args[1] for request in item]] for item in items]))
            lines.append(race(setting, options, file, Path(scratch)))
            print(lines[-1], file=sys.stderr, flush=True)
    PAGE.write_text(TEXT.format(rounds=ROUNDS, version=_version(options.lighteval), table="\n".join(lines)))
    print(PAGE.read_text())


def race(setting: str, options: argparse.Namespace, items: Path, scratch: Path) -> str:
    """One row: lighteval's best batch size is looked for in the first round."""

    def theirs(batch_size: int) -> dict[str, object]:
        side = Path(__file__).parent / "speed_parts" / "lighteval_side.py"
        cache = scratch / f"cache{time.monotonic_ns()}"  # it would answer from its cache
        return _run([options.lighteval, side, options.model, items, batch_size, cache])

    def ours() -> dict[str, object]:
        return _run([sys.executable, __file__, "--ours", options.model, items])

    tried = {size: theirs(size) for size in BATCH_SIZES}
    best = min(tried, key=lambda size: tried[size]["seconds"])
    pairs = [(tried[best], ours())] + [(theirs(best), ours()) for _ in range(ROUNDS - 1)]
    ratios = sorted(their["seconds"] / our["seconds"] for their, our in pairs)
    apart = max(
        abs(a - b)
        for their, our in zip(pairs[-1][0]["likelihoods"], pairs[-1][1]["likelihoods"], strict=True)
        for a, b in zip(their, our, strict=True)
    )
    count = len(pairs[0][1]["likelihoods"])
    return (
        f"| {setting} | {count} | {pairs[0][0]['seconds'] / count * 1000:.0f} ms at batch {best} "
        f"| {pairs[0][1]['seconds'] / count * 1000:.0f} ms | **{statistics.median(ratios):.1f}** "
        f"({ratios[0]:.1f} to {ratios[-1]:.1f}) | {apart:.0e} |"
    )


def score(model: str, items: str) -> dict[str, object]:
    """Our side."""
    from types import SimpleNamespace

    import torch

    from synth_eval.harness.shared_prefix.model import SharedPrefixLM

    torch.set_num_threads(1)
    scorer = SharedPrefixLM(model, dtype="float32", device="cpu", batch_size=8)
    stated = json.loads(Path(items).read_text(encoding="utf-8"))
    requests = [SimpleNamespace(args=(context, choice), task_name=None) for context, few in stated for choice in few]
    before = time.process_time()
    answers = iter(scorer.loglikelihood(requests, disable_tqdm=True))
    seconds = time.process_time() - before
    return {"seconds": seconds, "likelihoods": [[next(answers)[0] for _ in few] for _, few in stated]}


def _run(command: list[object]) -> dict[str, object]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[1]} ended with {done.returncode}: {done.stderr[-2000:]}")
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def _version(python: Path) -> str:
    asked = "from importlib.metadata import version; print(version('lighteval'))"
    return subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


TEXT = """# Beside lighteval

Written by `python benchmarks/lighteval_speed.py`: lighteval {version}'s transformers backend at the best of the batch
sizes 1, 8 and 32, and `hf-shared-prefix`, on the same few items of SmolLM2-135M in float32, one thread each, in turn,
{rounds} times. Processor time an item of the scoring alone; the middle ratio and the range.

| items | number | lighteval | `hf-shared-prefix` | times faster | largest difference, nats |
|---|---|---|---|---|---|
{table}

So few items share less of a header than a task does: with 40 and 60 items the ratios against lm-eval's `hf` are those
of speed.md.
"""


if __name__ == "__main__":
    main()
