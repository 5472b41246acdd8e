"""Comparison -> view: everything that a report shows, once."""

from __future__ import annotations

from collections.abc import Sequence

from synth_eval.compare.budgets import budgets_of
from synth_eval.comparison import CheckpointRecord, Comparison, Contrast, Finding, Lead
from synth_eval.report.view import summaries
from synth_eval.report.view.charts import charts_of, plot_note, plots_of
from synth_eval.report.view.curves import (
    NO_INTERVAL,
    Curve,
    curves_of,
    label_of,
    label_of_verdict,
    lacks_interval,
    overall_curves_of,
    tables_of,
)
from synth_eval.report.view.facts import facts_of, judged, verdict_table
from synth_eval.report.view.losses import loss_grids, loss_maps
from synth_eval.report.view.model import Aside, DataTable, Entry, Item, ReportView, Status, table_of
from synth_eval.report.view.outputs import outputs_view
from synth_eval.report.view.sentences import also, headline, status_sentence
from synth_eval.text import percent

DETERMINED = ("early", "late")  # of leads: shown first
LEGEND = (
    "How to read this: a change is the checkpoint minus the baseline of the same seed on the same items, with its 95% "
    "interval in brackets (pp: percentage points). Degraded: a falling curve fits better than a flat one, after "
    "correction for the curves that answer the same question. Probably worse: only when tested alone. Safe: no shape "
    "of the curve that the data allow (95%) exceeds the margin up to the largest ratio; the safe budget is the largest "
    "tested ratio up to which none does. Lower is better for NLL, Brier score, ECE and bits per byte; the surprise gap "
    "(in nats) is best at 0, above 0 is overconfident. ECE is above 0 even for a calibrated model: compare it only "
    "down its column."
)


def report_view(comparison: Comparison) -> ReportView:
    """Everything that a report of this comparison shows, worst first."""
    curves, overall = curves_of(comparison), overall_curves_of(comparison)
    facts = facts_of([*overall, *curves])
    failed = [checkpoint for checkpoint in comparison.checkpoints if checkpoint.failed]
    baseline = comparison.baseline_ratio
    # a comparison written by an earlier version has none
    budgets = comparison.budgets or budgets_of(comparison.cells, comparison.overall, baseline_ratio=baseline)
    outputs = outputs_view(comparison)
    grids, grid_charts = loss_grids(curves, comparison.mean_losses)
    said = headline(curves, overall, baseline=baseline, failed=len(failed), checkpoints=len(comparison.checkpoints))
    if outputs is not None:
        said = (*(said if curves else ("No scores were compared.",)), *outputs.headline)
    return ReportView(
        title=f"{comparison.family}: synthetic data against the {percent(baseline)} baseline",
        headline=said,
        overall=tuple(map(_status, overall)),
        statuses=tuple(map(_status, curves)),
        plots=tuple(plots_of(curve) for curve in (*overall, *curves)),
        plot_note=plot_note([*overall, *curves]),
        tables=tables_of(curves, baseline),
        legend=f"{LEGEND} {NO_INTERVAL}" if any(map(lacks_interval, comparison.cells)) else LEGEND,
        asides=_asides(comparison),
        warnings=comparison.warnings,
        failures=tuple(f"{checkpoint.name}: {checkpoint.failed}" for checkpoint in failed),
        created=comparison.created,
        facts=facts,
        verdicts=verdict_table(facts),
        budgets=summaries.budget_table(budgets, tuple(dict.fromkeys(curve.headline.category for curve in curves))),
        charts=charts_of([*overall, *curves], baseline),
        losses=loss_maps(curves),
        grids=grids,
        grid_charts=grid_charts,
        leads=summaries.row_table("leads", "Did calibration warn first?", summaries.LEADS_NOTE, comparison.leads),
        contrasts=summaries.contrast_table(comparison.contrasts),
        contrast_details=summaries.contrast_details(comparison.contrasts),
        findings=summaries.row_table(
            "findings", "Against what was published", summaries.FINDINGS_NOTE, comparison.findings
        ),
        refused=_refused(curves),
        checkpoints=_checkpoints(comparison.checkpoints),
        provenance=(
            ("family", comparison.family),
            ("compared", comparison.created),
            ("baseline ratio", percent(baseline)),
            ("correction", comparison.correction),
            *((str(key), str(value)) for key, value in comparison.provenance.items()),
        ),
        outputs=outputs,
        gate=summaries.gate_table(comparison.gate),
    )


def _status(curve: Curve) -> Status:
    cell = curve.headline
    return Status(cell.verdict.word, label_of_verdict(cell), curve.title, status_sentence(curve), also(curve))


def _refused(curves: Sequence[Curve]) -> DataTable | None:
    rows = [
        (curve.title, label_of(cell.metric), cell.verdict.reason)
        for curve in curves
        for cell in judged(curve)
        if cell.verdict.word == "refused"
    ]
    note = "Not judged: the data do not allow a verdict."
    return table_of("refused", "Refused", ("curve", "metric", "reason"), rows, note) if rows else None


def _checkpoints(records: Sequence[CheckpointRecord]) -> DataTable:
    columns = ["checkpoint", "size", "ratio", "iteration", "seed", "source", "tokens", "tasks", "fingerprint", "state"]
    rows: list[tuple[Item, ...]] = [
        (
            record.name,
            record.size,
            (percent(record.ratio), record.ratio),
            (str(record.iteration), record.iteration),
            (str(record.seed), record.seed),
            record.source,
            (f"{record.tokens:,.0f}" if record.tokens is not None else "", record.tokens),
            (str(len(record.tasks)), len(record.tasks)),
            record.fingerprint,
            Entry(f"failed: {record.failed}", tone="degraded") if record.failed else "evaluated",
        )
        for record in records
    ]
    return table_of("checkpoints", "Checkpoints", columns, rows)


def _asides(comparison: Comparison) -> tuple[Aside, ...]:
    """Sentences of the comparison besides its curves: safe budgets, early warning, published claims."""
    leads = [row for row in comparison.leads if row.verdict != "none"]
    leads.sort(key=lambda row: row.verdict not in DETERMINED)
    findings = [row for row in comparison.findings if row.verdict != "not tested"]
    contrasts = summaries.worst_first([row for row in comparison.contrasts if row.verdict == "different"])
    found = (
        summaries.gate_aside(comparison.gate),
        Aside("How much synthetic data is shown safe", tuple(row.reason for row in comparison.budgets)),
        Aside("Did calibration warn first?", tuple(map(_sentence, leads))),
        Aside("What differs", tuple(map(_sentence, contrasts))),
        Aside("Against what was published", tuple(f"{row.verdict}: {_sentence(row)}" for row in findings)),
    )
    return tuple(aside for aside in found if aside.lines)


def _sentence(row: Lead | Contrast | Finding) -> str:
    """'label (published where): reason', as far as the row has them."""
    published = f" ({row.published})" if isinstance(row, Finding) and row.published else ""
    return f"{row.label}{published}{f': {row.reason}' if row.reason else ''}"
