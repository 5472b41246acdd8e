"""`mauve` of checkpoints.yaml: reference text, and the model that reads it beside what the checkpoints write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, StrictBool, StrictInt

from synth_eval.manifest.fields import STRICT, Seed, Text, as_list
from synth_eval.manifest.own_tasks import file_patterns
from synth_eval.manifest.paths import absolute
from synth_eval.manifest.source import Source
from synth_eval.types import LEAST_TEXTS, ReferenceText


class MauveEntry(BaseModel):
    """What the texts are compared with, and by whose eyes."""

    model_config = STRICT

    reference: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)]
    model: Text
    field: Text = "text"
    texts: Annotated[StrictInt, Field(ge=LEAST_TEXTS)] = 1000
    longest: Annotated[StrictInt, Field(ge=1)] = 128
    seed: Seed = 0
    skip_unusable: StrictBool = False


def reference_text(entry: MauveEntry | None, source: Source, *, needed: bool) -> ReferenceText | None:
    """The reference of `mauve`, None without one.

    Parameters
    ----------
    needed : whether files and model must be there; where results are read, what is missing is said later

    Raises
    ------
    ManifestError : a pattern that fits no file, or a model that is no folder with a config.json.
    OwnTaskError : the former, to be located by the caller.
    """
    if entry is None:
        return None
    base = source.path.parent
    model = absolute(entry.model, base)
    if needed and not (model / "config.json").is_file():
        raise source.error(
            ("mauve", "model"),
            f"mauve.model {entry.model} holds no config.json (looked for {model}): give the folder of a model",
        )
    return ReferenceText(
        files=file_patterns(entry.reference, ("mauve", "reference"), base, needed=needed),
        base=Path(absolute(".", base)),
        model=model,
        field=entry.field,
        amount=entry.texts,
        longest=entry.longest,
        seed=entry.seed,
        skip_unusable=entry.skip_unusable,
    )
