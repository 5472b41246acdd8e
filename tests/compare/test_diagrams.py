from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from simulated_family import Simulated

from synth_eval.compare.tidy import BINS, reliability_diagrams
from synth_eval.pipeline.reports import RELIABILITY, _read_diagrams, reliability_of


@pytest.fixture(scope="module")
def diagrams(studied: Simulated) -> dict[str, list[dict]]:
    return reliability_diagrams(studied.family, studied.tables)


def test_every_choice_task_has_a_diagram_a_ratio(studied: Simulated, diagrams: dict[str, list[dict]]) -> None:
    choice = {task for (_, task), table in studied.tables.items() if table.kind == "choice"}
    assert {title.split(",")[0] for title in diagrams} == choice
    ratios = len({checkpoint.ratio for checkpoint in studied.family.checkpoints})
    for group in diagrams.values():
        assert group[0]["label"] == "0%"
        assert len(group) == ratios


def test_seeds_are_pooled_and_no_answer_is_lost(studied: Simulated, diagrams: dict[str, list[dict]]) -> None:
    for title, group in diagrams.items():
        task = title.split(",")[0]
        answers = sum(len(studied.tables[c.name, task]) for c in studied.family.checkpoints if c.ratio == 0.0)
        assert sum(group[0]["count"]) == answers
        assert len(group[0]["confidence"]) <= BINS
        assert f"{answers:,} answers" in group[0]["note"]


def test_drifting_confidence_leaves_the_null_band(diagrams: dict[str, list[dict]]) -> None:
    def outside(diagram: dict) -> float:
        accuracy, low = np.array(diagram["accuracy"]), np.array(diagram["null_low"])
        return float(np.average(accuracy < low, weights=diagram["count"]))

    (title,) = (title for title in diagrams if title.startswith("overconfident"))
    assert outside(diagrams[title][0]) < 0.2
    assert outside(diagrams[title][-1]) > 0.5


def test_diagrams_come_back_from_their_file(diagrams: dict[str, list[dict]], tmp_path: Path) -> None:
    (tmp_path / RELIABILITY).write_text(json.dumps(diagrams, allow_nan=False), encoding="utf-8")
    found = reliability_of(_read_diagrams(tmp_path / RELIABILITY))
    assert list(found) == list(diagrams)
    first = next(iter(diagrams))
    assert list(found[first][0].accuracy) == diagrams[first][0]["accuracy"]


@pytest.mark.parametrize("text", ["", "[1]", '{"a": [{"label": "0%"}]}', '{"a": 3}'])
def test_a_damaged_file_costs_only_the_diagrams(text: str, tmp_path: Path) -> None:
    (tmp_path / RELIABILITY).write_text(text, encoding="utf-8")
    assert _read_diagrams(tmp_path / RELIABILITY) == {}
    assert _read_diagrams(tmp_path / "nowhere") == {}
