"""docs/tables.md: its command runs on its example, and what it names is there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from synth_eval.compare.metrics import is_known
from synth_eval.errors import ExitCode
from synth_eval.results.score_table import COLUMNS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")


def test_the_command_runs(run_here, tmp_path: Path) -> None:
    (command,) = re.findall(r"^synth-eval (compare .+)$", PAGE, re.M)
    done = run_here(*shlex.split(command), "--json", "-o", str(tmp_path), cwd=ROOT)
    assert done.returncode == ExitCode.OK, done.stderr
    words = {(c["task"], c["place"]["source"]): c["verdict"]["word"] for c in json.loads(done.stdout)["cells"]}
    assert words["squad_like", "tutorial"] == "degraded"  # made to lose 4 points, 16% of the baseline
    assert words["squad_like", "faq"] == "improved"  # made to gain 11 points
    assert words["grade_math", "tutorial"] in ("safe", "inconclusive")  # made to stay


def test_the_python_lines_run(tmp_path: Path, monkeypatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    monkeypatch.chdir(ROOT)
    names: dict = {}
    exec(code, names)
    assert len(names["found"].comparison.cells) == 4


def test_columns_and_metrics_are_those_that_are_read() -> None:
    table = PAGE[PAGE.index("| column |") : PAGE.index("- The order of columns")]
    first = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines()[2:] if line.startswith("|")]
    named = {name for names in first for name in names} | {"data_seed"}
    assert named == set(COLUMNS)
    (metrics,) = (line for line in table.splitlines() if line.startswith("| `metric`"))
    assert all(is_known(name) for name in re.findall(r"`(\w+)`", metrics.split("|")[3]))
