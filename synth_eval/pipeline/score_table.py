"""A table of scores as a family with results: what `compare` judges without a manifest and without items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from synth_eval.compare.metrics import METRICS, TABLE_METRICS, is_known, metric_named
from synth_eval.compare.places import full_place_name, place_names, place_of
from synth_eval.data.sets import category_of
from synth_eval.errors import ResultsError
from synth_eval.manifest import curves
from synth_eval.manifest.names import absolute, derived_name, family_name, unique
from synth_eval.pipeline.logged import FamilyResults
from synth_eval.results import MetricValue, TaskResult
from synth_eval.results.score_table import COLUMNS, Score, ScoreTable, scores_of
from synth_eval.results.table_file import TABLES, read_table
from synth_eval.text import joined, listed, written_quantity
from synth_eval.types import Checkpoint, Family

ALL_DIGITS = 1e-9  # of the largest value: rounding below it is that of the computer
MAX_SHARE_ERROR = 0.5  # the standard error of a single answer, right or wrong
UNKNOWN_ERRORS = "values without standard errors: judged by how they scatter around their curves and between replicates"


@dataclass(frozen=True)
class TableOptions:
    """What a table of scores does not say itself.

    Attributes
    ----------
    family : which of its families.
    metrics : what the values are where no column says it (the first), and which way is better of metrics that are not
        known: "acc", "my_score:higher", "my_error:lower".
    percent : whether shares (accuracy, exact match ...) and their errors are written as percentages.
    baseline_ratio : the ratio that others are compared with.
    """

    family: str = ""
    metrics: tuple[str, ...] = ()
    percent: bool = False
    baseline_ratio: float = 0.0


def is_table(file: object) -> bool:
    """Whether a file is read as a table of scores, by its ending."""
    return isinstance(file, (str, Path)) and Path(file).suffix.lower() in TABLES


def read_score_table(file: Path, options: TableOptions, *, tasks: Sequence[str] = ()) -> tuple[Family, FamilyResults]:
    """The family that a table describes, and its scores as aggregates.

    Parameters
    ----------
    tasks : names or patterns of those to keep; all if none.

    Raises
    ------
    ResultsError : the file, a row, a metric or a unit is wrong, or no checkpoint is at the baseline ratio.
    """
    directions = dict(map(_direction, options.metrics))
    table = scores_of(
        read_table(file, columns=", ".join(COLUMNS)), family=options.family, metric=next(iter(directions), "")
    )
    table = replace(table, scores=_of_tasks(table, tasks))
    scores = _in_shares(table, directions, percent=options.percent)
    checkpoints = _checkpoints(scores, table)
    try:
        name = family_name(table.family)
    except ValueError as error:
        raise ResultsError(f"{table.file.name}: family {error}") from None
    family = Family(
        name=name,
        tasks=tuple(dict.fromkeys(score.task for score in scores)),
        checkpoints=tuple(checkpoints.values()),
        baseline_ratio=options.baseline_ratio,
        manifest=absolute(str(file), Path.cwd()),
    )
    warnings = [*table.notes, *_without_baseline(family, table.file.name)]
    found: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        found.setdefault((checkpoints[score.place].name, score.task), []).append(score)
    steps = _steps(scores)
    ways = {name: None if is_known(name) else way for name, way in directions.items()}
    known = {task: category_of(task) for task in family.tasks}
    results = {key: _result(each, ways, steps, file, known[key[1]]) for key, each in found.items()}
    if any(score.stderr is None and score.n is None for score in scores):
        warnings.append(f"{table.file.name}: {UNKNOWN_ERRORS}")
    return family, FamilyResults(results=results, warnings=warnings)


def _direction(spelled: str) -> tuple[str, bool | None]:
    """ "my_score:higher" -> ("my_score", True)."""
    name, _, way = spelled.partition(":")
    name, way = name.strip(), way.strip().lower()
    if not name or way not in ("", "higher", "lower"):
        raise ResultsError(f"--metric {spelled}: write a name, and higher or lower after it: my_score:higher")
    return name, {"higher": True, "lower": False}.get(way)


def _of_tasks(table: ScoreTable, tasks: Sequence[str]) -> tuple[Score, ...]:
    there = dict.fromkeys(score.task for score in table.scores)
    strange = [task for task in tasks if not any(fnmatchcase(name, task) for name in there)]
    if strange:
        raise ResultsError(f"{table.file.name}: no task {strange[0]!r}: there are {listed(there, 20)}")
    kept = {name for name in there if not tasks or any(fnmatchcase(name, task) for task in tasks)}
    return tuple(score for score in table.scores if score.task in kept)


# Units: a share runs from 0 to 1. Percentages are taken for such only where the user says so.


def _in_shares(table: ScoreTable, directions: Mapping[str, bool | None], *, percent: bool) -> list[Score]:
    """The scores with shares from 0 to 1; refuses metrics that are not known and values that fit no unit."""
    first: dict[str, Score] = {}
    for score in table.scores:
        first.setdefault(score.metric, score)
    for name, score in first.items():
        if not is_known(name) and directions.get(name) is None:
            raise ResultsError(f"{table.at([score.number])}: metric {name!r} is not known{_meant(name)}")
    strange = next((name for name in directions if name not in first), None)
    if strange is not None:
        raise ResultsError(f"{table.file.name}: no metric {strange!r}: there are {listed(first, 20)}")
    shares = {name for name in first if metric_named(name).unit == "share"}
    if percent:
        _check_percent(table, shares)
    scores = [_percent(score) if percent and score.metric in shares else score for score in table.scores]
    for score in scores:
        if score.metric in shares:
            _check_share(table, score, percent=percent)
    return scores


def _meant(name: str) -> str:
    labels = {metric.label.lower(): metric.name for metric in (*METRICS, *TABLE_METRICS)}
    near = labels.get(name.lower()) or next(iter(get_close_matches(name, labels.values(), n=1)), "")
    hint = f" (is {near!r} meant? rename it)" if near else ""
    return f"{hint}: say which way is better, --metric {name}:higher or --metric {name}:lower"


def _percent(score: Score) -> Score:
    return replace(
        score,
        value=score.value / 100,
        stderr=None if score.stderr is None else score.stderr / 100,
        chance=None if score.chance is None else score.chance / 100,
        digits=score.digits + 2,
    )


def _check_percent(table: ScoreTable, shares: Iterable[str]) -> None:
    """One task in shares among others in percentages would be read a hundred times too low."""
    if not shares:
        raise ResultsError(f"{table.file.name}: --percent, but no metric of it is a share")
    highest: dict[tuple[str, str], Score] = {}
    for score in table.scores:
        if score.metric in shares:
            key = (score.task, score.metric)
            highest[key] = max(highest.get(key, score), score, key=lambda each: abs(each.value))
    for (task, metric), score in highest.items():
        if abs(score.value) <= 1:
            raise ResultsError(
                f"{table.file.name}: --percent, but {metric} of {task} is never above 1: write all as shares, 0 to 1"
            )


def _check_share(table: ScoreTable, score: Score, *, percent: bool) -> None:
    low = -1.0 if metric_named(score.metric).signed else 0.0
    at = table.at([score.number])
    if not low <= score.value <= 1:
        written = score.value * 100 if percent else score.value
        top = 100 if percent else 1
        mend = "" if percent or not 1 < score.value <= 100 else "; if the table has percentages, say --percent"
        raise ResultsError(f"{at}: {score.metric} {written:g} of {score.task} is not between {low:g} and {top}{mend}")
    if score.stderr is not None and score.stderr > MAX_SHARE_ERROR:
        raise ResultsError(f"{at}: stderr {score.stderr:g} of a share: write it in the unit of the value")
    if score.chance is not None and not 0 <= score.chance <= 1:
        raise ResultsError(f"{at}: chance {score.chance:g} is not between 0 and 1")


# Checkpoints and results.


def _checkpoints(scores: Iterable[Score], table: ScoreTable) -> dict[tuple[object, ...], Checkpoint]:
    """By place, in the order of the file."""
    first: dict[tuple[object, ...], Score] = {}
    for score in scores:
        first.setdefault(score.place, score)
    over_tokens = len({(place[0], *place[2:]) for place in first}) < len(first)
    taken: set[str] = set()
    found = {}
    for place, score in first.items():
        tokens = written_quantity(score.tokens) if over_tokens and score.tokens else ""
        derived = derived_name(score.size, score.source, score.ratio, score.iteration, score.seed, tokens)
        name = unique(derived, taken)
        taken.add(name.casefold())
        found[place] = Checkpoint(
            name=name,
            ratio=score.ratio,
            size=score.size,
            parameters=score.parameters,
            iteration=score.iteration,
            seed=score.seed,
            source=score.source,
            tokens=score.tokens,
            where=table.file.where(score.number),
        )
    return found


def _steps(scores: Iterable[Score]) -> dict[str, float]:
    """What the values of a metric are rounded to: the finest of them shows it, unless it has all digits there are."""
    digits: dict[str, int] = {}
    largest: dict[str, float] = {}
    for score in scores:
        digits[score.metric] = max(digits.get(score.metric, score.digits), score.digits)
        largest[score.metric] = max(largest.get(score.metric, 0.0), abs(score.value))
    return {metric: max(10.0**-count, ALL_DIGITS * largest[metric]) for metric, count in digits.items()}


def _result(
    scores: Sequence[Score],
    ways: Mapping[str, bool | None],
    steps: Mapping[str, float],
    file: Path,
    category: str,
) -> TaskResult:
    """All metrics of one checkpoint and task; ``category`` is that of the task where the table has none."""
    first = scores[0]
    values = tuple(
        MetricValue(
            score.metric,
            "none",
            score.value,
            score.stderr,
            higher_is_better=ways.get(score.metric),
            step=steps[score.metric],
        )
        for score in scores
    )
    category = next((score.category for score in scores if score.category), category)
    n = min((score.n for score in scores if score.n is not None), default=None)
    chance = next((score.chance for score in scores if score.chance is not None), None)
    return TaskResult(first.task, values, n_samples=n, category=category, source=file, chance=chance, is_tabled=True)


def _without_baseline(family: Family, file: str) -> list[str]:
    """A line for each curve without a baseline, which is refused; an error where none has one."""
    layout = curves(family)
    without = [curve for curve in layout if not curve.baselines]
    if len(without) == len(layout):
        ratios = ", ".join(f"{ratio:g}" for ratio in sorted({c.ratio for c in family.checkpoints}))
        first = full_place_name(place_of(layout[0]))
        raise ResultsError(
            f"{file}: no baseline: no row at ratio {family.baseline_ratio:g} for {first}: add one, or take another "
            f"ratio with --baseline ({ratios})"
        )
    names = place_names(place_of(curve) for curve in layout)
    titles = [joined(names[place_of(curve)]) for curve in without]
    return [f"{listed(titles)}: no row at the baseline ratio {family.baseline_ratio:g}"] if titles else []
