"""What checkpoints.yaml may say: one pydantic model a mapping. docs/manifest.md explains every key."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StrictInt,
    StrictStr,
    model_validator,
)

from synth_eval.manifest.fields import STRICT, Count, Iteration, Ratio, Seed, Text, as_list, none_as_empty
from synth_eval.manifest.gate import GateEntry
from synth_eval.manifest.mauve import MauveEntry
from synth_eval.manifest.own_tasks import ChoiceEntries, DomainEntries


def _batch_size(value: Any) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and re.fullmatch(r"auto(:\d+)?|[1-9]\d*", value):
        return int(value) if value.isdigit() else value
    raise ValueError(f"{value!r} is not a batch size: write a whole number above 0, or auto")


def _has_recipe(lab: dict[str, Any]) -> dict[str, Any]:
    # the rest belongs to the recipe, which checks it
    if not isinstance(lab.get("recipe"), str):
        raise ValueError("lab.recipe must name a recipe: write lab: {recipe: miniature}")
    return lab


BatchSize = Annotated[Any, BeforeValidator(_batch_size)]
Shots = Annotated[StrictInt, Field(ge=0)]
ModelArgs = Annotated[dict[StrictStr, Any], BeforeValidator(none_as_empty)]


class _Strict(BaseModel):
    model_config = STRICT


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
    results: Annotated[list[Text], BeforeValidator(as_list)] = []
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
    ratio: Annotated[list[Ratio], BeforeValidator(as_list), Field(min_length=1)]
    size: Annotated[list[Count], BeforeValidator(as_list)] = []
    iteration: Annotated[list[Iteration], BeforeValidator(as_list), Field(min_length=1)] = [1]
    seed: Annotated[list[Seed], BeforeValidator(as_list), Field(min_length=1)] = [0]
    source: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)] = ["self"]
    revision: Text | None = None
    tokens: Annotated[list[Count], BeforeValidator(as_list)] = []
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
    tasks: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)] = ["synth_suite"]
    baseline_ratio: Ratio = 0.0
    defaults: Annotated[Defaults, BeforeValidator(none_as_empty)] = Defaults()
    categories: Annotated[dict[StrictStr, Text], BeforeValidator(none_as_empty)] = {}
    domains: DomainEntries = {}
    choice_tasks: ChoiceEntries = {}
    data_dir: Text | None = None
    training_text: Annotated[list[Text], BeforeValidator(as_list)] = []
    gate: GateEntry = None
    mauve: MauveEntry | None = None
    checkpoints: Annotated[list[CheckpointEntry], BeforeValidator(lambda v: [] if v is None else v)] = []
    grid: Grid | None = None
    lab: Annotated[dict[StrictStr, Any], AfterValidator(_has_recipe)] | None = None
