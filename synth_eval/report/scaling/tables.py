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
from synth_eval.report.view.model import DataTable, Entry, Item, table_of
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
    for source in dict.fromkeys(
        "" if curve.ratio == 0 else curve.source for curve in sorted(task.curves, key=lambda curve: curve.ratio > 0)
    ):
        curves = [c for c in task.curves if ("" if c.ratio == 0 else c.source) == source and c.answers.fit is not None]
        if curves:
            tables.append(_curves(curves, source or NATURAL, f"{name}-curves-{len(tables)}", ratios=bool(source)))
    return tuple(tables)


def over_sizes_table(task: TaskScaling, sizes: Sizes, name: str) -> DataTable | None:
    """A row for natural data and each mix that a law over sizes was fitted to; None without any."""
    results = [result for result in task.over_sizes if result.answers.fit is not None]
    laws = [result.answers.fit.law.formula for result in results if result.answers.fit is not None]
    columns = ("over sizes", "asymptote E", "exponent of size", "of tokens", "larger models level off sooner")
    rows = [
        (
            (data_name(result.source, result.ratio), result.ratio),
            _answer(result.answers.asymptote, "#.3g"),
            _answer(result.answers.size_exponent, ".2f"),
            _answer(result.answers.tokens_exponent, ".2f"),
            sooner_text(result, sizes),
        )
        for result in results
    ]
    return table_of(name, "Over sizes", columns, rows, laws[0]) if rows else None


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
    columns = ("best ratio", "tokens", "ratio, with band", "inside the tested range")
    rows = [
        (
            _size(each.size, sizes),
            (count_text(each.tokens), each.tokens),
            _answer(each.answer, ".2f"),
            "yes" if each.inside else "not all of its band",
        )
        for each in best
        if each.answer.value is not None
    ]
    return table_of(name, f"Best ratio of {mixture.source}", columns, rows) if rows else None


def speed_up_table(mixture: MixtureResult, sizes: Sizes, name: str) -> DataTable | None:
    """Tokens of natural data to the loss of the mix, over those of the mix; None where all are refused."""
    columns = ("speed-up", "ratio", "tokens", "times, with band")
    rows = [
        (
            _size(each.size, sizes),
            (f"{each.ratio:g}", each.ratio),
            (count_text(each.tokens), each.tokens),
            _answer(each.answer, ".2f"),
        )
        for each in mixture.answers.speed_ups
        if each.answer.value is not None
    ]
    return table_of(name, f"Speed-up of {mixture.source}", columns, rows) if rows else None


def equal_loss_table(mixture: MixtureResult, sizes: Sizes, name: str, *, lines: int = MAX_LINES) -> DataTable | None:
    """Tokens that each tested mix needs for the loss of natural data; '-' beyond the tested budgets."""
    fit = mixture.answers.fit
    if fit is None:
        return None
    ratios = [float(r) for r in np.unique(mixture.points.ratio) if r > 0]
    columns = ("equal loss", "loss", "natural", *(f"ratio {ratio:g}" for ratio in ratios))
    rows: list[list[Item]] = []
    for size in map(float, np.unique(mixture.points.size)):
        tested = mixture.points.tokens[mixture.points.size == size]
        for line in equal_loss_lines(mixture, size, lines):
            natural = (count_text(line.natural_tokens), line.natural_tokens)
            rows.append([_size(size, sizes), (f"{line.loss:.4g}", line.loss), natural])
            tokens = equal_loss_tokens(fit, size, line.natural_tokens, ratios)
            rows[-1] += [(count_text(d), float(d)) if tested.min() <= d <= tested.max() else "-" for d in tokens]
    return table_of(name, f"Tokens to an equal loss: {mixture.source}", columns, rows) if rows else None


def form_table(forms: Sequence[FormScore], name: str) -> DataTable | None:
    """Laws by their error on what they were not fitted to, the best first."""
    columns = ("form", "parameters", "in sample", "largest tokens held out", "largest size held out")
    rows: list[tuple[Item, ...]] = [
        (
            form.name,
            (str(form.parameters), form.parameters),
            *((percent_text(e), e) for e in (form.in_sample, form.largest_tokens, form.largest_size)),
        )
        for form in forms
    ]
    return table_of(name, "Forms by their error on held-out points", columns, rows) if rows else None


def domain_table(domains: SourceDomains, name: str) -> DataTable:
    """How many domains each mix helps and hurts, and which most."""
    columns = ("ratio", "average", "helped", "hurt", "hurt most")
    rows: list[tuple[Item, ...]] = []
    for effect in domains.effects:
        worst = max(effect.domains, key=lambda domain: domain.change)
        helped, hurt = (sum(getattr(domain, what) for domain in effect.domains) for what in ("helped", "hurt"))
        many = f"of {len(effect.domains)}"
        rows.append(
            (
                (f"{effect.ratio:g}", effect.ratio),
                (f"{100 * effect.average.change:+.2f}%", effect.average.change),
                f"{helped} {many}",
                Entry(f"{hurt} {many}", tone="worse" if effect.helps_but_hurts_many else ""),
                (f"{worst.domain} {100 * worst.change:+.2f}%", worst.change),
            )
        )
    return table_of(name, f"{domains.family}: domains under {domains.source}", columns, rows)


def _size(size: float, sizes: Sizes) -> Item:
    return size_name(size, sizes) or "-", size


def _curves(curves: Sequence[CurveResult], source: str, name: str, *, ratios: bool) -> DataTable:
    sized = any(curve.size for curve in curves)
    heads = [*(["size"] if sized else []), *(["ratio"] if ratios else [])]
    rows: list[list[Item]] = []
    for curve in curves:
        answers, errors = curve.answers, {form.name: form.largest_tokens for form in curve.answers.forms}
        rows.append([(curve.size, float(curve.points.size[0]))] if sized else [])
        rows[-1] += [(f"{curve.ratio:g}", curve.ratio)] if ratios else []
        rows[-1] += [
            _answer(answers.asymptote, "#.3g"),
            _answer(answers.exponent, ".2f"),
            _answer(answers.plateau_tokens, counts=True),
            *((percent_text(errors.get(law)), errors.get(law)) for law in ("rectified", "power")),
        ]
    return table_of(name, source, (*heads, "asymptote E", "exponent", "tokens to E + 5%", "rectified", "power"), rows)


def _answer(answer: Answer, form: str = ".3g", *, counts: bool = False) -> Entry:
    text = answer_text(answer, form, counts=counts)
    return Entry(text, answer.value, tone="refused" if text == REFUSED else "")
