"""A folder with what the examples of the library take: a small family, lm-eval's output of it, a table of losses."""

from __future__ import annotations

from pathlib import Path

from logged_families import LoggedFamily, Losses, choices, documents, grid

SMALL = LoggedFamily(
    "small",
    grid((0.0, 0.1, 0.3, 0.6), seed=(0, 1)),
    {"sums": choices(lambda p: 2.8 - 4.0 * p.ratio, n=200), "web": documents(lambda p: 1.0)},
    {"sums": "reasoning", "web": "domain"},
)


def write_library_folder(folder: Path) -> None:
    """checkpoints.yaml, out/ with lm-eval's output a checkpoint, losses.csv."""
    SMALL.write(folder)
    Losses(tasks={"web": 0.0}).write(folder / "losses.csv")
