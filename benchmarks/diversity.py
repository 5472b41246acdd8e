"""What characterising generated text costs, on one core; writes diversity.md beside it.

Run with ``OMP_NUM_THREADS=1 python benchmarks/diversity.py`` (about a minute; ``--quick`` for a tenth of the samples).
Texts are made up from a Zipf distribution over 20,000 words. Times are processor time, not wall time, so a busy machine
disturbs them less; each size runs in a process of its own, so that memory is its own.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from synth_eval import generation as d
from synth_eval.generation.repetition import CrossPromptDuplicates

WORDS = 200
PER_PROMPT = 8
KINDS = ("varied", "five texts", "template")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples; writes nothing")
    parser.add_argument("--whole", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=KINDS, default="varied", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.whole:
        print(json.dumps(_whole(options.whole, kind=options.kind)))
        return
    samples = 1_000 if options.quick else 10_000
    lines = [*_heading(), *_everything(samples), *_parts(samples // 10), *_self_bleu()]
    print("\n".join(lines))
    if not options.quick:
        Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _heading() -> list[str]:
    return [
        "# Output characteristics: time and memory",
        "",
        f"Written by `OMP_NUM_THREADS=1 python benchmarks/diversity.py`. Python {platform.python_version()}, numpy "
        f"{np.__version__}, {platform.machine()}, one thread. Samples of {WORDS} words, {PER_PROMPT} a prompt; words "
        "drawn from a Zipf distribution over 20,000. Seconds of processor time.",
        "",
    ]


def _everything(samples: int) -> list[str]:
    lines = [
        "## `characterise`: every number, with 1,000 resamples of the prompts",
        "",
        "Self-BLEU of 200 prompts, as by default. Five texts: every sample is one of five, a total collapse. Template: "
        "one text with 5% of its words exchanged at random, alike but no near-duplicates (Jaccard .56): much work for "
        "their search.",
        "",
        "| samples | texts | seconds | peak memory, GiB | of it before the start |",
        "|---|---|---|---|---|",
    ]
    for size, kind in ((samples // 10, "varied"), *((samples, kind) for kind in KINDS)):
        command = [sys.executable, __file__, "--whole", str(size), "--kind", kind]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        lines.append(f"| {size:,} | {kind} | {found['seconds']:.1f} | {found['peak']:.2f} | {found['before']:.2f} |")
    return [*lines, "", "Memory before the start is Python, numpy and the texts themselves.", ""]


def _parts(samples: int) -> list[str]:
    texts = [text for prompt in _texts(samples) for text in prompt]
    tokens = [d.tokenise(text) for text in texts]
    groups = [tokens[i : i + PER_PROMPT] for i in range(0, samples, PER_PROMPT)]

    def elsewhere() -> None:
        found = CrossPromptDuplicates()
        for i, group in enumerate(groups):
            found.add(group, prompt=i)
        found.share(len(groups))

    parts: dict[str, Callable[[], object]] = {
        "tokens": lambda: [d.tokenise(text) for text in texts],
        "distinct-1 to 4": lambda: [d.distinct_n(group, n) for group in groups for n in (1, 2, 3, 4)],
        "entropy of tokens and bigrams": lambda: [d.ngram_entropy(group, n) for group in groups for n in (1, 2)],
        "MATTR": lambda: [d.mattr(sample) for sample in tokens],
        "MTLD": lambda: [d.mtld(sample) for sample in tokens],
        "compression": lambda: [d.compression_ratio(texts[i : i + PER_PROMPT]) for i in range(0, samples, PER_PROMPT)],
        "repetition, loops, degenerate": lambda: [
            (d.repeated_share(sample), d.ends_in_loop(sample), d.degeneracy(sample)) for sample in tokens
        ],
        "rare words": lambda: [d.tail_mass(sample, d.COMMON_ENGLISH) for sample in tokens],
        "near-duplicates within a prompt": lambda: [d.near_duplicate_share(group) for group in groups],
        "near-duplicates across prompts": elsewhere,
    }
    lines = [f"## Where it goes, {samples:,} samples", "", "| part | seconds |", "|---|---|"]
    return [*lines, *(f"| {name} | {_seconds(work):.2f} |" for name, work in parts.items()), ""]


def _self_bleu() -> list[str]:
    lines = [
        "## Self-BLEU by sacrebleu, one prompt",
        "",
        "Its cost grows with the square of the samples a prompt, which is why only some prompts are taken.",
        "",
        "| samples | words | seconds a prompt | all of 1,250 prompts would take, s |",
        "|---|---|---|---|",
    ]
    for size in (4, 8, 16):
        group = [d.tokenise(text) for text in _texts(size, per_prompt=size)[0]]
        d.self_bleu(group)
        seconds = min(_seconds(lambda: d.self_bleu(group)) for _ in range(3))  # noqa: B023 - called at once
        lines.append(f"| {size} | {WORDS} | {seconds:.3f} | {1250 * seconds:.0f} |")
    return lines


def _whole(samples: int, *, kind: str) -> dict[str, float]:
    texts = _texts(samples)
    if kind == "five texts":
        few = texts[0][:5]
        texts = [[few[(i + j) % 5] for j in range(PER_PROMPT)] for i in range(len(texts))]
    elif kind == "template":
        texts = _templated(texts[0][0].split(), len(texts))
    prompts = ["the first words of a text that goes on"] * len(texts)
    before = _peak()
    seconds = _seconds(lambda: d.characterise(texts, prompts=prompts, reference=d.COMMON_ENGLISH))
    return {"seconds": seconds, "peak": _peak(), "before": before}


def _texts(samples: int, *, per_prompt: int = PER_PROMPT) -> list[list[str]]:
    rng = np.random.default_rng(0)
    rank = np.arange(1, 20_001)
    probability = (1 / rank) / (1 / rank).sum()
    drawn = rng.choice(rank, size=(samples, WORDS), p=probability)
    texts = [" ".join(f"w{word}" for word in row) + "." for row in drawn]
    return [texts[i : i + per_prompt] for i in range(0, samples, per_prompt)]


def _templated(words: list[str], prompts: int) -> list[list[str]]:
    rng = np.random.default_rng(1)

    def one() -> str:
        changed = list(words)
        for at in rng.choice(WORDS, size=WORDS // 20, replace=False):
            changed[at] = f"x{rng.integers(20_000)}"
        return " ".join(changed)

    return [[one() for _ in range(PER_PROMPT)] for _ in range(prompts)]


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
