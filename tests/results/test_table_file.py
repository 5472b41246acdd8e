"""Tables in files: what separates cells, which lines count, and that Parquet says the same as CSV."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from synth_eval.errors import ResultsError
from synth_eval.results.table_file import TextTable, number_of, ratio_of, read_table


def read(tmp_path: Path, text: str | bytes, name: str = "scores.csv") -> TextTable:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table(file, columns="ratio, value")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_cells_and_their_lines(tmp_path: Path, delimiter: str, ending: str) -> None:
    lines = ("# a note, with commas, and ; and more ,,,", "ratio,value", "", "0,.5", " # another", "0.3,.4", "")
    table = read(tmp_path, "\ufeff" + ending.join(lines).replace(",", delimiter))
    assert table.columns == ("ratio", "value")
    assert table.rows == ((4, ("0", ".5")), (6, ("0.3", ".4")))
    assert (table.numbered, str(table.where(6))) == ("line", "scores.csv:6")


def test_quoted_cells(tmp_path: Path) -> None:
    table = read(tmp_path, 'task,value\n"a, b", 1\n"say ""x""",2\n')
    assert [cells for _, cells in table.rows] == [("a, b", "1"), ('say "x"', "2")]


def test_parquet_is_read_as_a_csv_of_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame({"ratio": [0.0, 0.3], "task": ["a", None], "n": [500.0, float("nan")], "value": [0.5, 0.25]})
    frame.to_parquet(tmp_path / "scores.parquet")
    table = read_table(tmp_path / "scores.parquet", columns="")
    assert table.columns == ("ratio", "task", "n", "value")
    assert table.rows == ((1, ("0.0", "a", "500.0", "0.5")), (2, ("0.3", "", "", "0.25")))
    assert table.numbered == "row"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty: give a CSV file with the columns ratio, value"),
        ("# nothing\n\n", "empty"),
        (b"\xff\xfe\x00", "not UTF-8 text"),
        ("ratio,Ratio\n0,1\n", "column 'ratio' is named twice"),
        ('ratio,value\n0,"unfinished\n', "line 2: not CSV"),
        ("ratio,value\n0," + "1" * 200_000 + "\n", "line 2: not CSV"),
    ],
)
def test_what_stops(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ResultsError, match=r"scores\.csv") as stop:
        read(tmp_path, text)
    assert said in str(stop.value)
    assert "\n" not in str(stop.value)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="No such file"):
        read_table(tmp_path / "none.csv", columns="")
    with pytest.raises(ResultsError, match="no such file"):
        read_table(tmp_path / "none.parquet", columns="")
    with pytest.raises(ResultsError, match="not a Parquet file"):
        read(tmp_path, "ratio,value\n0,1\n", "scores.parquet")
    with pytest.raises(ResultsError, match="Is a directory"):
        read_table(tmp_path, columns="")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,31", "'0,31' is not a number: write a point, not a comma"),
        ("1,234.5", "'1,234.5' is not a number"),
        ("inf", "is inf, which is no finite number"),
        ("x", "'x' is not a number"),
    ],
)
def test_numbers(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        number_of(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("30", "30 is not between 0 and 1: write 0.3"),
        ("30%", "30% is not between 0 and 1: write 0.3"),
        ("1%", "1% is not between 0 and 1: write 0.01"),
        ("-0.1", "-0.1 is not between 0 and 1"),
        ("300", "300 is not between 0 and 1"),
    ],
)
def test_ratios(text: str, said: str) -> None:
    assert ratio_of("0.3") == 0.3
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        ratio_of(text)
