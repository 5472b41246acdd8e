"""What trackers get, read back with their own readers. Those that are not installed are skipped with a reason."""

from __future__ import annotations

import csv
import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from synth_eval.comparison import Comparison
from synth_eval.report.trackers import Target, TrackerError, target_of, track
from synth_eval.report.trackers.material import series_of


@pytest.fixture
def small(make_cell) -> Comparison:
    """Two sizes; accuracy at 0, 20 and 50%, and a number that is not there."""
    nan = make_cell(metric="nll", values=(0.5, float("nan"), 0.7), difference=(0.0, float("nan"), 0.2))
    return Comparison("two <sizes>", "2026-01-02T03:04:05+00:00", {}, (make_cell(), nan, make_cell(size="1.4B")), ())


def test_series_leave_out_what_is_not_there(small: Comparison) -> None:
    first, second = series_of(small)
    assert (first.place, second.place) == ("410M", "1.4B")
    numbers = dict(first.points)
    assert set(numbers) == {0.0, 0.2, 0.5}
    assert numbers[0.5]["arc/acc"] == 0.6
    assert (numbers[0.5]["arc/acc change low"], numbers[0.5]["arc/acc change high"]) == (-0.23, -0.17)
    assert "arc/nll" not in numbers[0.2]
    assert numbers[0.5]["arc/nll"] == 0.7
    assert first.final["arc/acc onset"] == 0.2
    assert first.final["arc/acc safe budget"] == 0.0


@pytest.mark.parametrize("text", ["tensorboard", "tensorboard=", "tensorboard= ", "csv=out", "=x"])
def test_what_cannot_be_meant(text: str) -> None:
    with pytest.raises(TrackerError, match="write one of tensorboard=DIR, wandb=PROJECT, mlflow=EXPERIMENT"):
        target_of(text)


def test_a_tracker_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        TrackerError, match=r"^--track wandb=x: wandb is not installed; pip install 'synth-eval\[trackers\]'$"
    ):
        target_of("wandb=x")


def test_what_a_tracker_objects_to_is_one_line(small: Comparison, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackerError, match="tensorboard: NotADirectoryError: ") as caught:
        track(small, Target("tensorboard", str(tmp_path / "file")))
    assert "\n" not in str(caught.value)


def test_tensorboard_reads_back_the_table(small: Comparison, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    pytest.importorskip("matplotlib")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    said = track(small, target_of(f"tensorboard={tmp_path}"))
    root = tmp_path / "two-sizes" / "2026-01-02T03-04-05+00-00"
    assert str(root) in said
    assert {path.parent.name for path in root.rglob("events.*")} == {"410M", "1.4B", "report"}

    run = EventAccumulator(str(root / "410M")).Reload()
    read = {tag: [(event.step, event.value) for event in run.Scalars(tag)] for tag in run.Tags()["scalars"]}
    assert read["arc/acc"] == [(0, pytest.approx(0.8)), (200, pytest.approx(0.78)), (500, pytest.approx(0.6))]
    assert [step for step, _ in read["arc/nll"]] == [0, 500]  # the number that is not there is left out
    assert read["arc/acc safe budget"] == [(0, 0.0)]

    report = EventAccumulator(str(root / "report")).Reload()
    (image,) = report.Images("arc-0")
    assert image.encoded_image_string.startswith(b"\x89PNG")
    assert (image.width, image.height) > (100, 100)
    (text,) = report.Tensors("report/text_summary")
    assert b"| verdict | curve | why |" in text.tensor_proto.string_val[0]

    before = sorted(root.rglob("*"))
    assert "nothing written" in track(small, target_of(f"tensorboard={tmp_path}"))
    assert sorted(root.rglob("*")) == before


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to work in, and no connection to anything but this machine."""
    monkeypatch.chdir(tmp_path)
    for name in ("WANDB_MODE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    connect = socket.socket.connect

    def local(self: socket.socket, address) -> None:
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"), f"connects to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)
    return tmp_path


def _wandb_records(data: bytes) -> Iterator[bytes]:
    """The records of a .wandb file: LevelDB's log format (blocks of 32 KiB; checksum, length, kind) after 7 bytes."""
    block, start, parts = 32768, 7, b""
    while start + 7 <= len(data):
        if block - start % block < 7:  # a block's end is padded
            start += block - start % block
            continue
        length, kind = struct.unpack("<HB", data[start + 4 : start + 7])
        parts += data[start + 7 : start + 7 + length]
        start += 7 + length
        if kind in (1, 4):  # whole, or the last of several
            yield parts
            parts = b""


@pytest.mark.slow
def test_wandb_is_written_offline(small: Comparison, offline: Path) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    from wandb.proto import wandb_internal_pb2

    said = track(small, target_of("wandb=project"))
    assert "written offline; wandb sync" in said
    runs = sorted((offline / "wandb").glob("offline-run-*"))
    assert len(runs) == 2
    acc, names, figures = {}, set(), 0
    for run in runs:
        (file,) = run.glob("*.wandb")
        for data in _wandb_records(file.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            names.add(record.run.display_name)
            items = {item.key or item.nested_key[0]: item.value_json for item in record.history.item}
            figures += any(key.startswith("figures/") for key in items)
            if "arc/acc" in items:
                acc[run.name, json.loads(items["ratio"])] = json.loads(items["arc/acc"])
    assert {"two <sizes>, 410M", "two <sizes>, 1.4B"} <= names
    assert sorted(value for (_, ratio), value in acc.items() if ratio == 0.5) == [0.6, 0.6]
    assert figures == 1


@pytest.mark.slow
def test_mlflow_is_kept_in_a_local_store(small: Comparison, offline: Path) -> None:
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")
    pytest.importorskip("sqlalchemy", reason="mlflow's local store needs sqlalchemy")
    said = track(small, target_of("mlflow=experiment"))
    assert str(offline / "mlflow.db") in said
    client = mlflow.MlflowClient(f"sqlite:///{offline / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("experiment")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"two <sizes> 2026-01-02T03:04:05+00:00", "410M", "1.4B"}
    history = client.get_metric_history(runs["410M"].info.run_id, "arc/acc")
    assert sorted((each.step, each.value) for each in history) == [(0, 0.8), (200, 0.78), (500, 0.6)]
    parent = runs["two <sizes> 2026-01-02T03:04:05+00:00"].info.run_id
    (table,) = [path for path in offline.rglob("comparison.csv") if parent in str(path)]
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["value"] for row in rows if row["metric"] == "acc" and row["size"] == "410M"] == ["0.8", "0.78", "0.6"]
