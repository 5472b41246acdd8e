"""Compare the checkpoints of a study, fit its losses, and write the tables of docs/study.md.

    python -m studies.lab_study.run FOLDER [--quick] [--up-to TOKENS]      # goes on where it stopped
    python -m studies.lab_study.report FOLDER [--quick] [--up-to TOKENS] [--limit N]

What is not trained yet is left out and said. Every number is from `synth-eval scaling` and `synth-eval compare`.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from studies.lab_study.plan import StudyPlan, StudyRecipe
from studies.lab_study.run import KIND_LOSSES, LARGEST, LOSSES, argument_parser, plan_of, write_tables
from studies.lab_study.training import ALL
from studies.lab_study.world import KINDS
from synth_eval.pipeline.scaling import read_losses
from synth_eval.scaling import DomainEffects
from synth_eval.scaling.loss_table import LossRow
from synth_eval.scaling.report import ScalingReport, scaling_report

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "study.md"
BEGIN, END = "<!-- tables: studies/lab_study/report.py -->", "<!-- end of tables -->"
SHOWN, NOT_SHOWN, OPEN = "shown", "not shown", "cannot be decided"
WORDS = {"agrees": SHOWN, "disagrees": NOT_SHOWN, "cannot tell": OPEN, "not tested": "not tested"}
DEMYSTIFYING, SYNTHLLM, BEHAVIOUR = "2510.01631", "2503.19551", "2510.05133"
WORDING = "nothing in natural wording was read"  # at ratio 1 of a source that writes lessons
THIRD = 0.3  # the tested ratio nearest to the third of arXiv 2510.01631

Finding = tuple[str, str, str, str]  # claim, paper, standing, numbers


def main() -> None:
    parser = argument_parser(__doc__ or "")
    parser.add_argument("--limit", type=int, help="items a task in the comparison")
    options = parser.parse_args()
    folder = options.folder.resolve()
    plan = plan_of(options, parser)
    recipe = plan.recipe
    if not write_tables(folder, plan):
        sys.exit(f"{folder}: no run is done yet; first `python -m studies.lab_study.run {options.folder}`")
    rows = list(read_losses(folder / LOSSES).rows)
    kind_rows = list(read_losses(folder / KIND_LOSSES).rows)
    whole, everything, kinds = scaling_report(fitted(rows)), scaling_report(rows), scaling_report(kind_rows)
    comparison = compared(folder, options.limit)
    blocks = [
        what_ran(plan, recipe),
        "### Findings",
        table(("finding", "arXiv", "here", "numbers (95% intervals)"), findings(whole, everything, kinds, comparison)),
        "### Quality of the sources",
        quality_table(plan),
        "### Loss on held-out natural text at the largest budget, nats a token",
        loss_table(rows, recipe),
        "### Change of loss by kind of document, mean over sizes and budgets",
        kind_table(kinds),
        "### Speed-up at the largest budget: tokens of natural text to the same loss, over tokens of the mix",
        speed_table(whole),
    ]
    written = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else f"# The study\n\n{BEGIN}\n{END}\n"
    tables = "\n\n".join(blocks)
    PAGE.write_text(
        re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{tables}\n{END}", written, flags=re.S), encoding="utf-8"
    )


def compared(folder: Path, limit: int | None) -> dict[str, object]:
    """comparison.json of the largest budget's checkpoints; what is scored already is not scored again."""
    command = [
        sys.executable,
        "-m",
        "synth_eval",
        "compare",
        str(folder / LARGEST),
        "-o",
        str(folder / "compare"),
        "-q",
    ]
    command += ["--limit", str(limit)] if limit else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"synth-eval compare ended with {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, object] = json.loads((folder / "compare" / "comparison.json").read_text(encoding="utf-8"))
    return found


def what_ran(plan: StudyPlan, recipe: StudyRecipe) -> str:
    runs = plan.runs
    done = [job for job in runs if job.is_done()]
    by_source = {
        source: f"{sum(job.source == source for job in done)} of {sum(job.source == source for job in runs)}"
        for source in dict.fromkeys(job.source for job in runs)
    }
    said = ", ".join(f"{source} {counts}" for source, counts in by_source.items())
    budgets = ", ".join(f"{budget // 1000}k" for budget in recipe.budgets)
    return (
        f"Runs done: {said}. Sizes {', '.join(shape.name for shape in recipe.shapes)}; budgets {budgets} tokens; "
        f"ratios 0, {', '.join(f'{ratio:g}' for ratio in sorted(recipe.ratios))}; one seed."
    )


def fitted(rows: list[LossRow]) -> list[LossRow]:
    """Rows for the mixture law: sizes that have mixes, ratios below 1.

    At ratio 1 nothing of the register that the loss is measured on is ever read, and loss rises with tokens: no law of
    mixes holds there.
    """
    sizes = {row.size for row in rows if 0 < row.ratio < 1}
    return [row for row in rows if row.ratio < 1 and row.size in sizes]


def findings(
    whole: ScalingReport, everything: ScalingReport, kinds: ScalingReport, comparison: dict[str, object]
) -> list[Finding]:
    """Every claim with what this study says of it: shown and not shown only where intervals leave no other reading.

    Parameters
    ----------
    whole, everything : of the loss on natural text, without and with ratio 1.
    kinds : of the loss by kind of document.
    """
    found = [
        saves(whole, "rephrased"),
        best_ratio(whole, "rephrased"),
        alone(kinds, "rephrased"),
        hurts_many(kinds, "textbook"),
        collapses(everything),
        levels_off(everything),
        larger_sooner(everything),
    ]
    rows = comparison.get("findings", [])
    assert isinstance(rows, list)
    for row in rows:
        if row["published"].endswith(BEHAVIOUR):
            found.append((row["label"], BEHAVIOUR, WORDS[row["verdict"]], row["reason"]))
    return found


def saves(report: ScalingReport, source: str) -> Finding:
    claim = "a third of rephrased text saves tokens, 5 to 10 times"
    said = speeds(report, source, THIRD)
    if not said:
        return claim, DEMYSTIFYING, OPEN, why_not(report, source)
    told = [(name, *interval) for name, _, interval in said if interval]
    numbers = "; ".join(f"{name}: {value} {span(interval)}" for name, value, interval in said) + around(report, source)
    if len(told) < len(said):
        return claim, DEMYSTIFYING, OPEN, numbers
    if all(low > 5 for _, low, _ in told):
        return claim, DEMYSTIFYING, SHOWN, numbers
    if all(high < 5 for _, _, high in told):
        return claim, DEMYSTIFYING, NOT_SHOWN, numbers
    return claim, DEMYSTIFYING, OPEN, numbers


def speeds(report: ScalingReport, source: str, ratio: float) -> list[tuple[str, str, tuple[float, float] | None]]:
    """Size, speed-up or the word for none, interval; at the largest budget."""
    found = []
    for mixture in (m for task in report.tasks for m in task.mixtures if m.source == source):
        largest = max((s.tokens for s in mixture.answers.speed_ups), default=0.0)
        for each in mixture.answers.speed_ups:
            if abs(each.ratio - ratio) < 1e-9 and each.tokens == largest:
                value = "refused" if each.answer.value is None else f"{each.answer.value:.2f}"
                found.append((size_name(report, each.size), value, each.answer.interval))
    return found


def best_ratio(report: ScalingReport, source: str) -> Finding:
    claim = "about 30% is the best ratio of rephrased text"
    mixtures = [m for task in report.tasks for m in task.mixtures if m.source == source]
    best = [b for m in mixtures for b in m.answers.best]
    if not best:
        return claim, DEMYSTIFYING, OPEN, why_not(report, source)
    largest = max(b.tokens for b in best)
    answers = {size_name(report, b.size): b.answer for b in best if b.tokens == largest}
    told = {name: answer for name, answer in answers.items() if answer.value is not None and answer.interval}
    numbers = "; ".join(f"{name}: {a.value:.2f} {span(a.interval)}" for name, a in told.items())
    if told and len(told) == len(answers):
        spans = [a.interval for a in told.values() if a.interval]
        if all(low >= 0.2 and high <= 0.4 for low, high in spans):
            return claim, DEMYSTIFYING, SHOWN, numbers
        if all(high < 0.2 or low > 0.4 for low, high in spans):
            return claim, DEMYSTIFYING, NOT_SHOWN, numbers
        return claim, DEMYSTIFYING, OPEN, numbers
    below = [
        s.answer.interval is not None and s.answer.interval[1] < 1
        for m in mixtures
        for s in m.answers.speed_ups
        if s.tokens == max(each.tokens for each in m.answers.speed_ups)
    ]
    reason = next(iter({answer.refused for answer in answers.values() if answer.refused}), "")
    if below and all(below):
        return (
            claim,
            DEMYSTIFYING,
            NOT_SHOWN,
            f"every mix costs tokens (speed-up below 1) at the largest budget; r*: {reason}",
        )
    return claim, DEMYSTIFYING, OPEN, reason


def alone(report: ScalingReport, source: str) -> Finding:
    claim = "rephrased text alone is no better than natural text"
    effects = effects_at(report, source, 1.0)
    if effects is None or effects.average.interval is None:
        return claim, DEMYSTIFYING, OPEN, "ratio 1 was not trained"
    low, high = effects.average.interval
    numbers = f"loss {percent(effects.average.change)} [{percent(low)}, {percent(high)}], mean of the kinds; {WORDING}"
    return claim, DEMYSTIFYING, SHOWN if low > 0 else NOT_SHOWN if high < 0 else OPEN, numbers


def hurts_many(report: ScalingReport, source: str) -> Finding:
    claim = "textbook-style text alone raises the loss of many domains"
    effects = effects_at(report, source, 1.0)
    if effects is None:
        return claim, DEMYSTIFYING, OPEN, "ratio 1 was not trained"
    hurt = sum(domain.hurt for domain in effects.domains)
    worst = max(effects.domains, key=lambda domain: domain.change)
    numbers = f"{hurt} of {len(effects.domains)} kinds; most {worst.domain}, {percent(worst.change)}"
    if worst.interval is not None:
        numbers += f" [{percent(worst.interval[0])}, {percent(worst.interval[1])}]; {WORDING}"
    return claim, DEMYSTIFYING, SHOWN if hurt > len(effects.domains) / 3 else OPEN, numbers


def collapses(report: ScalingReport) -> Finding:
    claim = "the collapse pattern over tokens with textbook-style, not with rephrased text"
    seen, said = {}, []
    for mixture in (m for task in report.tasks for m in task.mixtures):
        if mixture.source not in ("textbook", "rephrased"):
            continue
        pattern = mixture.collapse
        if pattern.refused:
            said.append(f"{mixture.source}: {pattern.refused}")
            continue
        seen[mixture.source] = pattern.seen
        signs = ", ".join(f"{s.kind} at ratio {s.ratio:g}, {size_name(report, s.size)}" for s in pattern.signs)
        said.append(f"{mixture.source}: {signs or 'not seen'} ({pattern.tests} curves)")
    if len(seen) < 2:
        return claim, DEMYSTIFYING, OPEN, "; ".join(said) or "not trained"
    # a pattern that is not seen may still be there: the tests do not show its absence
    standing = SHOWN if seen["textbook"] and not seen["rephrased"] else NOT_SHOWN if seen["rephrased"] else OPEN
    return claim, DEMYSTIFYING, standing, "; ".join(said)


def levels_off(report: ScalingReport) -> Finding:
    claim = "loss follows the rectified law and levels off"
    curves = [curve for task in report.tasks for curve in task.curves]
    told = [curve for curve in curves if curve.answers.plateau_tokens.value is not None]
    reasons = [curve.answers.plateau_tokens.refused for curve in curves if curve.answers.plateau_tokens.refused]
    common = max(set(reasons), key=reasons.count) if reasons else ""
    numbers = f"a plateau is estimated for {len(told)} of {len(curves)} curves"
    standing = SHOWN if curves and len(told) == len(curves) else OPEN  # one that is not seen yet may still come
    return claim, SYNTHLLM, standing, numbers + (f"; mostly: {common}" if common else "")


def larger_sooner(report: ScalingReport) -> Finding:
    claim = "larger models level off with fewer tokens"
    words = [result.levels_off.word for task in report.tasks for result in task.over_sizes]
    numbers = ", ".join(f"{word} {words.count(word)}" for word in sorted(set(words))) or "fewer than 3 sizes"
    known = set(words) - {"undetermined"}
    standing = SHOWN if known == {"yes"} else NOT_SHOWN if known == {"no"} else OPEN
    return claim, SYNTHLLM, standing, f"{numbers} (sources and ratios)"


def effects_at(report: ScalingReport, source: str, ratio: float) -> DomainEffects | None:
    for each in report.domains:
        if each.source == source:
            return next((effects for effects in each.effects if effects.ratio == ratio), None)
    return None


def quality_table(plan: StudyPlan) -> str:
    rows = []
    for job in plan.jobs:
        if job.kind != "text" or not job.is_done():
            continue
        for share, value in job.note()["quality"].items():
            if value["of"]:
                interval = span((value["low"], value["high"]))
                rows.append((job.folder.name, share, f"{value['value']:.3f} {interval}", str(value["of"])))
    return table(("text", "share", "value", "of"), rows)


def loss_table(rows: list[LossRow], recipe: StudyRecipe) -> str:
    largest = max(row.tokens for row in rows)
    sizes = [shape.name for shape in recipe.shapes]
    at = {(row.source, row.ratio, row.size): row.loss for row in rows if row.tokens == largest and row.task == ALL}
    lines = []
    for source, ratio in sorted({(source, ratio) for source, ratio, _ in at}, key=lambda mix: (mix[1] > 0, *mix)):
        losses = [f"{at[source, ratio, size]:.3f}" if (source, ratio, size) in at else "not run" for size in sizes]
        lines.append((source, f"{ratio:g}", *losses))
    return table(("source", "ratio", *sizes), lines)


def kind_table(report: ScalingReport) -> str:
    rows = []
    for each in report.domains:
        for effects in each.effects:
            by_kind = {domain.domain: domain for domain in effects.domains}
            cells = [change(by_kind[kind].change, by_kind[kind].interval) for kind in KINDS if kind in by_kind]
            rows.append((each.source, f"{effects.ratio:g}", *cells))
    return table(("source", "ratio", *KINDS), rows)


def speed_table(report: ScalingReport) -> str:
    rows = []
    mixtures = [mixture for task in report.tasks for mixture in task.mixtures]
    for source in dict.fromkeys(mixture.source for mixture in mixtures):
        for ratio in sorted({s.ratio for m in mixtures if m.source == source for s in m.answers.speed_ups}):
            said = {name: f"{value} {span(interval)}" for name, value, interval in speeds(report, source, ratio)}
            rows.append((source, f"{ratio:g}", *(said.get(size, "not fitted") for size in report.sizes.values())))
    return table(("source", "ratio", *report.sizes.values()), rows)


def around(report: ScalingReport, source: str) -> str:
    fits = [m.answers.fit for task in report.tasks for m in task.mixtures if m.source == source]
    return "; scatter around the law " + ", ".join(f"{100 * fit.scatter:.0f}%" for fit in fits if fit)


def why_not(report: ScalingReport, source: str) -> str:
    refused = [m.answers.refused for task in report.tasks for m in task.mixtures if m.source == source]
    return next(iter(refused), "") or "not trained"


def size_name(report: ScalingReport, size: float) -> str:
    return report.sizes.get(size) or min(report.sizes.items(), key=lambda item: abs(item[0] - size))[1]


def span(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"[{interval[0]:.2f}, {interval[1]:.2f}]"


def change(value: float, interval: tuple[float, float] | None) -> str:
    return percent(value) + ("" if interval is None else f" [{percent(interval[0])}, {percent(interval[1])}]")


def percent(log_change: float) -> str:
    return f"{100 * math.expm1(log_change):+.0f}%"


def table(header: tuple[str, ...], rows: list[tuple[str, ...]] | list[Finding]) -> str:
    return "\n".join(_lines(header, rows))


def _lines(header: tuple[str, ...], rows: list[tuple[str, ...]] | list[Finding]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    main()
