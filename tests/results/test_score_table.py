"""Tables of scores: which columns there are, what a row says, and what is refused with its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_eval.errors import ResultsError
from synth_eval.results.score_table import ScoreTable, scores_of
from synth_eval.results.table_file import read_table

HEADER = "family,size,tokens,ratio,iteration,source,seed,task,metric,value,stderr,n,category,chance\n"
ROW = "f,410M,10B,0.3,2,rephrased,1,qa,acc,0.61,0.01,2000,reasoning,0.25\n"
SHORT = "ratio,task,metric,value\n"


def read(tmp_path: Path, text: str, **options: str) -> ScoreTable:
    file = tmp_path / "scores.csv"
    file.write_text(text, encoding="utf-8")
    return scores_of(read_table(file, columns=""), **options)


def test_a_row_says_everything(tmp_path: Path) -> None:
    table = read(tmp_path, HEADER + ROW)
    (score,) = table.scores
    assert (table.family, table.notes) == ("f", ())
    assert (score.size, score.parameters, score.tokens, score.ratio) == ("410M", 4.1e8, 1e10, 0.3)
    assert (score.iteration, score.source, score.seed, score.task, score.metric) == (2, "rephrased", 1, "qa", "acc")
    assert (score.value, score.digits, score.stderr, score.n) == (0.61, 2, 0.01, 2000)
    assert (score.category, score.chance, score.number) == ("reasoning", 0.25, 2)


def test_what_is_not_there_has_a_default(tmp_path: Path) -> None:
    table = read(tmp_path, SHORT + "0,qa,acc,0.5\n")
    (score,) = table.scores
    assert table.family == "scores"  # of the file
    assert score.place == (None, None, 0.0, 1, "self", 0)
    assert (score.size, score.stderr, score.n, score.category, score.chance) == ("", None, None, "", None)


def test_case_and_order_of_columns_do_not_matter(tmp_path: Path) -> None:
    (score,) = read(tmp_path, "Value, METRIC ,Task,Ratio\n0.5,acc,qa,0.1\n").scores
    assert (score.value, score.metric, score.task, score.ratio) == (0.5, "acc", "qa", 0.1)


def test_one_size_is_spelled_in_one_way(tmp_path: Path) -> None:
    table = read(tmp_path, "size,ratio,task,metric,value\n1.4B,0,qa,acc,.5\n1400M,.1,qa,acc,.5\n")
    assert [score.size for score in table.scores] == ["1.4B", "1.4B"]


def test_a_column_a_task(tmp_path: Path) -> None:
    text = "ratio,seed,Squad_v2,gsm8k\n0,1,0.5,0.1\n0.3,1,,0.2\n"
    table = read(tmp_path, text, metric="acc")
    assert [(s.ratio, s.task, s.metric, s.value) for s in table.scores] == [
        (0.0, "Squad_v2", "acc", 0.5),
        (0.0, "gsm8k", "acc", 0.1),
        (0.3, "gsm8k", "acc", 0.2),
    ]
    assert table.notes == ("scores.csv, line 3: no value, left out",)


def test_losses_as_tables_of_losses_have_them(tmp_path: Path) -> None:
    table = read(tmp_path, "tokens,ratio,task,loss,ppl\n1B,0,web,3.2,24.5\n")
    assert [(score.metric, score.value) for score in table.scores] == [("loss", 3.2)]
    assert table.notes == ("scores.csv: column 'ppl' is not known and not read",)


def test_rows_without_a_value_are_left_out_and_named(tmp_path: Path) -> None:
    rows = "".join(f"{ratio},qa,acc,{value}\n" for ratio, value in ((0, 0.5), (0.1, "NaN"), (0.2, ""), (0.3, "N/A")))
    table = read(tmp_path, SHORT + rows)
    assert len(table.scores) == 1
    assert table.notes == ("scores.csv, lines 3, 4, 5: no value, left out",)


def test_replicates(tmp_path: Path) -> None:
    header = "ratio,data_seed,seed,task,metric,value\n"
    both = read(tmp_path, header + "0,1,1,qa,acc,.5\n0,1,2,qa,acc,.5\n0,2,1,qa,acc,.5\n0.3,1,1,qa,acc,.5\n")
    assert [score.seed for score in both.scores] == [1, 2, 3, 1]
    assert both.notes == ("scores.csv: 3 replicates by data_seed and seed, numbered in the file's order",)
    names = read(tmp_path, "ratio,seed,task,metric,value\n0,a,qa,acc,.5\n0,b,qa,acc,.5\n")
    assert [score.seed for score in names.scores] == [1, 2]
    whole = read(tmp_path, "ratio,seed,task,metric,value\n0,7,qa,acc,.5\n0,,qa,acc,.5\n")
    assert ([score.seed for score in whole.scores], whole.notes) == ([7, 0], ())


def test_families(tmp_path: Path) -> None:
    text = "family,ratio,task,metric,value\na,0,qa,acc,.5\nb,0,qa,acc,.6\n"
    assert [score.value for score in read(tmp_path, text, family="b").scores] == [0.6]
    with pytest.raises(ResultsError, match=r"2 families \(a, b\): choose one with --family"):
        read(tmp_path, text)
    with pytest.raises(ResultsError, match="no family 'c': there are a, b"):
        read(tmp_path, text, family="c")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SHORT, "scores.csv: no scores: there is only a header"),
        (SHORT + "0,qa,acc,\n", "scores.csv: no scores: no row has a value"),
        ("task,metric,value\nqa,acc,.5\n", "no column 'ratio': there are task, metric, value"),
        ("ratios,task,metric,value\n0,qa,acc,.5\n", "no column 'ratio': there are ratios, task, metric, value (is"),
        ("ratio,task,accuracy\n0,qa,.5\n", "no column 'value': there are ratio, task, accuracy; give the column"),
        ("ratio,qa,gsm8k\n0,.5,.5\n", "if each column is a task, name their metric: --metric acc"),
        ("ratio,task,value\n0,qa,.5\n", "no column 'metric': there are ratio, task, value; say what the values are"),
        (SHORT + "0,qa,acc\n", "scores.csv, line 2: 3 cells under 4 columns"),
        (SHORT + "0,qa,acc,.5,6\n", "scores.csv, line 2: 5 cells under 4 columns"),
        (SHORT + "30,qa,acc,.5\n", "scores.csv, line 2: ratio 30 is not between 0 and 1: write 0.3"),
        (SHORT + ",qa,acc,.5\n", "scores.csv, line 2: no ratio"),
        (SHORT + "0,,acc,.5\n", "scores.csv, line 2: no task"),
        (SHORT + "0,qa,,.5\n", "scores.csv, line 2: no metric"),
        (SHORT + "0,qa,acc,much\n", "scores.csv, line 2: the value of qa 'much' is not a number"),
        (SHORT + "0,qa,acc,inf\n", "scores.csv, line 2: the value of qa is inf, which is no finite number"),
        (HEADER + ROW.replace("410M", "big"), "scores.csv, line 2: size 'big' is not a count"),
        (HEADER + ROW.replace("10B", "10 Billion"), "line 2: tokens '10 Billion' is not a count"),
        (HEADER + ROW.replace("0.3,2", "0.3,0"), "line 2: iteration '0' is not a whole number from 1"),
        (HEADER + ROW.replace("0.01", "-1"), "line 2: stderr -1 is below 0"),
        (HEADER + ROW.replace("2000", "2.5"), "line 2: n '2.5' is not a number of items"),
        (
            HEADER + ROW + ROW.replace("410M", "0.41B").replace("0.61", "0.6"),
            "scores.csv, lines 2, 3: the same score twice (qa, acc, size 410M, ratio 0.3, iteration 2, source "
            "rephrased): number replicates in a column seed, or remove one",
        ),
        (HEADER + ROW + ROW.replace("10B", "20B") + ROW.replace("10B", ""), "scores.csv, line 4: no tokens"),
    ],
)  # fmt: skip
def test_what_stops(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ResultsError, match=r"scores\.csv") as stop:
        read(tmp_path, text)
    assert said in str(stop.value)
    assert "\n" not in str(stop.value)


def test_a_misspelled_column_is_named(tmp_path: Path) -> None:
    table = read(tmp_path, "ratio,task,metric,value,std_err\n0,qa,acc,.5,.01\n")
    assert table.notes == ("scores.csv: column 'std_err' is not known and not read (is 'stderr' meant?)",)
    assert table.scores[0].stderr is None
