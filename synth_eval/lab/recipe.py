"""What a miniature family is made of: every number of the recipe in one place."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from synth_eval.errors import ManifestError
from synth_eval.skills import SKILLS

FIRST_LEARNED = ("synth_lookup", "synth_tracking", "synth_deduction")
MIX: Mapping[str, float] = MappingProxyType(
    {
        "synth_arithmetic": 0.19,
        "synth_deduction": 0.41,
        "synth_tracking": 0.08,
        "synth_lookup": 0.15,
        "synth_recall": 0.17,
    }
)


@dataclass(frozen=True)
class Recipe:
    """Shape, data and schedule of a miniature family. Tokens count the end-of-text tokens."""

    recipe: str = "miniature"
    hidden: int = 64
    layers: int = 3
    heads: int = 2
    vocabulary: int = 1024
    context: int = 256
    initializer_range: float = 0.15  # at 0.2 and at 0.05 looking up is learned later or not at all
    batch_tokens: int = 512
    base_tokens: int = 2_200_000
    # Before that, up to so many tokens of level 1 for each of synth_lookup, synth_tracking and synth_deduction in turn,
    # until learned but no longer: from the full mix alone, looking up is not learned and the others late.
    lesson_tokens: int = 800_000
    base_learning_rate: float = 0.006
    tokens: int = 404_000  # of each checkpoint, on from the base
    learning_rate: float = 0.003
    gate: bool = True  # reject a base that has not learned every skill
    base: str = ""  # folder of the base models; next to the checkpoints if empty
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MIX))  # share of text by skill

    @property
    def first_lessons(self) -> list[str]:
        """Skills that a base learns one by one, at level 1, before it reads the full mix."""
        return [skill for skill in FIRST_LEARNED if self.mix.get(skill)]

    @property
    def tokens_to_base(self) -> int:
        """Tokens that a base trains on if no lesson ends early and none is added."""
        return self.base_tokens + self.lesson_tokens * len(self.first_lessons)

    def key(self) -> str:
        """Short hash of all that shapes the models: two recipes with equal keys build equal checkpoints."""
        values = {k: v for k, v in dataclasses.asdict(self).items() if k != "base"}
        values["skills"] = {name: SKILLS[name].VERSION for name in sorted(self.mix)}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


def recipe_from(options: Mapping[str, Any], *, where: str) -> Recipe:
    """The recipe that the ``lab:`` section of a manifest names.

    Raises
    ------
    ManifestError : an unknown recipe, key, skill or type of value.
    """
    if options.get("recipe", "miniature") != "miniature":
        raise ManifestError(f"{where}: lab: there is no recipe {options['recipe']!r}; write `recipe: miniature`")
    known = {f.name: f for f in dataclasses.fields(Recipe)}
    for name, value in options.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known keys: {', '.join(known)}"
            raise ManifestError(f"{where}: lab: unknown key {name!r}{hint}")
        if name == "mix":
            _check_mix(value, where)
            continue
        default = getattr(Recipe(), name)
        kinds = (int, float) if isinstance(default, float) else (type(default),)
        if not isinstance(value, kinds) or (isinstance(value, bool) and not isinstance(default, bool)):
            raise ManifestError(f"{where}: lab: {name} must be {type(default).__name__}, not {value!r}")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value <= 0:
            raise ManifestError(f"{where}: lab: {name} must be above 0, not {value!r}")
    recipe = Recipe(**dict(options))
    if recipe.hidden % recipe.heads:
        raise ManifestError(f"{where}: lab: hidden ({recipe.hidden}) must be a multiple of heads ({recipe.heads})")
    if recipe.vocabulary < 300:
        raise ManifestError(f"{where}: lab: vocabulary must be at least 300 (256 bytes and some words)")
    return recipe


def _check_mix(value: Any, where: str) -> None:
    if not isinstance(value, Mapping) or not value:
        raise ManifestError(f"{where}: lab: mix must map skills to shares, for example {{synth_recall: 1.0}}")
    for name, share in value.items():
        if name not in SKILLS:
            raise ManifestError(f"{where}: lab: mix: there is no skill {name!r}; skills: {', '.join(SKILLS)}")
        if isinstance(share, bool) or not isinstance(share, (int, float)) or share < 0:
            raise ManifestError(f"{where}: lab: mix: the share of {name} must be a number of at least 0, not {share!r}")
    if sum(value.values()) <= 0:
        raise ManifestError(f"{where}: lab: mix: all shares are 0")
