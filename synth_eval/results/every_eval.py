"""Records of Every Eval Ever, the common format of evaluation results (inspect_ai, HELM and others), as results files.

One JSON file a model and run: `model_info`, and under `evaluation_results` a score, its uncertainty and what is known
of the metric. They are read as lm-eval's results files are, by model and task. Items (`detailed_evaluation_results`)
hold no probabilities, and are not read. docs/manifest.md says what else such records lack.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

_FILTERED = re.compile(r"(.+) \(filter: (.+)\)")  # as the format's converter of lm-eval describes it
IDS = {"accuracy": "acc", "f1_macro": "f1", "pass_at_1": "pass@1"}
"""Metrics that the format names otherwise than lm-eval does."""


def is_record(data: Mapping[str, Any]) -> bool:
    """Whether a JSON object is such a record."""
    return isinstance(data.get("evaluation_results"), list) and isinstance(data.get("model_info"), dict)


def record_as_results(data: Mapping[str, Any]) -> dict[str, Any]:
    """A record, laid out as a results file of lm-eval: scores, errors, numbers of items, directions, model and date.

    Percentages become shares. An error that is not given follows from the deviation and the number of items, or
    from the confidence interval.

    Examples
    --------
    >>> score = {"score": 50.0, "uncertainty": {"standard_deviation": 50.0, "num_samples": 100}}
    >>> metric = {"metric_id": "accuracy", "metric_unit": "percent", "lower_is_better": False}
    >>> result = {"evaluation_name": "qa", "metric_config": metric, "score_details": score}
    >>> found = record_as_results({"model_info": {"id": "org/m"}, "evaluation_results": [result]})
    >>> found["results"], found["model_name"]
    ({'qa': {'acc,none': 0.5, 'acc_stderr,none': 0.05}}, 'org/m')
    """
    results: dict[str, dict[str, float]] = {}
    counts: dict[str, dict[str, int]] = {}
    higher: dict[str, dict[str, bool]] = {}
    for entry in data["evaluation_results"]:
        if not isinstance(entry, dict):
            continue
        task, config, details = entry.get("evaluation_name"), _of(entry, "metric_config"), _of(entry, "score_details")
        score, (metric, filter_name) = _number(details.get("score")), _metric(config)
        if not isinstance(task, str) or score is None:
            continue
        task = task.removesuffix(f"/{filter_name}")
        unit = 0.01 if config.get("metric_unit") == "percent" else 1.0
        about = _of(details, "uncertainty")
        mine = results.setdefault(task, {})
        mine[f"{metric},{filter_name}"] = score * unit
        error = _error(about)
        if error is not None:
            mine[f"{metric}_stderr,{filter_name}"] = error * unit
        n = _items(about, _of(entry, "source_data"))
        if n is not None:
            counts.setdefault(task, {"effective": n})
        if isinstance(config.get("lower_is_better"), bool):
            higher.setdefault(task, {})[metric] = not config["lower_is_better"]
    model = _of(data, "model_info")
    library = _of(data, "eval_library")
    return {
        "results": results,
        "n-samples": counts,
        "higher_is_better": higher,
        "model_name": _model(model),
        "config": {"model_args": _arguments(_of(model, "additional_details"))},
        "date": _number(data.get("evaluation_timestamp")) or _number(data.get("retrieved_timestamp")),
        "eval_library": f"{library.get('name', '')} {library.get('version', '')}".strip(),
    }


def _model(about: Mapping[str, Any]) -> str:
    """The model's id, or its name where that is a longer path: inspect_ai's converter cuts ids to two parts."""
    named = [about.get("id"), about.get("name")]
    texts = [text for text in named if isinstance(text, str) and text]
    return max(texts[:1] + [text for text in texts[1:] if "/" in text], key=len, default="")


def _metric(config: Mapping[str, Any]) -> tuple[str, str]:
    """The metric's name and its filter: its id, else what it is called; some converters only describe it."""
    named = (config.get(key) for key in ("metric_id", "metric_name", "evaluation_description"))
    name = next((name.strip() for name in named if isinstance(name, str) and name.strip()), "score")
    with_filter = _FILTERED.fullmatch(name)
    name, filter_name = with_filter.groups() if with_filter else (name, "none")
    return IDS.get(name.lower(), name).replace(",", " "), filter_name


def _items(about: Mapping[str, Any], source: Mapping[str, Any]) -> int | None:
    """The number of items: of the score, or of the data set where that is of one trial over all of it (HELM)."""
    counts = [about.get("num_samples"), source.get("samples_number")]
    return next((n for n in counts if isinstance(n, int) and not isinstance(n, bool) and n > 1), None)


def _error(about: Mapping[str, Any]) -> float | None:
    given = _number(_of(about, "standard_error").get("value"))
    if given is not None:
        return given
    deviation, n = _number(about.get("standard_deviation")), about.get("num_samples")
    if deviation and isinstance(n, int) and n > 1:  # one trial over all items gives 0, not their spread
        return deviation / math.sqrt(n)
    interval = _of(about, "confidence_interval")
    low, high, level = (_number(interval.get(key)) for key in ("lower", "upper", "confidence_level"))
    if low is None or high is None or level is None or not 0 < level < 1:
        return None
    return (high - low) / (2 * NormalDist().inv_cdf((1 + level) / 2))


def _arguments(details: Mapping[str, Any]) -> dict[str, Any] | str:
    """What identifies the model beside its name: the arguments of lm-eval as logged, or its revision and type."""
    logged = details.get("model_args")
    if isinstance(logged, str) and "=" in logged:
        return logged
    return {key: details[key] for key in ("revision", "dtype") if isinstance(details.get(key), str)}


def _of(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    """A finite number; times are written as text."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
