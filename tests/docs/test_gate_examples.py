"""The examples of docs/gate.md: the gate is one that is read, and every command of the workflow exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from synth_eval.cli import cli
from synth_eval.compare.gate import check_gate
from synth_eval.manifest import load_family

DOCS = Path(__file__).parents[2] / "docs"
WORKFLOW = DOCS / "examples" / "github-workflow.yml"
PAGE = (DOCS / "gate.md").read_text(encoding="utf-8")


def _commands(text: str) -> list[list[str]]:
    """The synth-eval commands of some shell lines, without redirections."""
    found = [re.split(r" [>|]", line)[0] for line in text.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in found if line.strip().startswith("synth-eval ")]


def _steps() -> list[dict]:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


COMMANDS = [
    *(command for step in _steps() for command in _commands(step.get("run", ""))),
    *(command for block in re.findall(r"```\n(.*?)```", PAGE, re.S) for command in _commands(block)),
    *(command for inline in re.findall(r"`(synth-eval [^`]+)`", PAGE) for command in _commands(inline)),
]


def test_the_workflow_runs_compare_and_diff() -> None:
    assert {"compare", "diff"} <= {command[0] for step in _steps() for command in _commands(step.get("run", ""))}
    # all steps after the comparison run when it fails, too: the report is wanted most then
    names = [step.get("name") for step in _steps()]
    assert all("!cancelled()" in step["if"] for step in _steps()[names.index("Compare") + 1 :])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_exists(command: list[str]) -> None:
    name, *arguments = command
    subcommand = cli.commands[name]
    with click.Context(subcommand) as context:
        _, _, order = subcommand.make_parser(context).parse_args(list(arguments))  # raises NoSuchOption
    for parameter in order:
        assert isinstance(parameter, click.Parameter)


def test_a_wrong_option_would_be_found() -> None:
    subcommand = cli.commands["compare"]
    with click.Context(subcommand) as context, pytest.raises(click.NoSuchOption):
        subcommand.make_parser(context).parse_args(["checkpoints.yaml", "--sumary"])


def test_the_gate_of_the_page_is_read(tmp_path: Path) -> None:
    (gate,) = re.findall(r"```yaml\n(gate:.*?)```", PAGE, re.S)
    (tmp_path / "a").mkdir()
    file = tmp_path / "checkpoints.yaml"
    file.write_text(
        "family: f\ncheckpoints:\n  - {path: a, ratio: 0, size: 160M}\n  - {path: a, ratio: 0.4, size: 160M}\n" + gate
    )
    read = load_family(file).gate
    check_gate(read)
    assert (read.fail_on, len(read.rules)) == ("degraded", 5)
