"""Multiple-choice items from the shared data, as lm-eval requests."""

from __future__ import annotations

import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SETTINGS = {  # name: (items that we score, how many of them hf scores, shots)
    "gsm8k, 0-shot": (40, 5, 0),
    "gsm8k, 5-shot": (40, 5, 5),
    "opentriviaqa, 0-shot": (60, 10, 0),
    "opentriviaqa, 5-shot": (60, 10, 5),
}


def requests_of(setting: str, data: Path, items: int | None = None) -> list[list[Any]]:
    """lm-eval requests, one list an item; of so many items if it is given."""
    count, _, shots = SETTINGS[setting]
    read = 100
    if items is not None:
        count, read = items, items + 2 * shots
    questions = gsm8k(data, read) if setting.startswith("gsm8k") else trivia(data, read)
    header = "".join(f"Question: {q}\nAnswer: {choices[gold]}\n\n" for q, choices, gold in questions[-shots:] if shots)
    return [
        [SimpleNamespace(args=(f"{header}Question: {q}\nAnswer:", f" {choice}"), task_name=None) for choice in choices]
        for q, choices, _ in questions[:count]
    ]


def gsm8k(data: Path, most: int) -> list[tuple[str, list[str], int]]:
    """The answer among three numbers near it."""
    draw, made = random.Random(0), []
    for line in (data / "gsm8k" / "test.jsonl").read_text(encoding="utf-8").splitlines()[:most]:
        record = json.loads(line)
        gold = int(record["answer"].split("####")[1].replace(",", ""))
        choices = {gold}
        while len(choices) < 4:
            choices.add(max(0, round(gold * draw.choice([0.5, 0.8, 0.9, 1.2, 1.5, 2])) + draw.randint(-5, 9)))
        ordered = sorted(choices)
        made.append((record["question"], [str(value) for value in ordered], ordered.index(gold)))
    return made


def trivia(data: Path, most: int) -> list[tuple[str, list[str], int]]:
    """Two to four choices, four categories in turn."""
    files = sorted((data / "opentriviaqa").glob("*.jsonl"))
    lines = [file.read_text(encoding="utf-8").splitlines()[: -(-most // len(files))] for file in files]
    records = [json.loads(line) for group in zip(*lines, strict=True) for line in group]
    return [(record["question"], record["choices"], record["answer"]) for record in records]
