"""The CSV of losses: what is read, what is left out and said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_eval.errors import ResultsError
from synth_eval.pipeline.scaling import read_losses
from synth_eval.scaling.loss_table import LossTable, one_size

HEADER = "family,size,tokens,ratio,source,task,loss\n"
GOOD = "f,410M,10B,0.3,rephrased,web,2.5\n"
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "openlm_c4_losses.csv"


def read(tmp_path: Path, text: str) -> LossTable:
    (tmp_path / "losses.csv").write_text(text, encoding="utf-8")
    return read_losses(tmp_path / "losses.csv")


def test_reads_a_row(tmp_path: Path) -> None:
    table = read(tmp_path, "# a comment\n\n" + HEADER + GOOD)
    (row,) = table.rows
    assert (row.family, row.size, row.source, row.task, str(row.where)) == (
        "f",
        "410M",
        "rephrased",
        "web",
        "losses.csv:4",
    )
    assert (row.parameters, row.tokens, row.ratio, row.loss) == (410e6, 1e10, 0.3, 2.5)
    assert table.problems == ()


def test_defaults_and_any_order_of_columns(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "Loss, Tokens\n2.5, 1e9\n").rows
    assert (row.family, row.size, row.parameters, row.ratio, row.source, row.task) == (
        "losses", "", None, 0.0, "self", "loss",
    )  # fmt: skip


def test_accuracy_becomes_an_error_rate(tmp_path: Path) -> None:
    text = "tokens,loss,metric\n1B,0.7,acc\n2B,0.2,error\n4B,1.9,loss\n8B,1.4,acc\n16B,0.1,f1\n"
    table = read(tmp_path, text)
    assert [(round(row.loss, 9), row.error_rate) for row in table.rows] == [(0.3, True), (0.2, True), (1.9, False)]
    assert "line 5: an accuracy or error rate outside 0 to 1" in table.problems[0]
    assert "line 6: metric 'f1'" in table.problems[1]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("f,410M,,0.3,rephrased,web,2.5", "line 3: no tokens; left out"),
        ("f,410M,NaN,0.3,rephrased,web,2.5", "line 3: no tokens"),
        ("f,410M,10 Billion,0.3,rephrased,web,2.5", "line 3: tokens '10 Billion' is not a count"),
        ("f,big,20B,0.3,rephrased,web,2.5", "line 3: size 'big' is not a count"),
        ("f,410M,20B,0.3,rephrased,web,0", "line 3: a loss that is not above 0"),
        ("f,410M,20B,0.3,rephrased,web,-1", "line 3: a loss that is not above 0"),
        ("f,410M,20B,0.3,rephrased,web,nan", "line 3: loss is nan"),
        ("f,410M,20B,0.3,rephrased,web,inf", "line 3: loss is inf"),
        ("f,410M,20B,0.3,rephrased,web,", "line 3: no loss"),
        ("f,410M,20B,30,rephrased,web,2.5", "line 3: ratio 30 is not between 0 and 1"),
        ("f,410M,20B,0.3,rephrased,web", "line 3: 6 cells under 7 columns"),
        ("f,410M,20,0.3,rephrased,web,2.5", "line 3: tokens 20 beside 1e+10: mixed units"),
        ("f,1.4,20B,0.3,rephrased,web,2.5", "line 3: size 1.4 beside 4.1e+08: mixed units"),
    ],
)
def test_bad_rows_are_named_and_the_rest_is_kept(tmp_path: Path, row: str, said: str) -> None:
    table = read(tmp_path, HEADER + GOOD + row + "\n")
    assert len(table.rows) == 1
    (problem,) = table.problems
    assert said in problem
    assert "\n" not in problem


def test_contradictions_go_repeats_stay_once_and_seeds_are_replicates(tmp_path: Path) -> None:
    repeat = read(tmp_path, HEADER + GOOD + GOOD)
    assert (len(repeat.rows), repeat.problems) == (1, ())
    text = HEADER + GOOD + GOOD.replace("2.5", "2.6") + GOOD.replace("410M", "1B").replace("0.3", "0.2")
    contradiction = read(tmp_path, text)
    assert [row.size for row in contradiction.rows] == ["1B"]
    assert "lines 2, 3: different losses of one checkpoint and task" in contradiction.problems[0]
    header, lines = HEADER.replace("loss", "loss,seed"), [GOOD.replace("2.5", f"2.{seed},{seed}") for seed in (5, 6)]
    assert len(read(tmp_path, header + "".join(lines)).rows) == 2


def test_equal_sizes_are_spelt_alike(tmp_path: Path) -> None:
    table = read(tmp_path, HEADER + GOOD + GOOD.replace("410M", "0.41B").replace("10B", "20B"))
    assert [row.size for row in one_size(table.rows)[0]] == ["410M", "410M"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("family,loss\nf,2\n", "no column 'tokens'"),
        ("token,loss\n1,2\n", "is 'token' meant"),
        (HEADER, "there is only a header"),
        (HEADER + "f,410M,,0,self,web,2\n", "no row can be used: losses.csv, line 2: no tokens"),
        ("tokens,tokens,loss\n1,1,1\n", "named twice"),
    ],
)
def test_what_stops(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ResultsError, match=r"losses\.csv") as stop:
        read(tmp_path, text)
    assert said in str(stop.value)
    assert "\n" not in str(stop.value)


def test_unknown_columns_are_named(tmp_path: Path) -> None:
    table = read(tmp_path, HEADER.replace("ratio", "ratios") + GOOD)
    assert table.problems == ("losses.csv: column 'ratios' is not known and not read (is 'ratio' meant?)",)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="No such file"):
        read_losses(tmp_path / "missing.csv")
    (tmp_path / "losses.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ResultsError, match="not UTF-8"):
        read_losses(tmp_path / "losses.csv")


def test_the_published_example() -> None:
    table = read_losses(EXAMPLE)
    assert table.problems == ()
    assert len(table.rows) == 66  # 33 models, two evaluations
    (row,) = [row for row in table.rows if (row.size, row.task) == ("1.4B", "c4_val") and row.tokens > 1e11]
    # open_lm_1b at 4 times: 20 tokens a parameter x 1,439,795,200 x 4
    assert (row.tokens, row.loss) == (115_183_616_000, 2.47241)
