"""`domains` and `choice_tasks` of checkpoints.yaml: the user's own data as tasks. docs/own-tasks.md explains them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from glob import iglob
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)

from synth_eval.manifest.names import absolute
from synth_eval.manifest.source import STRICT, Seed, Source, Text, as_list, none_as_empty
from synth_eval.types import DOMAIN, MAX_INTEGER, MIN_TEXTS, OwnTask, ReferenceText

_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*:[^:/]+:[^:/]+", re.ASCII)  # org/name:split:field
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_RESERVED = "synth_"  # the suite's own tasks


def _short_domain(value: Any) -> Any:
    if isinstance(value, str) and _HUB.fullmatch(value):
        hub, split, field = value.split(":")
        return {"hub": hub, "split": split, "field": field}
    return {"files": value} if isinstance(value, (str, list)) else value


def _short_choice(value: Any) -> Any:
    return {"files": value} if isinstance(value, (str, list)) else value


Files = Annotated[list[Text], BeforeValidator(as_list)]
Amount = Annotated[StrictInt, Field(ge=1, le=MAX_INTEGER)]


class _Strict(BaseModel):
    model_config = STRICT


class DomainEntry(_Strict):
    """One of `domains`: text, scored in bits per byte."""

    files: Files = []
    hub: Text | None = None
    subset: Text | None = None
    split: Text = "test"
    field: Text = "text"
    documents: Amount = 200
    max_characters: Annotated[StrictInt, Field(ge=50, le=MAX_INTEGER)] = 2000
    seed: Seed = 0
    category: Text = DOMAIN
    skip_unusable: StrictBool = False

    @model_validator(mode="after")
    def _one_source(self) -> DomainEntry:
        if bool(self.files) == (self.hub is not None):
            raise ValueError("a domain has either files or hub: write files: data/*.jsonl, or hub: org/name")
        return self


class ChoiceEntry(_Strict):
    """One of `choice_tasks`: questions with choices, scored like the suite's."""

    files: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)]
    question: Text = "question"
    choices: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)] = ["choices"]
    answer: Text = "answer"
    index_from: Literal[0, 1] = 0
    prompt: Text = "Question: {question}\nAnswer:"
    score: Literal["text", "letter"] = "text"
    examples: Files = []
    items: Amount = 1000
    seed: Seed = 0
    category: Text | None = None
    skip_unusable: StrictBool = False

    @field_validator("prompt")
    @classmethod
    def _a_template(cls, prompt: str) -> str:
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(prompt) if name is not None}
        except ValueError as error:
            raise ValueError(f"{error}: write {{{{ and }}}} for braces that are meant as such") from None
        if "question" not in names:
            raise ValueError("it must contain {question}, where the question is inserted")
        if "\\n" in prompt:
            raise ValueError(r"'\n' is a backslash and an n here: put the prompt in double quotes")
        if prompt != prompt.rstrip():
            raise ValueError("it ends with white space: each choice begins with a space, so leave it out")
        return prompt

    @model_validator(mode="after")
    def _letters_are_shown(self) -> ChoiceEntry:
        if self.score == "letter" and "{choices}" not in self.prompt:
            raise ValueError(
                "score: letter asks for A, B ...: show them in the prompt, as in "
                r'prompt: "{question}\n{choices}\nAnswer:"'
            )
        return self


DomainEntries = Annotated[
    dict[StrictStr, Annotated[DomainEntry, BeforeValidator(_short_domain)]], BeforeValidator(none_as_empty)
]
ChoiceEntries = Annotated[
    dict[StrictStr, Annotated[ChoiceEntry, BeforeValidator(_short_choice)]], BeforeValidator(none_as_empty)
]


def own_tasks(
    domains: dict[str, DomainEntry], choice_tasks: dict[str, ChoiceEntry], source: Source, *, files_needed: bool
) -> Iterator[OwnTask]:
    """The tasks of both sections, domains first.

    Parameters
    ----------
    files_needed : whether a pattern must fit a file; not where results are read instead

    Raises
    ------
    ManifestError : a name that is taken or fits no file name, or files that are not there.
    """
    base = absolute(".", source.path.parent)
    for name, domain in domains.items():
        where = ("domains", name)
        _check_name(name, where, source)
        yield OwnTask(
            name=name,
            kind="rolling",
            files=_file_patterns(domain.files, (*where, "files"), source, needed=files_needed),
            base=base,
            hub=domain.hub,
            subset=domain.subset,
            split=domain.split,
            field=domain.field,
            amount=domain.documents,
            max_characters=domain.max_characters,
            seed=domain.seed,
            category=domain.category,
            skip_unusable=domain.skip_unusable,
        )
    for name, choice in choice_tasks.items():
        where = ("choice_tasks", name)
        _check_name(name, where, source)
        if name in domains:
            raise source.error(where, f"{name} is a domain, too: give the two different names")
        yield OwnTask(
            name=name,
            kind="choice",
            files=_file_patterns(choice.files, (*where, "files"), source, needed=files_needed),
            base=base,
            examples=_file_patterns(choice.examples, (*where, "examples"), source, needed=files_needed),
            field=choice.question,
            choices=tuple(choice.choices),
            answer=choice.answer,
            index_from=choice.index_from,
            prompt=choice.prompt,
            letters=choice.score == "letter",
            amount=choice.items,
            seed=choice.seed,
            category=choice.category,
            skip_unusable=choice.skip_unusable,
        )


def _check_name(name: str, where: tuple[str, str], source: Source) -> None:
    if not _NAME.fullmatch(name):
        raise source.error(where, f"the name {name!r} is no file name: use letters, digits, '_', '-' and '.'")
    if name.startswith(_RESERVED):
        raise source.error(where, f"{name}: names that begin with {_RESERVED} are the suite's: take another")


def _file_patterns(files: list[str], where: tuple[str, ...], source: Source, *, needed: bool) -> tuple[str, ...]:
    """Absolute patterns, each of which fits a file if that is needed; ``where`` is their place in the manifest."""
    found = []
    for index, pattern in enumerate(files):
        path = absolute(pattern, source.path.parent)
        if needed and path.is_dir():
            mend = f"write {pattern.rstrip('/')}/*.jsonl, for example"
            raise source.error((*where, index), f"{where[1]}: {pattern} is a folder: {mend}")
        fits = path.is_file() or any(Path(name).is_file() for name in iglob(str(path), recursive=True))
        if needed and not fits:
            kind = "no file fits" if set(pattern) & set("*?[") else "no such file:"
            raise source.error((*where, index), f"{where[1]}: {kind} {pattern} (looked for {path}): check the path")
        found.append(str(path))
    return tuple(found)


# `mauve` of checkpoints.yaml: reference text, and the model that reads it beside what the checkpoints write.


class MauveEntry(BaseModel):
    """What the texts are compared with, and by whose eyes."""

    model_config = STRICT

    reference: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)]
    model: Text
    field: Text = "text"
    texts: Annotated[StrictInt, Field(ge=MIN_TEXTS, le=MAX_INTEGER)] = 1000
    longest: Annotated[StrictInt, Field(ge=1, le=MAX_INTEGER)] = 128
    seed: Seed = 0
    skip_unusable: StrictBool = False


def reference_text(entry: MauveEntry | None, source: Source, *, needed: bool) -> ReferenceText | None:
    """The reference of `mauve`, None without one.

    Parameters
    ----------
    needed : whether files and model must be there; where results are read, what is missing is reported later

    Raises
    ------
    ManifestError : a pattern that fits no file, or a model that is no folder with a config.json.
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
        files=_file_patterns(entry.reference, ("mauve", "reference"), source, needed=needed),
        base=Path(absolute(".", base)),
        model=model,
        field=entry.field,
        amount=entry.texts,
        longest=entry.longest,
        seed=entry.seed,
        skip_unusable=entry.skip_unusable,
    )
