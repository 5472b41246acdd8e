"""The catalogue of common tasks of lm-eval."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from synth_eval.data.sets import CONFIDENCES, catalogue, category_of, known_task


@pytest.mark.parametrize(
    ("task", "category", "output", "confidence"),
    [
        ("arc_challenge", "reasoning", "choice", "choices"),
        ("triviaqa", "retrieval", "generation", "votes"),
        ("mmlu_anatomy", "retrieval", "choice", "choices"),
        ("mmlu_anatomy_generative", "retrieval", "generation", "votes"),
        ("mmlu_pro_biology", "reasoning", "generation", "votes"),
        ("mmlu_professional_law", "retrieval", "choice", "choices"),
        ("gpqa_main_cot_zeroshot", "reasoning", "generation", "votes"),
        ("gpqa_main_zeroshot", "reasoning", "choice", "choices"),
        ("pile_arxiv", "domain", "rolling", "none"),
        ("blimp_adjunct_island", "other", "choice", "choices"),
    ],
)
def test_known_tasks(task: str, category: str, output: str, confidence: str) -> None:
    known = known_task(task)
    assert known is not None
    assert (known.category, known.output, known.confidence) == (category, output, confidence)
    assert category_of(task) == category


def test_unknown_tasks_are_other() -> None:
    assert known_task("my_own_task") is None
    assert category_of("my_own_task") == "other"


def test_lines_use_the_words_of_the_project() -> None:
    lines = catalogue()
    assert len(lines) >= 40
    assert {line.category for line in lines} == {"reasoning", "retrieval", "domain", "other"}
    assert {line.output for line in lines} == {"choice", "generation", "rolling", "loglikelihood"}
    assert {line.confidence for line in lines} <= set(CONFIDENCES)
    assert len({line.pattern for line in lines}) == len(lines)


KINDS = {
    "multiple_choice": "choice",
    "generate_until": "generation",
    "loglikelihood_rolling": "rolling",
    "loglikelihood": "loglikelihood",
}


def index_by_reading() -> dict[str, Path]:
    """The tasks whose file states their name: nearly all, without the many seconds that lm-eval's index takes."""
    import lm_eval

    named = re.compile(r"^[\"']?task[\"']?: *[\"']?([\w.-]+)[\"']? *$", re.MULTILINE)
    files = sorted(Path(str(lm_eval.__file__)).parent.joinpath("tasks").rglob("*.yaml"))
    return {found[1]: path for path in files if (found := named.search(path.read_text(encoding="utf-8")))}


def index_of_lm_eval() -> dict[str, Path | None]:
    from synth_eval.harness.tasks import task_manager

    return {name: entry.yaml_path for name, entry in task_manager(with_defaults=True).task_index.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("index_of", "most"), [(index_by_reading, 1), pytest.param(index_of_lm_eval, 25, marks=pytest.mark.nightly)]
)
def test_every_line_matches_a_task_of_lm_eval_of_that_kind(index_of: Any, most: int) -> None:
    from lm_eval.tasks._yaml_loader import load_yaml

    index = index_of()
    for line in catalogue():
        names = [name for name in index if fnmatchcase(name, line.pattern) and known_task(name) is line]
        assert names, line.pattern
        checked = 0
        for name in names[:25]:
            if checked == most:
                break
            path = index[name]
            config = load_yaml(path, resolve_func=False) if path else {}
            if "output_type" in config and "group" not in config:
                assert KINDS[config["output_type"]] == line.output, name
                checked += 1
        # Tasks of a class of their own state no kind.
        assert checked or line.pattern in ("squadv2", "squad_completion", "swde", "fda", "realtoxicityprompts")
