"""What checkpoints.yaml may say: one pydantic model a mapping. docs/manifest.md explains every key."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    model_validator,
)

from synth_eval.manifest.quantities import parse_quantity


def _ratio(value: Any) -> float:
    if isinstance(value, str) and value.strip().endswith("%"):
        share = _number(value.strip()[:-1])
        mend = f": write {share / 100:g} for {value.strip()}" if share is not None else ""
        raise ValueError(f"{value!r} is not a ratio in 0..1{mend}")
    ratio = None if isinstance(value, bool) else _number(value)
    if ratio is None:
        raise ValueError(f"{value!r} is not a number: write the synthetic share of the training mix, 0 to 1")
    if not 0 <= ratio <= 1:  # also catches NaN
        percent = f"write {ratio / 100:g} for {ratio:g}%" if 1 < ratio <= 100 else "write the synthetic share, 0 to 1"
        raise ValueError(f"{ratio:g} is outside 0..1: {percent}")
    return ratio + 0.0  # -0.0 becomes 0.0


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _count(value: Any) -> Any:
    if value is not None:
        if not isinstance(value, (str, int, float)):
            raise ValueError("it must be a count such as 410M, 1.4B or 10B")
        parse_quantity(value)
    return value


def _batch_size(value: Any) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and re.fullmatch(r"auto(:\d+)?|[1-9]\d*", value):
        return int(value) if value.isdigit() else value
    raise ValueError(f"{value!r} is not a batch size: write a whole number above 0, or auto")


def _as_list(value: Any) -> Any:
    return [] if value is None else value if isinstance(value, list) else [value]


def _has_recipe(lab: dict[str, Any]) -> dict[str, Any]:
    # the rest belongs to the recipe, which checks it
    if not isinstance(lab.get("recipe"), str):
        raise ValueError("lab.recipe must name a recipe: write lab: {recipe: miniature}")
    return lab


def _none_as_empty(value: Any) -> Any:
    return {} if value is None else value


Text = Annotated[StrictStr, Field(min_length=1)]
Ratio = Annotated[float, BeforeValidator(_ratio)]
# kept as written: a size such as 1.40 would otherwise lose its spelling
Count = Annotated[Any, BeforeValidator(_count)]
BatchSize = Annotated[Any, BeforeValidator(_batch_size)]
Iteration = Annotated[StrictInt, Field(ge=1)]
Seed = Annotated[StrictInt, Field(ge=0)]
Shots = Annotated[StrictInt, Field(ge=0)]
ModelArgs = Annotated[dict[StrictStr, Any], BeforeValidator(_none_as_empty)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Defaults(_Strict):
    """How checkpoints are evaluated unless they say otherwise."""

    model: Text = "hf"
    model_args: ModelArgs = {}
    batch_size: BatchSize = "auto"
    num_fewshot: Shots | None = None


class CheckpointEntry(_Strict):
    """One line of `checkpoints`."""

    ratio: Ratio
    path: Text | None = None
    results: Annotated[list[Text], BeforeValidator(_as_list)] = []
    size: Count = None
    iteration: Iteration = 1
    seed: Seed = 0
    source: Text = "self"
    tokens: Count = None
    revision: Text | None = None
    name: Text | None = None
    model: Text | None = None
    model_args: ModelArgs = {}
    batch_size: BatchSize | None = None
    num_fewshot: Shots | None = None

    @model_validator(mode="after")
    def _something_to_score(self) -> CheckpointEntry:
        if self.path is None and not self.results:
            raise ValueError("the checkpoint has neither path nor results: give a model folder, or lm-eval output")
        if self.revision is not None and self.path is None:
            raise ValueError("revision is given without path: add the hub id as path, or drop revision")
        if self.path is not None and "pretrained" in self.model_args:
            raise ValueError("model_args.pretrained says what path already says: drop one of the two")
        return self


class Grid(_Strict):
    """Checkpoints as the product of lists, their folders spelled by a template."""

    path: Text | None = None
    results: Text | None = None
    ratio: Annotated[list[Ratio], BeforeValidator(_as_list), Field(min_length=1)]
    size: Annotated[list[Count], BeforeValidator(_as_list)] = []
    iteration: Annotated[list[Iteration], BeforeValidator(_as_list), Field(min_length=1)] = [1]
    seed: Annotated[list[Seed], BeforeValidator(_as_list), Field(min_length=1)] = [0]
    source: Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)] = ["self"]
    revision: Text | None = None
    tokens: Count = None
    missing: Literal["error", "skip"] = "error"

    @model_validator(mode="after")
    def _something_to_score(self) -> Grid:
        if self.path is None and self.results is None:
            raise ValueError("the grid has neither path nor results: add path: runs/{size}/r{ratio}")
        if self.revision is not None and self.path is None:
            raise ValueError("revision is given without path: add the hub id as path, or drop revision")
        return self


class Manifest(_Strict):
    """The whole file."""

    family: Text
    tasks: Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)] = ["synth_suite"]
    baseline_ratio: Ratio = 0.0
    defaults: Annotated[Defaults, BeforeValidator(_none_as_empty)] = Defaults()
    categories: Annotated[dict[StrictStr, Text], BeforeValidator(_none_as_empty)] = {}
    checkpoints: Annotated[list[CheckpointEntry], BeforeValidator(lambda v: [] if v is None else v)] = []
    grid: Grid | None = None
    lab: Annotated[dict[StrictStr, Any], AfterValidator(_has_recipe)] | None = None
