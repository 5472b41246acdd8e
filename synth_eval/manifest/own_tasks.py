"""`domains` and `choice_tasks` of checkpoints.yaml: the user's own data as tasks. docs/own-tasks.md explains them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
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
from synth_eval.types import DOMAIN, LEAST_TEXTS, OwnTask, ReferenceText

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
Amount = Annotated[StrictInt, Field(ge=1)]


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
    max_characters: Annotated[StrictInt, Field(ge=50)] = 2000
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


class OwnTaskError(ValueError):
    """A mistake in one of the user's own tasks; ``location`` is where in the manifest."""

    def __init__(self, location: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.location = location


def own_tasks(
    domains: dict[str, DomainEntry], choice_tasks: dict[str, ChoiceEntry], *, base: Path, files_needed: bool
) -> Iterator[OwnTask]:
    """The tasks of both sections, domains first.

    Parameters
    ----------
    base : folder of the manifest, where relative paths start
    files_needed : whether a pattern must fit a file; not where results are read instead

    Raises
    ------
    OwnTaskError : a name that is taken or fits no file name, or files that are not there.
    """
    for name, domain in domains.items():
        where = ("domains", name)
        _check_name(name, where)
        yield OwnTask(
            name=name,
            kind="rolling",
            files=file_patterns(domain.files, (*where, "files"), base, needed=files_needed),
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
        _check_name(name, where)
        if name in domains:
            raise OwnTaskError(where, f"{name} is a domain, too: give the two different names")
        yield OwnTask(
            name=name,
            kind="choice",
            files=file_patterns(choice.files, (*where, "files"), base, needed=files_needed),
            base=base,
            examples=file_patterns(choice.examples, (*where, "examples"), base, needed=files_needed),
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


def _check_name(name: str, where: tuple[str, str]) -> None:
    if not _NAME.fullmatch(name):
        raise OwnTaskError(where, f"the name {name!r} is no file name: use letters, digits, '_', '-' and '.'")
    if name.startswith(_RESERVED):
        raise OwnTaskError(where, f"{name}: names that begin with {_RESERVED} are the suite's: take another")


def file_patterns(files: list[str], where: tuple[str, ...], base: Path, *, needed: bool) -> tuple[str, ...]:
    """Absolute patterns, each of which fits a file if that is needed; ``where`` is their place in the manifest."""
    found = []
    for index, pattern in enumerate(files):
        path = absolute(pattern, base)
        if needed and path.is_dir():
            mend = f"write {pattern.rstrip('/')}/*.jsonl, for example"
            raise OwnTaskError((*where, index), f"{where[1]}: {pattern} is a folder: {mend}")
        if needed and not _fits_a_file(path):
            kind = "no file fits" if set(pattern) & set("*?[") else "no such file:"
            raise OwnTaskError((*where, index), f"{where[1]}: {kind} {pattern} (looked for {path}): check the path")
        found.append(str(path))
    return tuple(found)


def _fits_a_file(path: Path) -> bool:
    from glob import iglob

    return path.is_file() or any(Path(found).is_file() for found in iglob(str(path), recursive=True))


# `mauve` of checkpoints.yaml: reference text, and the model that reads it beside what the checkpoints write.


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
