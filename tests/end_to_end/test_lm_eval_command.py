"""The suite through lm-eval's own command, verbatim, offline, from a folder that is not the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LM_EVAL = Path(sys.executable).with_name("lm_eval")


def lm_eval(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # No HF_HUB_OFFLINE: a user does not set it. A proxy that refuses everything stands for a machine without network.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))}
    environment |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    return subprocess.run(
        [str(LM_EVAL), *arguments], cwd=cwd, capture_output=True, text=True, env=environment, timeout=600
    )


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    import lm_eval as package

    suite = Path(str(package.__file__)).parent / "tasks" / "synth_suite" / "synth_suite.yaml"
    assert suite.is_file(), "the wheel is not installed (an editable install places no tasks): run `make test`"


def test_verbatim_command_prints_the_group_table(tiny_family: Path, tmp_path: Path) -> None:
    done = lm_eval(
        *("--tasks", "synth_suite", "--model", "hf", "--model_args", f"pretrained={tiny_family / 'runs' / 'r0'}"),
        *("--limit", "4", "--output_path", "out", "--log_samples"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
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


def test_few_shot_examples_come_from_the_train_split(tiny_family: Path, tmp_path: Path) -> None:
    done = lm_eval(
        *("--tasks", "synth_recall", "--model", "hf", "--model_args", f"pretrained={tiny_family / 'runs' / 'r0'}"),
        *("--limit", "3", "--num_fewshot", "2", "--output_path", "out", "--log_samples"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    from synth_eval.skills import SKILLS

    lines = [json.loads(line) for line in next((tmp_path / "out").rglob("samples_*")).read_text().splitlines()]
    first, second = SKILLS["synth_recall"].train_items()[:2]
    for line in lines:
        prompt = line["arguments"]["gen_args_0"]["arg_0"]
        shots = [f"{item.question} {item.choices[item.answer]}" for item in (first, second)]
        assert prompt == "\n\n".join([*shots, line["doc"]["question"]])


def test_ls_tasks_lists_them(tmp_path: Path) -> None:
    done = lm_eval("ls", "tasks", cwd=tmp_path)
    for name in ("synth_suite", "synth_arithmetic", "synth_domain_python_docs"):
        assert name in done.stdout
