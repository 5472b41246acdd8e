"""synth-eval scaling from end to end: a CSV, a comparison, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from scaling_rows_of import family_rows

from synth_eval.cli import cli
from synth_eval.errors import ResultsError

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def losses(tmp_path: Path) -> Path:
    lines = ["family,size,tokens,ratio,source,task,loss"]
    lines += [f"f,{r.size},{r.tokens:.0f},{r.ratio},{r.source},{r.task},{r.loss:.5f}" for r in family_rows()]
    lines.append("f,400M,,0.1,rephrased,web,2.0")
    (tmp_path / "losses.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "losses.csv"


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["scaling", *map(str, arguments)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return int(result.return_value), result.output


def test_first_budgets_are_left_out(losses: Path) -> None:
    rows = [float(line.split(",")[2]) for line in losses.read_text().splitlines()[1:-1]]
    second = sorted(set(rows))[1]
    found = json.loads(run(losses, "--resamples", 60, "--min-tokens", f"{second:.0f}", "--json")[1])
    kept = {tokens for task in found["tasks"] for curve in task["curves"] for tokens in curve["points"]["tokens"]}
    assert min(kept) == pytest.approx(second)
    fewer = sum(tokens < second for tokens in rows)
    assert any(f"{fewer} of {len(rows)} losses, at fewer than" in note for note in found["notes"])
    with pytest.raises(ResultsError, match="--min-tokens 1000T: the largest budget is"):
        run(losses, "--min-tokens", "1000T")
    with pytest.raises(click.BadParameter, match="is not a count"):
        run(losses, "--min-tokens", "2X")


def test_report_and_figures(losses: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    code, text = run(losses, "--resamples", 60, "--plots", tmp_path / "figures")
    assert code == 0
    assert "ratio, with band" in text
    assert "losses.csv, line 74: no tokens; left out" in text
    assert len(list((tmp_path / "figures").iterdir())) == 8


def test_html_is_written_whole(losses: Path, tmp_path: Path) -> None:
    code, text = run(losses, "--resamples", 60, "--html", tmp_path / "new" / "laws.html")
    assert code == 0
    assert "laws.html" in text
    page = (tmp_path / "new" / "laws.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert "Scaling laws of f" in page


def test_json_is_the_same_on_every_run(losses: Path) -> None:
    first, second = (run(losses, "--resamples", 60, "--json")[1] for _ in range(2))
    assert first == second
    best = json.loads(first)["tasks"][0]["mixtures"][0]["answers"]["best"]
    assert best[0]["answer"]["value"] == pytest.approx(0.3, abs=0.04)


def test_several_comparisons_make_a_family_over_tokens(tmp_path: Path) -> None:
    golden = json.loads((GOLDEN / "comparison.json").read_text(encoding="utf-8"))
    golden["cells"] = [cell for cell in golden["cells"] if cell["metric"] == "nll"][:1]
    values = list(golden["cells"][0]["values"])
    files = []
    for budget in range(5):
        golden["cells"][0]["values"] = [value * (1 + 0.5**budget) for value in values]
        for checkpoint in golden["checkpoints"]:
            checkpoint["tokens"] = 1e9 * 4**budget
        files.append(tmp_path / f"budget{budget}.json")
        files[-1].write_text(json.dumps(golden), encoding="utf-8")
    code, text = run(*files, "--resamples", 60, "--json")
    assert code == 0
    data = json.loads(text)
    assert max(curve["answers"]["budgets"] for task in data["tasks"] for curve in task["curves"]) == 5


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "family,loss\nf,2\n", "a.csv: no column 'tokens'"),
        ("a.json", "{}", "a.json: not a comparison"),
        ("a.json", "{", "a.json: not a comparison: line 1 is no JSON"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ResultsError) as stop:
        run(tmp_path / name)
    assert said in str(stop.value)
    assert "\n" not in str(stop.value)


def test_a_comparison_without_tokens_says_so(tmp_path: Path) -> None:
    golden = json.loads((GOLDEN / "comparison.json").read_text(encoding="utf-8"))
    for checkpoint in golden["checkpoints"]:
        checkpoint["tokens"] = None
    (tmp_path / "c.json").write_text(json.dumps(golden), encoding="utf-8")
    with pytest.raises(ResultsError, match=r"c\.json: .*no tokens"):
        run(tmp_path / "c.json")
