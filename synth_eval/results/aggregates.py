"""Read lm-eval's aggregated results: results_*.json of 0.4.x, and the older layout with ``results`` only."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from synth_eval.errors import ResultsError
from synth_eval.results.find import as_results, run_date
from synth_eval.results.identity import logged_identity
from synth_eval.results.rows import number_of
from synth_eval.types import MAX_INTEGER, Samples


@dataclass(frozen=True)
class MetricValue:
    """One metric of one task under one filter."""

    metric: str
    filter: str  # "none" where lm-eval names none
    value: float | None  # None: "N/A", NaN or infinite
    stderr: float | None = None  # lm-eval knows none for custom aggregations
    higher_is_better: bool | None = None
    step: float | None = None  # of a value in a table of scores: what it was rounded to


@dataclass(frozen=True)
class TaskResult:
    """What lm-eval aggregated over one task, or over a group of tasks."""

    task: str
    metrics: tuple[MetricValue, ...]
    version: str = ""
    n_shot: int | None = None
    n_samples: int | None = None
    category: str = ""  # from the task's metadata
    subtasks: tuple[str, ...] = ()  # of a group
    source: Path | None = None
    choices: int | None = None  # of a multiple-choice task, where its configuration lists them
    output_type: str = ""  # multiple_choice, generate_until ...
    asked: Mapping[str, str] = field(default_factory=dict)  # how, in words: see `asked_of`; absent where not logged
    chance: float | None = None  # score of guessing, where a table of scores has it
    is_tabled: bool = False  # from a table of scores, which has no items

    @property
    def is_group(self) -> bool:
        """Groups are means of means: pool the items of `subtasks` instead."""
        return bool(self.subtasks)

    def metric(self, name: str, filter: str | None = None) -> MetricValue | None:
        """The metric of a name, under a filter or the first there is; None if there is none."""
        return next((m for m in self.metrics if m.metric == name and filter in (None, m.filter)), None)


@dataclass(frozen=True)
class RunResults:
    """One results file."""

    path: Path
    tasks: Mapping[str, TaskResult]
    model: str = ""  # "org/name", with "@revision" and " + adapter" where one was given
    lm_eval_version: str = ""
    date: str = ""  # ISO 8601, UTC
    settings: Mapping[str, Any] = field(default_factory=dict)  # lm-eval's own `config`
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # with or without numbers of their own


def read_results(path: Path) -> RunResults:
    """Read one results file.

    Raises
    ------
    ResultsError : no such file, not JSON, truncated, or without a ``results`` mapping.
    """
    path = Path(path)
    data = _load(path)
    return RunResults(
        path=path,
        tasks={task: _task_result(task, values, data, path) for task, values in _mapping(data, "results").items()},
        model=logged_identity(data).name,
        lm_eval_version=str(data.get("lm_eval_version") or ""),
        date=_iso_date(data.get("date")),
        settings=_mapping(data, "config"),
        groups={
            group: tuple(map(str, members))
            for group, members in _mapping(data, "group_subtasks").items()
            if isinstance(members, list) and members
        },
    )


def newest_results(runs: Iterable[RunResults]) -> dict[str, TaskResult]:
    """Each task's newest result, of several runs of one model. No date counts as oldest; of equals the first wins."""
    merged: dict[str, TaskResult] = {}
    for run in sorted(runs, key=lambda run: run.date, reverse=True):
        merged = {**run.tasks, **merged}
    return merged


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file: check the path") from None
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: truncated or not JSON ({error}): run lm_eval again") from None
    found = as_results(data)
    if found is None:
        raise ResultsError(f"{path}: not an lm-eval results file (no `results` mapping): check the path")
    return found


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _task_result(task: str, values: Any, data: Mapping[str, Any], path: Path) -> TaskResult:
    values = values if isinstance(values, dict) else {}
    counts = _mapping(data, "n-samples").get(task)
    n_samples = counts.get("effective") if isinstance(counts, dict) else values.get("sample_len")
    config = _mapping(_mapping(data, "configs"), task)
    subtasks = _mapping(data, "group_subtasks").get(task)
    # the first 0.4 releases list an ordinary task as a group of none
    subtasks = tuple(map(str, subtasks)) if isinstance(subtasks, list) else ()
    n_shot = _shots(task, config, data)
    return TaskResult(
        task=task,
        metrics=_metrics(values, _mapping(_mapping(data, "higher_is_better"), task)),
        version=str(_mapping(data, "versions").get(task, "")),
        n_shot=n_shot,
        n_samples=_whole(n_samples),
        category=str(_mapping(config, "metadata").get("category") or ""),
        subtasks=subtasks,
        source=path,
        choices=_choices(config.get("doc_to_choice")),
        output_type=str(config.get("output_type") or ""),
        asked=asked_of(config, data, n_shot=n_shot),
    )


def _shots(task: str, config: Mapping[str, Any], data: Mapping[str, Any]) -> int | None:
    """The number of few-shot examples; older releases log one for all tasks, or a list in the order of the tasks."""
    for logged in (_mapping(data, "n-shot").get(task), config.get("num_fewshot")):
        if _whole(logged) is not None:
            return _whole(logged)
    of_run, tasks = _mapping(data, "config").get("num_fewshot"), list(_mapping(data, "results"))
    if isinstance(of_run, list):
        return _whole(of_run[tasks.index(task)]) if len(of_run) == len(tasks) else None
    return _whole(of_run)


def asked_of(config: Mapping[str, Any], data: Mapping[str, Any], *, n_shot: int | None) -> dict[str, str]:
    """How a model was asked, besides shots and version: what, as people call it -> which, "none" where it was not used.

    Templates and turns are new in 0.4.3: files without them were asked plainly. Turns change a prompt only where a
    template is applied to examples; lm-eval logs its default without a template too. The few-shot seed chooses the
    examples, but for the sampler that takes the first ones. Filters and settings of generation are those of the task's
    configuration, where it is logged.

    Parameters
    ----------
    config : the task's configuration.
    data : the results file.
    """
    template = _short(data, "chat_template")
    asked = {CHAT_TEMPLATE: template, "system instruction": _short(data, "system_instruction")}
    if template != NONE and n_shot != 0:
        asked["examples as turns"] = "yes" if data.get("fewshot_as_multiturn") else "no"
    run = _mapping(data, "config")
    if n_shot and "fewshot_seed" in run and _mapping(config, "fewshot_config").get("sampler") != "first_n":
        asked[FEWSHOT_SEED] = NONE if run["fewshot_seed"] is None else _spelled(run["fewshot_seed"])
    if "limit" in run:
        asked[LIMIT] = NONE if run["limit"] is None else _spelled(run["limit"])
    if isinstance(config.get("filter_list"), list):
        asked["filters"] = _spelled(config["filter_list"])
    generation = config.get("generation_kwargs")
    if config.get("output_type") == "generate_until" and isinstance(generation, dict):
        asked |= {f"{GENERATION_SETTING} {name}": _spelled(value) for name, value in generation.items()}
    return asked


NONE, CHAT_TEMPLATE, LIMIT, GENERATION_SETTING = "none", "chat template", "limit", "generation setting"
FEWSHOT_SEED = "few-shot seed"


def _short(data: Mapping[str, Any], key: str) -> str:
    """The first digits of a text's hash, as logged or computed; "none" where there is no text."""
    digest, text = data.get(f"{key}_sha"), data.get(key)
    if not digest and isinstance(text, str) and text:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return str(digest)[:8] if digest else NONE


def _spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _choices(listed: Any) -> int | None:
    return len(listed) if isinstance(listed, list) and len(listed) > 1 else None


def _metrics(values: Mapping[str, Any], higher: Mapping[str, Any]) -> tuple[MetricValue, ...]:
    """From ``"acc,none": 0.5, "acc_stderr,none": 0.01`` or, in the older layout, ``"acc": 0.5, "acc_stderr": 0.01``."""
    found: dict[tuple[str, str], MetricValue] = {}
    errors: dict[tuple[str, str], float | None] = {}
    for key, value in values.items():
        metric, _, filter_name = key.partition(",")
        place = (metric, filter_name or "none")
        if metric.endswith("_stderr"):
            errors[(metric.removesuffix("_stderr"), place[1])] = _finite(value)
        elif _is_measurement(metric, value):
            direction = higher.get(metric)
            found[place] = MetricValue(
                *place, _finite(value), higher_is_better=direction if isinstance(direction, bool) else None
            )
    return tuple(replace(metric, stderr=errors.get(place)) for place, metric in found.items())


def _is_measurement(metric: str, value: Any) -> bool:
    if metric in ("alias", "name", "sample_len", "sample_count"):
        return False
    return value == "N/A" or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _finite(value: Any) -> float | None:
    number = None if isinstance(value, str) else number_of(value)  # JSON's integers have no end
    return number if number is not None and math.isfinite(number) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INTEGER else None


def _iso_date(value: Any) -> str:
    """lm-eval writes seconds since 1970."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return str(value or "")
    try:
        return datetime.fromtimestamp(value, timezone.utc).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


# What a results file has of one metric: a mean, its standard error, and over how many items.

# an item is right (1) or wrong (0)
BINARY = ("acc", "acc_norm", "exact_match", "em", "prompt_level_strict_acc", "mc1", "multiple_choice_grade")


@dataclass(frozen=True)
class Estimate:
    """A mean over ``n_items`` items (0: not known) and its standard error, as aggregated; which items is not known."""

    value: float
    se: float
    n_items: int


def estimate(result: TaskResult, metric: str, filter: str | None = None) -> Estimate:
    """One metric of one task from its aggregate, under a filter or the task's first.

    Where no standard error is given ("N/A", or 0 for a share between 0 and 1), that of a share of right answers follows
    from the number of items: sqrt(p (1 - p) / (n - 1)), which is what lm-eval itself would have written. Where the
    number of items is not given (the older layout), it follows from the standard error in the same way.

    Raises
    ------
    ResultsError : the reason why there is none, in one line.
    """
    found = result.metric(metric, filter)
    if found is None or found.value is None:
        raise ResultsError(f"{_where(result)} has no number for {metric}")
    if metric in BINARY:
        return _share(found, result)
    if found.stderr is None or found.stderr < 0:
        raise ResultsError(f"{_where(result)} gives no standard error of {metric}: run lm_eval with --log_samples")
    n = result.n_samples if result.n_samples is not None else _items_of_shares(result)
    if n is None and found.step is not None:
        n = 0
    if n is None:
        raise ResultsError(f"{_where(result)} lacks the number of items of {metric}: run lm_eval with --log_samples")
    return Estimate(found.value, found.stderr, n)


def _items_of_shares(result: TaskResult) -> int | None:
    """The number of items that the standard error of a share of right answers of the same task gives."""
    for metric in result.metrics:
        if metric.metric in BINARY and metric.value is not None and metric.stderr:
            return _share(metric, result).n_items
    return None


_ROUNDED = 0.5e-4  # published results may be rounded to four digits
CONTRADICTED = "the mean acc of its samples is not the acc of its results file"


def contradicts(result: TaskResult, samples: Samples, file: Path) -> bool:
    """Whether a run's results file has another accuracy than the mean over the items of its samples file.

    Then the items are not what lm-eval scored, and must not be taken for it. False where it cannot be known: another
    run, another number of items, or items that could not be read.
    """
    found = result.metric("acc")
    if samples.kind == "choice" and not samples.accuracy:
        likeliest = (max(range(len(row)), key=row.__getitem__) for row in samples.choice_logliks)
        accuracy: Sequence[float] = [float(best == gold) for best, gold in zip(likeliest, samples.gold)]
    else:
        accuracy = samples.accuracy or samples.metrics.get("acc", ())
    if found is None or found.value is None or not accuracy or samples.skipped or result.source is None:
        return False
    if run_date(result.source) != run_date(file) or result.source.parent.resolve() != file.parent.resolve():
        return False
    if len({metric.value for metric in result.metrics if metric.metric == "acc"}) > 1:  # by filter
        return False
    if result.n_samples not in (None, len(accuracy)):
        return False
    return abs(math.fsum(accuracy) / len(accuracy) - found.value) > _ROUNDED


def _share(found: MetricValue, result: TaskResult) -> Estimate:
    p, n = float(found.value or 0.0), result.n_samples
    if not 0 <= p <= 1:
        raise ResultsError(f"{_where(result)}: {found.metric} is {p:g}, which is no share of right answers (0 to 1)")
    spread = p * (1 - p)
    se = found.stderr if found.stderr is not None and (found.stderr > 0 or spread == 0) else None
    if n is None and se:
        n = round(1 + spread / se**2)
    if n is None:
        raise ResultsError(
            f"{_where(result)} gives neither a standard error of {found.metric} nor a number of items: "
            "run lm_eval with --log_samples"
        )
    if se is None or se < 0:
        if n < 2:
            raise ResultsError(f"{_where(result)}: {found.metric} of {n} item(s) has no standard error")
        se = math.sqrt(spread / (n - 1))
    return Estimate(p, se, n)


def _where(result: TaskResult) -> str:
    return result.source.name if result.source is not None else f"the results of {result.task}"
