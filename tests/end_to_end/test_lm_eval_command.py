"""The suite through lm-eval's own command, verbatim, without network, from a folder that is not the checkout."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from forbidden_network import without_network
from tiny_checkpoint import write_tiny_neox

pytestmark = pytest.mark.slow

LM_EVAL = str(Path(sys.executable).with_name("lm_eval"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What --model_args takes."""
    return f"pretrained={write_tiny_neox(tmp_path_factory.mktemp('model'))},dtype=float32"


@pytest.fixture(scope="module")
def installed() -> None:
    import lm_eval as package

    suite = Path(str(package.__file__)).parent / "tasks" / "synth_suite" / "synth_suite.yaml"
    assert suite.is_file(), "the wheel is not installed (an editable install places no tasks): run `make test`"


@pytest.mark.usefixtures("installed")
def test_verbatim_command_prints_the_group_table(model: str, tmp_path: Path) -> None:
    done, tried = without_network(
        *(LM_EVAL, "--tasks", "synth_suite", "--model", "hf", "--model_args", model, "--batch_size", "16"),
        *("--limit", "3", "--output_path", "out", "--log_samples"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert tried == ""
    assert "Groups" in done.stdout
    for name in ("synth_reasoning", "synth_retrieval", "synth_domains", "synth_recall", "surprise_gap"):
        assert name in done.stdout
    results = json.loads(next((tmp_path / "out").rglob("results_*.json")).read_text())
    assert set(results["results"]["synth_recall"]) >= {
        "acc,none", "brier,none", "nll,none", "ece,none", "surprise_gap,none", "acc_stderr,none",
    }  # fmt: skip
    assert "bits_per_byte,none" in results["results"]["synth_domain_licences"]
    hashes = {results["configs"][f"synth_domain_{d}"]["metadata"]["text_sha256"] for d in ("python_code", "licences")}
    assert all(len(h) == 64 for h in hashes)
    assert len(hashes) == 2


def test_few_shot_examples_come_from_the_train_split(model: str) -> None:
    import lm_eval

    from synth_eval.harness.tasks import task_manager
    from synth_eval.skills import SKILLS

    done = lm_eval.simple_evaluate(
        model="hf", model_args=model, tasks=["synth_recall"], task_manager=task_manager(with_defaults=False),
        device="cpu", limit=3, num_fewshot=2, log_samples=True,
    )  # fmt: skip
    lines = done["samples"]["synth_recall"]
    assert len(lines) == 3
    first, second = SKILLS["synth_recall"].train_items()[:2]
    shots = [f"{item.question} {item.choices[item.answer]}" for item in (first, second)]
    for line in lines:
        assert line["arguments"][0][0] == "\n\n".join([*shots, line["doc"]["question"]])


@pytest.mark.nightly  # by day the verbatim command shows that lm-eval finds the suite where the wheel put it
@pytest.mark.usefixtures("installed")
def test_ls_tasks_lists_them(tmp_path: Path) -> None:
    done, _ = without_network(LM_EVAL, "ls", "tasks", cwd=tmp_path)
    for name in ("synth_suite", "synth_arithmetic", "synth_domain_python_docs"):
        assert name in done.stdout
