"""synth-eval calibrate from files to report, exports and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from logged_choices import choice_row, choice_rows, generation_row, rolling_row, write_results, write_samples

from synth_eval import calibration as cal
from synth_eval import cli
from synth_eval.errors import ExitCode
from synth_eval.results import read_samples


@pytest.fixture
def call(capsys, monkeypatch):
    """Runs the command; gives exit code, standard output and standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["synth-eval", "calibrate", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return call


@pytest.fixture
def run(tmp_path) -> Path:
    """One model: two tasks of a group, one alone, a rolling and a generation task."""
    folder = tmp_path / "out" / "org__m"
    write_samples(folder, "g_one", choice_rows(200, seed=1, temperature=2.0))
    write_samples(folder, "g_two", choice_rows(100, seed=2, choices=3), zipped=True)
    write_samples(folder, "alone", choice_rows(100, seed=3))
    write_samples(folder, "wiki", [rolling_row(0, "héllo", -12.5), rolling_row(1, "abc", -2.5)])
    write_samples(folder, "free", [generation_row(0)])
    tasks = ["g_one", "g_two", "alone", "wiki", "free"]
    write_results(folder, tasks, groups={"g": ["g_one", "g_two"]}, categories={"g_one": "reasoning"})
    return folder


def rows_of(out: str) -> dict[str, dict]:
    (model,) = json.loads(out)["models"]
    return {row["name"]: row for row in model["rows"]}


def estimates(row: dict) -> dict[str, dict]:
    return {each["name"]: each for each in row["assessment"]["estimates"]}


def test_json_holds_what_the_calibration_layer_says(call, run):
    code, out, err = call(run.parent, "--json", "--resamples", 100)
    assert (code, err) == (ExitCode.OK, "")
    rows = rows_of(out)
    assert list(rows) == ["alone", "g_one", "g_two", "g"]
    paths = [path for name in ("g_one", "g_two") for path in run.glob(f"samples_{name}_*")]
    tables = [cal.score_choices(read_samples(path), checkpoint="m", category="") for path in paths]
    for row, of in ((rows["g_one"], tables[:1]), (rows["g"], tables)):
        expected = cal.assess_tables(of, resamples=100, metrics=("accuracy", "signed_gap", "ece", "brier", "nll"))
        for estimate in expected.estimates[1:]:
            found = estimates(row)[estimate.name]
            assert found["value"] == pytest.approx(estimate.value, rel=1e-12)
        assert row["n"] == expected.n
    assert rows["g_one"]["category"] == "reasoning"
    (model,) = json.loads(out)["models"]
    assert model["model"] == "org/m"
    # 15 nats over 6 + 3 bytes
    assert model["rolling"] == [{"task": "wiki", "n": 2, "bits_per_byte": pytest.approx(15 / np.log(2) / 9)}]
    assert [each["task"] for each in model["left_out"]] == ["free"]


def test_by_hand(call, tmp_path):
    # log .75 and log .25 for two choices, three of four right: confidence .75 = accuracy, error 0
    logliks = (float(np.log(0.75)), float(np.log(0.25)))
    path = write_samples(tmp_path, "t", [choice_row(i, logliks, gold) for i, gold in enumerate((0, 0, 0, 1))])
    found = estimates(rows_of(call(path, "--json", "--resamples", 0)[1])["t"])
    assert found["accuracy"]["value"] == 0.75
    assert found["ece"]["value"] == pytest.approx(0.0, abs=1e-12)
    # .75 twice a quarter squared, and once two three-quarters squared
    assert found["brier"]["value"] == pytest.approx((3 * 2 * 0.0625 + 2 * 0.5625) / 4)
    assert found["nll"]["value"] == pytest.approx(-(3 * np.log(0.75) + np.log(0.25)) / 4)


def test_the_printed_report(call, run):
    code, out, _ = call(run.parent, "--resamples", 200)
    assert code == ExitCode.OK
    assert out.startswith("org/m: overconfident by ")
    assert "on 1 of 3 tasks" in out
    assert "g (2 tasks pooled)" in out
    assert "wiki: no confidence: bits per byte only (2.404, 2 documents)" in out
    assert "free: no confidence: one answer an item: sample several" in " ".join(out.split())
    assert "probabilities from raw log-likelihoods; 15 equal-width bins; 200 resamples" in " ".join(out.split())
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_exports(call, run, tmp_path):
    folder = tmp_path / "report"
    code, out, _ = call(run, "--output", folder, "--resamples", 50, "--recalibrate", "temperature")
    assert code == ExitCode.OK
    assert f"written to {folder}: calibration.json, calibration.csv, calibration.parquet" in out.replace("\n", "")
    frame, parquet = pd.read_csv(folder / "calibration.csv"), pd.read_parquet(folder / "calibration.parquet")
    assert frame["name"].tolist() == parquet["name"].tolist() == ["alone", "g_one", "g_two", "g"]
    np.testing.assert_allclose(frame["ece"], parquet["ece"], rtol=1e-12)
    data = json.loads((folder / "calibration.json").read_text())
    assert frame["ece"][1] == pytest.approx(estimates(data["models"][0]["rows"][1])["ece"]["value"])
    # logged at twice the log-odds that the answers were drawn with
    assert frame["recalibration_temperature"][1] == pytest.approx(2.0, abs=0.5)


def test_options_reach_the_numbers(call, run):
    width, mass = (
        estimates(rows_of(call(run, "--json", "--resamples", 0, "--bins", 5, "--scheme", s)[1])["alone"])
        for s in ("width", "mass")
    )
    table = cal.score_choices(read_samples(next(run.glob("samples_alone_*"))), checkpoint="m", category="")
    confidence, correct = table.columns["confidence"], table.columns["correct"]
    for found, name, scheme in ((width, "ece", "width"), (mass, "ece_mass", "mass")):
        expected = cal.expected_calibration_error(confidence, correct, bins=5, scheme=scheme)
        assert found[name]["value"] == pytest.approx(expected)
    row = rows_of(call(run, "--json", "--resamples", 0, "--normalisation", "bytes")[1])["alone"]
    # all choices have eight bytes: log-odds are an eighth, so confidence falls and answers stay
    assert row["mean_confidence"] < 0.45
    assert estimates(row)["accuracy"]["value"] == width["accuracy"]["value"]


@pytest.mark.parametrize(
    ("wanted", "rows"), [("alone", ["alone"]), ("g", ["g_one", "g_two", "g"]), ("alone,*_two", ["alone", "g_two"])]
)
def test_only_some_tasks(call, run, wanted, rows):
    assert list(rows_of(call(run, "--json", "--resamples", 0, "--tasks", wanted)[1])) == rows


def test_several_models_and_single_files(call, run, tmp_path):
    other = tmp_path / "other"
    path = write_samples(other, "alone", choice_rows(100, seed=3, temperature=3.0))
    code, out, _ = call(run, path, "--resamples", 100)
    assert code == ExitCode.OK
    assert out.startswith("org/m: ")
    assert "other: overconfident by " in " ".join(out.split())
    models = json.loads(call(path, run, path, run / "..", "--json", "--resamples", 0)[1])["models"]
    assert sorted((m["model"], len(m["rows"])) for m in models) == [("org/m", 4), ("other", 1)]  # each file once


def test_damaged_lines_are_counted(call, tmp_path):
    rows = [*choice_rows(50, seed=0), '{"doc_id": 50, "resps": [[["-1']
    path = write_samples(tmp_path, "t", rows)
    code, out, _ = call(path, "--resamples", 0)
    assert code == ExitCode.OK
    assert "t: 1 of 51 lines could not be read (the last one, truncated)" in " ".join(out.split())


def test_unusable_log_likelihoods_are_left_out_with_their_reason(call, tmp_path):
    rows = choice_rows(5, seed=0)
    rows[2]["resps"] = rows[2]["filtered_resps"] = [[["nan", "False"]]] * 4
    write_samples(tmp_path, "t", rows)
    (model,) = json.loads(call(tmp_path, "--json", "--resamples", 0)[1])["models"]
    assert [row["n"] for row in model["rows"]] == [4]
    assert model["notes"] == ["t: 1 of 5 items left out: NaN log-likelihood"]


def test_a_file_that_fails_fails_alone(call, run):
    write_samples(run, "broken", ["[1, 2"])
    code, out, _ = call(run, "--resamples", 0)
    assert code == ExitCode.PARTIAL
    assert "Not read" in out
    assert "broken: " in out
    assert "g (2 tasks pooled)" in out


@pytest.mark.parametrize(
    ("task", "row", "said"),
    [
        ("wiki", rolling_row(0, "héllo", -12.5), "wiki: no confidence: bits per byte only"),
        ("free", generation_row(0), "free: no confidence: one answer an item: sample several"),
    ],
)
def test_a_folder_without_confidence_is_no_error(call, tmp_path, task, row, said):
    for model in ("a", "b"):  # a reason of several models is given with each
        write_samples(tmp_path / model, task, [row])
    code, out, _ = call(tmp_path, "--clusters", "passage", "--output", tmp_path / "report")
    assert code == ExitCode.OK
    assert " ".join(out.split()).count(said) == 2
    assert "b: no task with probabilities: nothing to calibrate" in out
    assert json.loads((tmp_path / "report" / "calibration.json").read_text())["models"][0]["rows"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing"], "missing: no such file or folder"),
        (["damaged"], "nothing to calibrate: free: a JSON array that is truncated"),
        (["empty"], "no results_"),
        (["ok", "--tasks", "nothing"], "--tasks nothing: no such task; there are ok"),
        (["ok", "--tasks", " , "], "--tasks is empty"),
        (["ok", "--normalisation", "tokens"], "only raw and bytes are possible"),
        (["ok", "--plots"], "add --output DIR"),
        (["ok", "--bins", "0"], "bins"),
        (["logged_without"], "run lm_eval with --log_samples"),
        (["ok", "--clusters", "passage"], "--clusters passage: no logged document has that field"),
    ],
)
def test_wrong_usage_is_one_line(call, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    write_samples(Path("damaged"), "free", ["[1, 2"])
    write_samples(Path("ok"), "ok", choice_rows(10, seed=0))
    write_results(Path("logged_without"), ["t"])
    Path("empty").mkdir()
    code, out, err = call(*arguments)
    assert (code, out) == (ExitCode.USAGE, "")
    assert said in err
    assert "Traceback" not in err


def test_vote_shares_of_generated_answers(call, tmp_path):
    # of four answers 4, 3 and 2 agree (shares 1, .75, .5); the first and the last majority is right
    answers = (["42"] * 4, ["41", "41", "42", "41"], ["42", "40", "42", "39"])
    rows = [generation_row(i) | {"resps": [each], "filtered_resps": [each]} for i, each in enumerate(answers)]
    write_samples(tmp_path, "free", rows)
    found = rows_of(call(tmp_path, "--json", "--resamples", 0)[1])
    assert list(found) == ["free: vote share"]
    row = found["free: vote share"]
    assert (row["n"], row["source"], row["mean_confidence"]) == (3, "vote share", 0.75)
    numbers = estimates(row)
    assert numbers["accuracy"]["value"] == pytest.approx(2 / 3)
    assert numbers["brier"]["value"] == pytest.approx((0 + 0.75**2 + 0.5**2) / 3)  # of right and wrong
    out = " ".join(call(tmp_path, "--resamples", 50, "--recalibrate", "temperature")[1].split())
    assert "Brier: 0 to 2, of generated answers 0 to 1" in out
    assert "free: vote share: not recalibrated: recalibration needs right and wrong answers" in out


def test_logged_likelihood_and_p_true_are_confidences_of_the_first_answer(call, tmp_path):
    logged = [
        generation_row(i, text) | {"exact_match": match, "likelihood": 0.25, "p_true": sure}
        for i, (text, match, sure) in enumerate((("42", 1.0, 0.9), ("41", 0.0, 0.2)))
    ]
    write_samples(tmp_path, "one", logged)
    write_samples(tmp_path, "two", logged)
    write_samples(tmp_path, "choice", choice_rows(20, seed=0))
    write_results(tmp_path, ["one", "two", "choice"], groups={"all": ["one", "two", "choice"]})
    found = rows_of(call(tmp_path, "--json", "--resamples", 0)[1])
    names = [f"{task}: {source}" for task in ("one", "two") for source in ("likelihood", "p true")]
    assert list(found) == ["choice", *names, "all: likelihood", "all: p true"]
    assert estimates(found["one: likelihood"])["signed_gap"]["value"] == pytest.approx(0.25 - 0.5)
    # (.1 squared + .2 squared) / 2
    assert estimates(found["all: p true"])["brier"]["value"] == pytest.approx(0.025)
    assert (found["all: p true"]["n"], found["all: p true"]["of_tasks"]) == (4, 3)


def test_a_logged_confidence_that_is_no_probability(call, tmp_path):
    write_samples(tmp_path, "t", [generation_row(0) | {"exact_match": 1.0, "p_true": 1.2}])
    write_samples(tmp_path, "ok", choice_rows(20, seed=0))
    code, out, _ = call(tmp_path, "--resamples", 0)
    assert code == ExitCode.OK
    assert "t: no confidence: its logged p_true is no probability" in " ".join(out.split())


def test_whole_clusters_are_resampled(call, tmp_path):
    # every question four times on its passage: a quarter of the information, intervals twice as long
    rows = choice_rows(100, seed=1)
    copies = [row | {"doc_id": 4 * i + j, "doc_hash": f"{i} {j}"} for i, row in enumerate(rows) for j in range(4)]
    for i, row in enumerate(copies):
        row["doc"] = row["doc"] | {"source": {"passage": f"text {i // 4}"}}
    write_samples(tmp_path, "t", copies)
    single, whole = (
        rows_of(call(tmp_path, "--json", *options)[1])["t"] for options in ([], ["--clusters", "source.passage"])
    )
    low, high = zip(*(estimates(row)["accuracy"]["interval"] for row in (single, whole)))
    assert (high[1] - low[1]) / (high[0] - low[0]) == pytest.approx(2.0, rel=0.2)
    assert (single["assessment"]["units"], whole["assessment"]["units"]) == (400, 100)
    assert estimates(whole)["ece"]["value"] == estimates(single)["ece"]["value"]
    bands = [np.subtract(row["curve"]["high"], row["curve"]["low"]).mean() for row in (single, whole)]
    assert bands[1] > 1.5 * bands[0]
    out = " ".join(call(tmp_path, "--clusters", "source.passage", "--resamples", 50)[1].split())
    assert "items of one source.passage resampled together" in out
    assert "t: 400 items in 100 clusters" in out


def test_one_cluster_leaves_nothing_to_resample(call, tmp_path):
    rows = choice_rows(20, seed=1)
    write_samples(tmp_path, "t", [row | {"doc": row["doc"] | {"passage": 1}} for row in rows])
    row = rows_of(call(tmp_path, "--json", "--clusters", "passage")[1])["t"]
    assert row["notes"] == ["20 items in 1 cluster: nothing to resample, so no intervals and no null band"]
    assert estimates(row)["ece"]["interval"] is None


def test_plots_without_matplotlib(call, run, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = call(run, "--plots", "--output", tmp_path / "report")
    assert code == ExitCode.USAGE
    assert err == "synth-eval: --plots needs matplotlib: pip install 'synth-eval[plots]'\n"
    assert not (tmp_path / "report").exists()


def test_plots(call, run, tmp_path):
    pytest.importorskip("matplotlib")
    code, _, _ = call(run, "--tasks", "alone", "--plots", "--output", tmp_path / "r", "--resamples", 50, "--quiet")
    assert code == ExitCode.OK
    files = sorted(path.name for path in (tmp_path / "r" / "plots" / "org_m").iterdir())
    assert files == ["alone.png", "alone.svg"]


def test_start_up_loads_nothing_heavy(run):
    code = (
        "import sys; from synth_eval import cli\n"
        f"sys.argv = ['synth-eval', 'calibrate', {str(run)!r}, '--resamples', '10']\n"
        "try: cli.main()\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split()
    assert "synth_eval.report.terminal.calibration" in loaded
    assert not {"torch", "netcal", "pandas", "matplotlib", "lm_eval", "sklearn"} & set(loaded)
