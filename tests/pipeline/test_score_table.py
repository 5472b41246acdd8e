"""A table of scores as a family: checkpoints, units, metrics, baselines; and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_eval.comparison import Comparison
from synth_eval.errors import ResultsError, SynthEvalError
from synth_eval.pipeline.compare import compare
from synth_eval.pipeline.score_table import TableOptions, is_table, read_score_table

HEADER = "ratio,seed,task,metric,value\n"


def write(folder: Path, text: str) -> Path:
    file = folder / "scores.csv"
    file.write_text(text, encoding="utf-8")
    return file


def rows(values: dict[float, list[float]], *, task: str = "qa", metric: str = "acc") -> str:
    """One row a ratio and seed."""
    return "".join(
        f"{ratio},{seed},{task},{metric},{value}\n" for ratio, each in values.items() for seed, value in enumerate(each)
    )


FALLING = {0.0: [0.612, 0.618, 0.605], 0.2: [0.604, 0.611, 0.603], 0.4: [0.561, 0.549, 0.557], 0.6: [0.51, 0.502, 0.5]}
FLAT = {0.0: [0.612, 0.618, 0.605], 0.2: [0.608, 0.613, 0.612], 0.4: [0.61, 0.609, 0.611], 0.6: [0.617, 0.606, 0.611]}


def compared(folder: Path, text: str, **options) -> Comparison:
    return compare(write(folder, text), table=TableOptions(**options)).comparison


def words(comparison: Comparison) -> dict[tuple[str, str], str]:
    return {(cell.task, cell.metric): cell.verdict.word for cell in comparison.cells}


def test_replicates_alone_decide(tmp_path: Path) -> None:
    found = compared(tmp_path, HEADER + rows(FALLING) + rows(FLAT, task="sums"))
    assert words(found) == {("qa", "acc"): "degraded", ("sums", "acc"): "safe"}
    falling = found.cells[0]
    assert falling.data.values == pytest.approx([0.61166667, 0.606, 0.55566667, 0.504])
    assert (falling.data.seeds, falling.data.n_items, falling.verdict.phi, falling.verdict.item_sd) == (
        3,
        0,
        None,
        None,
    )
    assert falling.verdict.seed_sd == pytest.approx(0.006, abs=0.003)  # SD of the values above around their line
    assert not falling.verdict.conditional
    assert not list(tmp_path.glob("results"))  # nothing is written unless asked
    assert any("values without standard errors" in warning for warning in found.warnings)


def test_one_run_a_ratio_is_judged_by_its_scatter_or_refused(tmp_path: Path) -> None:
    line = {ratio / 10: [0.6 - 0.02 * ratio + 0.001 * (-1) ** ratio] for ratio in range(6)}
    found = compared(tmp_path, HEADER + rows(line))
    assert words(found) == {("qa", "acc"): "degraded"}
    few = compared(tmp_path, HEADER + rows(dict(list(line.items())[:4])))
    (cell,) = few.cells
    assert (cell.verdict.word, cell.verdict.refusal) == ("refused", "no standard error")
    assert "4 checkpoints leave 1 degree of freedom to measure noise by, 3 are needed" in cell.verdict.reason
    assert cell.data.values == pytest.approx([0.601, 0.579, 0.561, 0.539])  # shown all the same
    assert cell.data.difference_ci[-1] is None


def test_errors_are_used_where_there_are_any(tmp_path: Path) -> None:
    header, ratios = "ratio,task,metric,value,stderr,n\n", (0, 0.1, 0.2, 0.3)
    small = "".join(f"{ratio},qa,acc,{0.6 - ratio},{error},{n}\n" for ratio in ratios for error, n in ((0.01, ""),))
    given = compared(tmp_path, header + small)
    assert (given.cells[0].verdict.word, given.cells[0].verdict.conditional) == ("degraded", True)
    # 1 + p (1 - p) / stderr^2 items: what lm-eval's own error of a share gives
    assert given.cells[0].data.n_items == 2101
    counted = compared(tmp_path, header + small.replace("0.01,\n", ",2000\n"))
    assert counted.cells[0].data.n_items == 2000
    one_missing = compared(tmp_path, header + small.replace("0.5,0.01,", "0.5,,"))
    assert one_missing.cells[0].verdict.refusal == "no standard error"


def test_the_decimals_that_are_written_do_not_matter(tmp_path: Path) -> None:
    """Rounding is the smallest error there is, and far below what runs differ by."""
    plain = compared(tmp_path, HEADER + rows(FALLING)).cells[0]
    longer = {ratio: [value + 1e-9 for value in each] for ratio, each in FALLING.items()}
    fine = compared(tmp_path, HEADER + rows(longer)).cells[0]
    assert fine.verdict.p_value == pytest.approx(plain.verdict.p_value, rel=1e-3)
    assert fine.verdict.onset_ci == plain.verdict.onset_ci
    assert fine.data.difference_ci[-1] == pytest.approx(plain.data.difference_ci[-1], abs=1e-4)


def test_percentages_where_the_user_says_so(tmp_path: Path) -> None:
    share = compared(tmp_path, HEADER + rows(FALLING))
    hundred = HEADER + rows({ratio: [round(100 * v, 1) for v in each] for ratio, each in FALLING.items()})
    percent = compared(tmp_path, hundred, percent=True)
    assert percent.cells[0].data.values == pytest.approx(share.cells[0].data.values)
    assert percent.cells[0].verdict.p_value == pytest.approx(share.cells[0].verdict.p_value)
    with pytest.raises(ResultsError, match=r"line 2: acc 61\.2 of qa is not between 0 and 1; if .* say --percent"):
        compared(tmp_path, hundred)
    with pytest.raises(ResultsError, match="--percent, but acc of sums is never above 1: write all as shares"):
        compared(tmp_path, hundred + rows(FLAT, task="sums"), percent=True)
    with pytest.raises(ResultsError, match=r"acc 161\.2 of qa is not between 0 and 100"):
        compared(tmp_path, hundred.replace(",61.2", ",161.2"), percent=True)
    with pytest.raises(ResultsError, match="--percent, but no metric of it is a share"):
        compared(tmp_path, HEADER + rows(FALLING, metric="loss"), percent=True)
    with pytest.raises(ResultsError, match=r"line 2: stderr 1\.1 of a share: write it in the unit"):
        compared(tmp_path, "ratio,task,metric,value,stderr\n0,qa,acc,0.61,1.1\n")


def test_metrics_that_are_not_known_need_a_direction(tmp_path: Path) -> None:
    text = HEADER + rows(FALLING, metric="my_score")
    with pytest.raises(
        ResultsError, match=r"line 2: metric 'my_score' is not known: say which way is better, --metric"
    ):
        compared(tmp_path, text)
    higher = compared(tmp_path, text, metrics=("my_score:higher",)).cells[0]
    lower = compared(tmp_path, text, metrics=("my_score:lower",)).cells[0]
    assert (higher.verdict.word, higher.higher_is_better) == ("degraded", True)
    assert lower.verdict.word != "degraded"
    assert not lower.higher_is_better
    with pytest.raises(ResultsError, match="metric 'accuracy' is not known \\(is 'acc' meant\\? rename it\\)"):
        compared(tmp_path, HEADER + rows(FALLING, metric="accuracy"))
    with pytest.raises(ResultsError, match="no metric 'other': there are my_score"):
        compared(tmp_path, text, metrics=("my_score:higher", "other:lower"))
    with pytest.raises(ResultsError, match="--metric acc:up: write a name, and higher or lower after it"):
        compared(tmp_path, text, metrics=("acc:up",))


def test_losses_are_better_when_lower(tmp_path: Path) -> None:
    rising = {ratio: [3.6 - value for value in each] for ratio, each in FALLING.items()}
    found = compared(tmp_path, "ratio,seed,task,loss\n" + rows(rising).replace(",acc,", ","))
    assert words(found) == {("qa", "loss"): "degraded"}
    falling = compared(tmp_path, HEADER + rows(FALLING, metric="loss"))
    assert words(falling)["qa", "loss"] != "degraded"
    assert falling.cells[0].data.difference[-1] == pytest.approx(-0.10766667)


def test_several_metrics_of_a_task_and_tasks_of_several_metrics(tmp_path: Path) -> None:
    text = HEADER + rows(FALLING) + rows(FLAT, metric="f1") + rows(FLAT, task="web", metric="perplexity")
    found = compared(tmp_path, text)
    assert list(words(found)) == [("qa", "acc"), ("qa", "f1"), ("web", "perplexity")]
    mixed = HEADER + rows({0.0: FALLING[0.0]}) + rows({k: v for k, v in FALLING.items() if k}, metric="f1")
    (cell,) = compared(tmp_path, mixed).cells
    assert (cell.metric, cell.verdict.word) == ("acc", "refused")


def test_a_missing_baseline(tmp_path: Path) -> None:
    later = HEADER + rows({k: v for k, v in FALLING.items() if k})
    with pytest.raises(ResultsError, match=r"no baseline: no row at ratio 0 .* with --baseline \(0\.2, 0\.4, 0\.6\)"):
        compared(tmp_path, later)
    found = compared(tmp_path, later, baseline_ratio=0.2)
    assert (found.baseline_ratio, words(found)) == (0.2, {("qa", "acc"): "degraded"})
    header = "size,ratio,seed,task,metric,value\n"
    sizes = "".join(f"1B,{line}\n" for line in rows(FALLING).splitlines())
    sizes += "".join(f"2B,{line}\n" for line in rows({k: v for k, v in FALLING.items() if k}).splitlines())
    partly = compared(tmp_path, header + sizes)
    assert [(cell.place.size, cell.verdict.word) for cell in partly.cells] == [("1B", "degraded"), ("2B", "refused")]
    assert partly.cells[1].verdict.refusal == "no baseline"
    assert "2B: no row at the baseline ratio 0" in partly.warnings


def test_chance_and_category_come_from_the_table(tmp_path: Path) -> None:
    low = {ratio: [value / 2.45 for value in each] for ratio, each in FALLING.items()}
    text = rows(low, task="guess").replace("\n", ",reasoning,0.25\n") + rows(FALLING).replace("\n", ",reasoning,\n")
    found = compared(tmp_path, HEADER.replace("\n", ",category,chance\n") + text)
    assert found.cells[0].verdict.refusal == "at chance"
    assert {cell.category for cell in found.cells} == {"reasoning"}
    with pytest.raises(ResultsError, match=r"chance 25 is not between 0 and 1"):
        compared(tmp_path, HEADER.replace("\n", ",category,chance\n") + text.replace("0.25", "25"))
    # a task of the catalogue has its category without one
    known = compared(tmp_path, HEADER + rows(FALLING, task="arc_easy"))
    assert known.cells[0].category == "reasoning"


def test_the_suite_is_judged_by_the_scatter_of_its_mean(tmp_path: Path) -> None:
    second = {ratio: [value - 0.1 for value in each] for ratio, each in FALLING.items()}
    found = compared(tmp_path, HEADER + rows(FALLING) + rows(second, task="sums"))
    (suite,) = (cell for cell in found.overall if cell.level == "suite")
    assert suite.verdict.word == "degraded"
    assert suite.verdict.reason.endswith("noise from scatter alone")
    # both tasks are off by the same in a run, so that their mean is as noisy as one of them
    assert suite.verdict.seed_sd == pytest.approx(found.cells[0].verdict.seed_sd, rel=0.05)


def test_tasks_are_chosen(tmp_path: Path) -> None:
    file = write(tmp_path, HEADER + rows(FALLING) + rows(FLAT, task="sums") + rows(FLAT, task="summary"))
    found = compare(file, tasks=["su*"]).comparison
    assert [cell.task for cell in found.cells] == ["sums", "summary"]
    with pytest.raises(ResultsError, match="no task 'arc': there are qa, sums, summary"):
        compare(file, tasks=["arc"])


def test_values_that_do_not_differ_are_refused(tmp_path: Path) -> None:
    (cell,) = compared(tmp_path, HEADER + rows({ratio: [0.25, 0.25] for ratio in FALLING})).cells
    assert (cell.verdict.word, cell.verdict.refusal) == ("refused", "constant")


def test_what_does_not_go_with_a_table(tmp_path: Path) -> None:
    file = write(tmp_path, HEADER + rows(FALLING))
    with pytest.raises(SynthEvalError, match="is a table of scores: it is read without --results"):
        compare(file, results=tmp_path)
    with pytest.raises(SynthEvalError, match=r"checkpoints\.yaml is no table of scores"):
        compare("checkpoints.yaml", table=TableOptions())
    assert [is_table(name) for name in ("a.csv", "a.PARQUET", "a.yaml", file)] == [True, True, False, True]


@pytest.mark.parametrize("name", ["../x", "a\x1b[31m", " . "])
def test_a_family_name_that_reads_like_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ResultsError, match=r"scores\.csv: family") as stop:
        compared(tmp_path, f'family,ratio,task,metric,value\n"{name}",0,qa,acc,.5\n')
    assert "\x1b" not in str(stop.value)


def test_a_family_over_tokens(tmp_path: Path) -> None:
    header = "tokens,ratio,seed,task,metric,value\n"
    text = header + "".join(f"{tokens},{line}\n" for tokens in ("1B", "4B") for line in rows(FALLING).splitlines())
    family, read = read_score_table(write(tmp_path, text), TableOptions())
    assert len(family.checkpoints) == 24
    assert family.checkpoints[0].name == "1Bt-self-r0-it1-s0"
    assert str(family.checkpoints[0].where) == "scores.csv:2"
    assert len(read.results) == 24
    assert {cell.place.tokens for cell in compared(tmp_path, text).cells} == {1e9, 4e9}


def test_a_hundred_thousand_rows_are_read_in_seconds(tmp_path: Path) -> None:
    import time

    names = [f"t{i}" for i in range(1000)]
    text = "".join(
        f"{ratio},{seed},{task},acc,0.6{seed}\n" for ratio in (0, 0.1, 0.3, 0.5) for seed in range(25) for task in names
    )
    file = write(tmp_path, HEADER + text)
    start = time.process_time()
    family, read = read_score_table(file, TableOptions())
    assert time.process_time() - start < 30  # 3 s on an idle core
    assert (len(family.checkpoints), len(read.results)) == (100, 100_000)
