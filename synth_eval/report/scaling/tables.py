"""The answers of scaling laws as tables, for every renderer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synth_eval.report.figures.scaling import MAX_LINES, equal_loss_lines
from synth_eval.report.scaling.words import (
    REFUSED,
    Sizes,
    answer_text,
    data_name,
    percent_text,
    size_name,
    sooner_text,
)
from synth_eval.report.view import DataTable, Entry
from synth_eval.scaling.report import (
    Answer,
    BestRatio,
    CurveResult,
    FormScore,
    MixtureResult,
    SourceDomains,
    TaskScaling,
    equal_loss_tokens,
)
from synth_eval.text import count_text

NATURAL = "natural data"


def curve_tables(task: TaskScaling, name: str) -> tuple[DataTable, ...]:
    """One table a source, natural data first: a row a size and ratio that a law was fitted to."""
    tables: list[DataTable] = []
    for source in dict.fromkeys("" if curve.ratio == 0 else curve.source for curve in _natural_first(task.curves)):
        curves = [c for c in task.curves if ("" if c.ratio == 0 else c.source) == source and c.answers.fit is not None]
        if curves:
            tables.append(_curves(curves, source or NATURAL, f"{name}-curves-{len(tables)}", ratios=bool(source)))
    return tuple(tables)


def over_sizes_table(task: TaskScaling, sizes: Sizes, name: str) -> DataTable | None:
    """A row for natural data and each mix that a law over sizes was fitted to; None without any."""
    results = [result for result in task.over_sizes if result.answers.fit is not None]
    if not results:
        return None
    rows = tuple(
        (
            Entry(data_name(result.source, result.ratio), result.ratio),
            _answer(result.answers.asymptote, "#.3g"),
            _answer(result.answers.size_exponent, ".2f"),
            _answer(result.answers.tokens_exponent, ".2f"),
            Entry(sooner_text(result, sizes)),
        )
        for result in results
    )
    columns = ("over sizes", "asymptote E", "exponent of size", "of tokens", "larger models level off sooner")
    law = results[0].answers.fit
    return DataTable(name, "Over sizes", law.law.formula if law is not None else "", columns, rows)


def thinned(best: Sequence[BestRatio], budgets: int = 4) -> tuple[BestRatio, ...]:
    """What is estimated, at the smallest and the largest budget of each size and a few between."""
    kept = []
    for size in dict.fromkeys(each.size for each in best):
        told = [each for each in best if each.size == size and each.answer.value is not None]
        wanted = np.unique(np.linspace(0, len(told) - 1, min(budgets, len(told))).round().astype(int))
        kept += [told[i] for i in wanted]
    return tuple(kept)


def best_table(mixture: MixtureResult, best: Sequence[BestRatio], sizes: Sizes, name: str) -> DataTable | None:
    """The best ratio where it is estimated; None where all are refused."""
    told = [each for each in best if each.answer.value is not None]
    if not told:
        return None
    rows = tuple(
        (
            Entry(size_name(best.size, sizes) or "-", best.size),
            Entry(count_text(best.tokens), best.tokens),
            _answer(best.answer, ".2f"),
            Entry("yes" if best.inside else "not all of its band"),
        )
        for best in told
    )
    columns = ("best ratio", "tokens", "ratio, with band", "inside the tested range")
    return DataTable(name, f"Best ratio of {mixture.source}", "", columns, rows)


def speed_up_table(mixture: MixtureResult, sizes: Sizes, name: str) -> DataTable | None:
    """Tokens of natural data to the loss of the mix, over those of the mix; None where all are refused."""
    told = [each for each in mixture.answers.speed_ups if each.answer.value is not None]
    if not told:
        return None
    rows = tuple(
        (
            Entry(size_name(each.size, sizes) or "-", each.size),
            Entry(f"{each.ratio:g}", each.ratio),
            Entry(count_text(each.tokens), each.tokens),
            _answer(each.answer, ".2f"),
        )
        for each in told
    )
    columns = ("speed-up", "ratio", "tokens", "times, with band")
    return DataTable(name, f"Speed-up of {mixture.source}", "", columns, rows)


def equal_loss_table(mixture: MixtureResult, sizes: Sizes, name: str, *, lines: int = MAX_LINES) -> DataTable | None:
    """Tokens that each tested mix needs for the loss of natural data; '-' beyond the tested budgets."""
    fit = mixture.answers.fit
    if fit is None:
        return None
    ratios = [float(r) for r in np.unique(mixture.points.ratio) if r > 0]
    rows = []
    for size in map(float, np.unique(mixture.points.size)):
        tested = mixture.points.tokens[mixture.points.size == size]
        for line in equal_loss_lines(mixture, size, lines):
            tokens = equal_loss_tokens(fit, size, line.natural_tokens, ratios)
            mixes = [
                Entry(count_text(d), float(d)) if tested.min() <= d <= tested.max() else Entry("-") for d in tokens
            ]
            start = (Entry(size_name(size, sizes) or "-", size), Entry(f"{line.loss:.4g}", line.loss))
            rows.append((*start, Entry(count_text(line.natural_tokens), line.natural_tokens), *mixes))
    if not rows:
        return None
    columns = ("equal loss", "loss", "natural", *(f"ratio {ratio:g}" for ratio in ratios))
    return DataTable(name, f"Tokens to an equal loss: {mixture.source}", "", columns, tuple(rows))


def form_table(forms: Sequence[FormScore], name: str) -> DataTable | None:
    """Laws by their error on what they were not fitted to, the best first."""
    if not forms:
        return None
    rows = tuple(
        (
            Entry(form.name),
            Entry(str(form.parameters), form.parameters),
            *(Entry(percent_text(e), e) for e in (form.in_sample, form.largest_tokens, form.largest_size)),
        )
        for form in forms
    )
    columns = ("form", "parameters", "in sample", "largest tokens held out", "largest size held out")
    return DataTable(name, "Forms by their error on held-out points", "", columns, rows)


def domain_table(domains: SourceDomains, name: str) -> DataTable:
    """How many domains each mix helps and hurts, and which most."""
    rows = []
    for effect in domains.effects:
        worst = max(effect.domains, key=lambda domain: domain.change)
        many, hurt = len(effect.domains), sum(domain.hurt for domain in effect.domains)
        rows.append(
            (
                Entry(f"{effect.ratio:g}", effect.ratio),
                Entry(f"{100 * effect.average.change:+.2f}%", effect.average.change),
                Entry(f"{sum(domain.helped for domain in effect.domains)} of {many}"),
                Entry(f"{hurt} of {many}", tone="worse" if effect.helps_but_hurts_many else ""),
                Entry(f"{worst.domain} {100 * worst.change:+.2f}%", worst.change),
            )
        )
    columns = ("ratio", "average", "helped", "hurt", "hurt most")
    return DataTable(name, f"{domains.family}: domains under {domains.source}", "", columns, tuple(rows))


def _natural_first(curves: Sequence[CurveResult]) -> list[CurveResult]:
    return sorted(curves, key=lambda curve: curve.ratio > 0)


def _curves(curves: Sequence[CurveResult], source: str, name: str, *, ratios: bool) -> DataTable:
    sized = any(curve.size for curve in curves)
    rows = []
    for curve in curves:
        answers, errors = curve.answers, {form.name: form.largest_tokens for form in curve.answers.forms}
        row = [Entry(curve.size, float(curve.points.size[0]))] if sized else []
        row += [Entry(f"{curve.ratio:g}", curve.ratio)] if ratios else []
        row += [
            _answer(answers.asymptote, "#.3g"),
            _answer(answers.exponent, ".2f"),
            _answer(answers.plateau_tokens, counts=True),
            *(Entry(percent_text(errors.get(law)), errors.get(law)) for law in ("rectified", "power")),
        ]
        rows.append(tuple(row))
    columns = (
        *(["size"] if sized else []),
        *(["ratio"] if ratios else []),
        "asymptote E",
        "exponent",
        "tokens to E + 5%",
        "rectified",
        "power",
    )
    return DataTable(name, source, "", columns, tuple(rows))


def _answer(answer: Answer, form: str = ".3g", *, counts: bool = False) -> Entry:
    text = answer_text(answer, form, counts=counts)
    return Entry(text, answer.value, tone="refused" if text == REFUSED else "")
