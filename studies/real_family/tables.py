"""Put what `make.py` made and `synth-eval compare` found into the tables of docs/real-family.md.

    python -m studies.real_family.tables --family FOLDER --results FOLDER

`--family` holds the checkpoints and the self-written solutions, `--results` the comparison.json.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from statistics import mean
from typing import Any

from synth_eval.generation import (
    CATALOGUE,
    Reference,
    characterise,
    compression_ratio,
    distinct_n,
    reference_from,
    tokenise,
)

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "real-family.md"
BEGIN, END = "<!-- tables: studies/real_family/tables.py -->", "<!-- end of tables -->"
SHOWN = ("length", "repetition", "tail_mass", "unseen_mass", "prompt_copies", "near_duplicates_elsewhere")
LABELS = {
    "acc": "Accuracy",
    "nll": "NLL of the right choice, nats",
    "brier": "Brier score",
    "surprise_gap": "Surprise gap, nats",
    "ece": "ECE (15 bins), shown and not judged",
    "confidence_minus_accuracy": "Confidence minus accuracy, shown and not judged",
    "bits_per_byte": "Bits per byte",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    chosen = parser.parse_args()
    parts = [
        training_table(chosen.family),
        solutions_table(chosen.family),
        comparison_tables(json.loads((chosen.results / "comparison.json").read_text(encoding="utf-8"))),
    ]
    tables = "\n\n".join(parts)
    written = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{tables}\n{END}", written, flags=re.S))
    print(tables)


def training_table(family: Path) -> str:
    """One line a checkpoint: loss on what it trained on, loss on held-out published solutions, time."""
    records = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(family.glob("*/training.json"))]
    lines = [
        "### Training",
        "",
        "| ratio | seed | steps | tokens | loss, first 20 steps | last 20 | held-out loss | CPU time | wall time |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in sorted(records, key=lambda record: (record["seed"], record["ratio"])):
        lines.append(
            f"| {r['ratio']:g} | {r['seed']} | {r['steps']} | {r['training_tokens']:,} | {r['loss_first_20']:.3f} | "
            f"{r['loss_last_20']:.3f} | {r['held_out_loss']:.3f} | {r['cpu_seconds']} s | {r['wall_seconds']} s |"
        )
    before = next(r["held_out_loss_before"] for r in records if r["held_out_loss_before"] is not None)
    return "\n".join([*lines, "", f"Held-out loss of the pretrained model: {before:.3f} nats a token."])


def solutions_table(family: Path) -> str:
    """Published against self-written solutions of the same questions; intervals resample the questions."""
    columns: dict[str, dict[str, str]] = {}
    for file in sorted(family.glob("self_written_seed_*.jsonl")):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        questions, published = [row["question"] for row in rows], [row["published"] for row in rows]
        reference = reference_from(published)
        columns["published"] = described(questions, published, reference)
        outcome = {
            "right final number": f"{sum(row['right'] for row in rows)} of {len(rows)}",
            "ends by itself": f"{mean(row['finished'] for row in rows):.0%}",
            "states a final number": f"{mean('####' in row['solution'] for row in rows):.0%}",
        }
        name = f"self-written, seed {file.stem.rsplit('_', 1)[1]}"
        columns[name] = outcome | described(questions, [row["solution"] for row in rows], reference)
    names = list(dict.fromkeys(name for column in columns.values() for name in reversed(column)))[::-1]
    lines = ["### Solutions", "", "| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in names:
        lines.append(f"| {name} | " + " | ".join(column.get(name, "") for column in columns.values()) + " |")
    return "\n".join(lines)


def described(questions: list[str], texts: list[str], reference: Reference) -> dict[str, str]:
    """What one text a question is like, and all texts together."""
    found = characterise([[text] for text in texts], prompts=questions, reference=reference)
    labels = {kind.name: f"{kind.label} ({kind.unit})" for kind in CATALOGUE}
    tokens = [tokenise(text) for text in texts]
    row = {labels[name]: f"{found[name].value:.3g} ({found[name].low:.3g} to {found[name].high:.3g})" for name in SHOWN}
    row |= {f"distinct-{n}, all texts together": f"{distinct_n(tokens, n):.3f}" for n in (1, 2, 3)}
    return row | {"compression ratio, all texts together": f"{compression_ratio(texts):.2f}"}


def comparison_tables(comparison: dict[str, Any]) -> str:
    """One table a metric: the value at each ratio, the difference at the largest with its interval, the verdict."""
    lines: list[str] = []
    for metric in dict.fromkeys(cell["metric"] for cell in comparison["cells"]):
        cells = [cell for cell in comparison["cells"] if cell["metric"] == metric]
        ratios = cells[0]["data"]["ratios"]
        head = " | ".join(f"{ratio:g}" for ratio in ratios)
        lines += [
            f"### {LABELS.get(metric, metric)}",
            "",
            f"| task | n | {head} | difference at {ratios[-1]:g} (95%) | verdict |",
        ]
        lines.append("|---" * (len(ratios) + 4) + "|")
        for cell in cells:
            values = " | ".join("-" if value is None else f"{value:.3f}" for value in cell["data"]["values"])
            verdict = "" if cell["display_only"] else cell["verdict"]["word"]
            lines.append(f"| {cell['task']} | {cell['data']['n_items']} | {values} | {interval(cell)} | {verdict} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def interval(cell: dict[str, Any]) -> str:
    difference, bounds = cell["data"]["difference"][-1], cell["data"]["difference_ci"][-1]
    if difference is None or bounds is None:
        return "-"
    return f"{difference:+.3f} ({bounds[0]:+.3f} to {bounds[1]:+.3f})"


if __name__ == "__main__":
    main()
