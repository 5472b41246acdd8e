"""MLflow. Kept in mlflow.db in the present folder unless MLFLOW_TRACKING_URI names a server: only that is a network."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # or it would report its use when it is imported

import mlflow

from synth_eval.report.trackers.material import STEPS, Material, Series

STORE = "mlflow.db"
ARTIFACTS = "mlartifacts"
BATCH = 1000  # the most numbers that MLflow takes in one call


def log(material: Material, experiment: str) -> str:
    """One run for the comparison with figures, table and report, and below it one for each place of the grid."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        mlflow.set_tracking_uri(f"sqlite:///{Path(STORE).resolve()}")
        if mlflow.get_experiment_by_name(experiment) is None:
            mlflow.create_experiment(experiment, artifact_location=Path(ARTIFACTS).resolve().as_uri())
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=f"{material.family} {material.created}"):
        mlflow.set_tags({_allowed(name): value for name, value in material.settings.items()})
        mlflow.log_text(material.text, "report.md")
        mlflow.log_text(material.table.to_csv(index=False, lineterminator="\r\n"), "comparison.csv")
        for path in material.figures.values():
            mlflow.log_artifact(str(path), "figures")
        for series in material.series:
            with mlflow.start_run(run_name=series.place, nested=True) as run:
                _log_series(run.info.run_id, series)
    where = uri or f"{Path(STORE).resolve()} (mlflow ui --backend-store-uri sqlite:///{STORE})"
    return f"{len(material.series) + 1} runs in experiment {experiment} (step {STEPS} is ratio 1), {where}"


def _log_series(run: str, series: Series) -> None:
    now = int(1000 * time.time())
    points = [
        mlflow.entities.Metric(_allowed(name), value, now, round(STEPS * ratio))
        for ratio, numbers in series.points
        for name, value in numbers.items()
    ]
    points += [mlflow.entities.Metric(_allowed(name), value, now, 0) for name, value in series.final.items()]
    for start in range(0, len(points), BATCH):
        mlflow.MlflowClient().log_batch(run, metrics=points[start : start + BATCH])


def _allowed(name: str) -> str:
    """MLflow's names hold letters, digits and _ - . space : / only."""
    return re.sub(r"[^\w\-. :/]", "_", name, flags=re.ASCII)
