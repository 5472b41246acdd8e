"""Small made-up records in the form in which the public sets are published, as a data folder and as a hub's mirror."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]

BBH_TASKS = (
    "logical_deduction_three_objects",
    "logical_deduction_five_objects",
    "tracking_shuffled_objects_three_objects",
    "tracking_shuffled_objects_five_objects",
)


def gsm8k_records(n: int, *, seed: int = 0) -> list[Record]:
    """Word problems of one to four steps, with solutions written as gsm8k's are.

    Start, operations and operands are drawn as people write them: small counts, round prices, halves, doubles.
    """
    draw = random.Random(seed)
    records = []
    while len(records) < n:
        value = draw.choice(
            [draw.randint(2, 12), draw.randint(2, 99), draw.randint(2, 40) * 5, draw.randint(1, 9) * 100]
        )
        said, steps = [f"Ann starts with {value} stamps."], []
        for _ in range(draw.choice((1, 2, 2, 3, 3, 4))):
            sign = draw.choice("++--**/")
            by = draw.choice((2, 2, 3, 4, 5, 10)) if sign in "*/" else draw.choice((draw.randint(2, 20), 5, 10, 20, 50))
            result = {"+": value + by, "-": value - by, "*": value * by, "/": value / by}[sign]
            if result <= 0 or result != int(result) or result > 50_000:
                continue
            word = {"+": "gains", "-": "loses", "*": "multiplies them by", "/": "keeps one of every"}[sign]
            said.append(f"She {word} {by}.")
            steps.append(f"That makes {value}{sign}{by} = <<{value}{sign}{by}={int(result)}>>{int(result)} stamps.")
            value = int(result)
        if steps:
            question = f"{' '.join(said)} How many stamps has she now?"
            records.append({"question": question, "answer": "\n".join([*steps, f"#### {value}"])})
    return records


def trivia_records(n: int, category: str) -> list[Record]:
    """Four choices each, the right one in any place."""
    return [
        {
            "question": f"Which is number {i} of {category}?",
            "choices": [f"{category} {(i + j) % 97}-{j}" for j in range(4)],
            "answer": (i * 7) % 4,
            "category": category,
        }
        for i in range(n)
    ]


def bbh_records(n: int) -> list[Record]:
    """Three birds in an order."""
    birds = ("owl", "jay", "robin")
    return [
        {
            "input": f"Case {i}: three birds on a branch. The {birds[i % 3]} is first.\nOptions:\n"
            + "\n".join(f"({letter}) The {bird} is first" for letter, bird in zip("ABC", birds)),
            "target": f"({'ABC'[i % 3]})",
        }
        for i in range(n)
    ]


def squad_records(passages: int) -> list[Record]:
    """Five questions a passage, each answered by its own number."""
    return [
        {
            "id": f"{p}-{q}",
            "title": "Stamps",
            "context": " ".join(f"In room {p} drawer {k} holds {100 * p + 7 * k + 11} stamps." for k in range(5)),
            "question": f"How many stamps does drawer {q} hold?",
            "answers": {"text": [str(100 * p + 7 * q + 11)], "answer_start": [0]},
        }
        for p in range(passages)
        for q in range(5)
    ]


def write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """A JSONL file, its folder made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def write_data_folder(folder: Path) -> Path:
    """The five sets of synth_suite_public, dropped in by hand."""
    write_lines(folder / "gsm8k/test.jsonl", gsm8k_records(30))
    write_lines(folder / "gsm8k/train.jsonl", gsm8k_records(20, seed=1))
    strategy = [{"question": f"Is {i} even?", "answer": i % 2 == 0, "facts": [], "term": ""} for i in range(10)]
    write_lines(folder / "strategyqa/validation.jsonl", strategy)
    for task in BBH_TASKS:
        write_lines(folder / f"bbh/{task}.jsonl", bbh_records(9))
    for category in ("geography", "history", "science-technology", "world"):
        write_lines(folder / f"opentriviaqa/{category}.jsonl", trivia_records(12, category))
    nq = [{"question": f"what comes after {i}", "answer": [str(i + 1), f"number {i + 1}"]} for i in range(10)]
    write_lines(folder / "nq_open/validation.jsonl", nq)
    return folder


def write_mirror(folder: Path) -> Path:
    """The same as a hub has it: a dataset repository under each id, configurations named in its README.md."""
    _repository(folder / "openai/gsm8k", {"main": {"test": gsm8k_records(30), "train": gsm8k_records(20, seed=1)}})
    strategy = [{"question": f"Is {i} even?", "answer": i % 2 == 0} for i in range(10)]
    _repository(folder / "ChilleD/StrategyQA", {"default": {"train": strategy[:4], "test": strategy}})
    _repository(folder / "SaylorTwift/bbh", {task: {"test": bbh_records(9)} for task in BBH_TASKS})
    nq = [{"question": f"what comes after {i}", "answer": [str(i + 1)]} for i in range(10)]
    _repository(folder / "google-research-datasets/nq_open", {"nq_open": {"train": nq[:5], "validation": nq}})
    for category in ("geography", "history", "science-technology", "world"):
        published = [{}, *({**r, "answer": r["choices"][r["answer"]]} for r in trivia_records(12, category))]
        (folder / "opentriviaqa").mkdir(exist_ok=True)
        (folder / f"opentriviaqa/{category}.json").write_text(json.dumps(published))
    arc = [
        {
            "id": f"q{i}",
            "question": f"What is {i} + 1?",
            "choices": {"text": [str(i), str(i + 1)], "label": ["A", "B"]},
            "answerKey": "B",
        }
        for i in range(6)
    ]
    splits = {"train": arc[:3], "validation": arc[3:], "test": arc}
    _repository(folder / "allenai/ai2_arc", {"ARC-Easy": splits, "ARC-Challenge": splits})
    return folder


def _repository(folder: Path, configs: Mapping[str, Mapping[str, list[Record]]]) -> None:
    lines = ["---", "configs:"]
    for config, splits in configs.items():
        lines += [f"- config_name: {config}", "  data_files:"]
        for split, records in splits.items():
            write_lines(folder / config / f"{split}.jsonl", records)
            lines += [f"  - split: {split}", f"    path: {config}/{split}.jsonl"]
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]))
