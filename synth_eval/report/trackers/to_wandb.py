"""Weights & Biases. Written offline unless WANDB_MODE is online: then, and only then, it reaches the network."""

from __future__ import annotations

import os
from typing import Any

OFFLINE = "offline"
os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # or it would report errors to its makers, offline too

import wandb  # noqa: E402  (reads the variable when it is imported)

from synth_eval.report.trackers.material import Material, Series  # noqa: E402


def log(material: Material, project: str) -> str:
    """A run for each place of the grid, in one group, with the ratio as the axis; the first has table and figures."""
    mode = os.environ.get("WANDB_MODE") or OFFLINE
    folders = []
    for i, series in enumerate(material.series):
        run = wandb.init(
            project=project,
            mode=mode,
            group=f"{material.family} {material.created}",
            name=f"{material.family}, {series.place}",
            job_type="synth-eval",
            config={"family": material.family, "place": series.place, **material.settings},
            settings=wandb.Settings(silent=True, console="off", disable_git=True, x_disable_stats=True),
            reinit="finish_previous",
        )
        folders.append(str(getattr(run.settings, "sync_dir", "") or run.dir))
        try:
            _log_series(run, series)
            if i == 0:
                table = wandb.Table(columns=list(material.table.columns), data=material.table.to_numpy().tolist())
                figures = {f"figures/{name}": wandb.Image(str(path)) for name, path in material.figures.items()}
                run.log({"tidy table": table, **figures})
        finally:
            run.finish()
    if mode == OFFLINE:
        return f"{len(folders)} runs written offline; wandb sync {' '.join(folders)} would send them"
    return f"{len(folders)} runs in project {project}, WANDB_MODE={mode}"


def _log_series(run: Any, series: Series) -> None:
    run.define_metric("ratio")
    run.define_metric("*", step_metric="ratio")
    for ratio, numbers in series.points:
        run.log({"ratio": ratio, **numbers})
    run.summary.update(dict(series.final))
