"""The pieces of work of a miniature family, each run in a process of its own and written whole or not at all."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.errors import CheckpointError
from synth_eval.lab.corpus import documents
from synth_eval.lab.processes import Progress
from synth_eval.lab.recipe import Recipe
from synth_eval.results import atomic_folder

if TYPE_CHECKING:
    from synth_eval.lab.training import Lesson

ATTEMPTS = 3  # bases trained before giving up on a seed
EXTRA_LESSONS = 3  # for what a base has not learned, before it is rejected
NOTE = "lab.json"  # what a folder of the lab was made from
SYNTHETIC = "synthetic.jsonl"
FIRST_LEARNED = ("synth_lookup", "synth_tracking", "synth_deduction")
LEARNED = 0.65  # accuracy at level 1 that ends a lesson
TOKENIZER_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Work:
    """One job: ``kind`` names a function below, ``folder`` is what it makes."""

    kind: str  # tokenizer | base | sample | checkpoint
    folder: Path
    recipe: Recipe
    label: str
    seed: int = 0
    tokens: int = 0  # how much the progress bar expects
    ratio: float = 0.0
    iteration: int = 1
    source: str = "self"
    tokenizer: Path | None = None
    base: Path | None = None
    synthetic: Path | None = None  # folder of sampled text, or of the model to sample from


def perform(work: Work, progress: Progress) -> str:
    """Do one job; returns a line worth telling, or "". Sets the process up for one thread first."""
    from synth_eval.lab.training import one_thread

    one_thread()
    return {"tokenizer": _tokenizer, "base": _base, "sample": _sample, "checkpoint": _checkpoint}[work.kind](
        work, progress
    )


def is_done(work: Work) -> bool:
    """Whether the job's folder is there, whole. Raises CheckpointError if another recipe made it."""
    return is_whole(work.folder, key=work.recipe.key(), otherwise="give the family other paths")


def is_whole(folder: Path, *, key: str, otherwise: str) -> bool:
    """Whether a job has finished this folder under the recipe's key.

    Raises
    ------
    CheckpointError : it was made by another recipe; ``otherwise`` is what to do but to delete it.
    """
    note = folder / NOTE
    if not note.is_file():
        return False
    made = json.loads(note.read_text(encoding="utf-8")).get("recipe_key")
    if made != key:
        raise CheckpointError(
            f"{folder}: was built by another recipe ({made}, now {key}); delete the folder, or {otherwise}"
        )
    return True


def _tokenizer(work: Work, progress: Progress) -> str:
    from synth_eval.lab.tokenizer import train_tokenizer

    text = documents(work.recipe.mix, key="tokenizer", characters=TOKENIZER_CHARACTERS)
    tokenizer = train_tokenizer(text, vocabulary=work.recipe.vocabulary, context=work.recipe.context)
    with atomic_folder(work.folder) as folder:
        tokenizer.save_pretrained(folder)
        _write_note(folder, work, {"documents": len(text)})
    return ""


def _base(work: Work, progress: Progress) -> str:
    from synth_eval.lab.gate import shortfalls
    from synth_eval.lab.tokenizer import load_tokenizer
    from synth_eval.lab.training import new_model, train

    assert work.tokenizer is not None
    tokenizer = load_tokenizer(work.tokenizer)
    told = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            progress.expect(work.tokens)
        key = f"base-{work.seed}-{attempt}"
        model = new_model(work.recipe, tokenizer, seed=1000 * work.seed + attempt)
        loss = train(
            model,
            base_lessons(work.recipe, model, tokenizer, key=key),
            recipe=work.recipe,
            learning_rate=work.recipe.base_learning_rate,
            seed=work.seed,
            progress=progress,
            skipped=lambda tokens: progress.expect(-tokens),
        )
        missed = shortfalls(model, tokenizer) if work.recipe.gate else {}
        extra = 0
        while missed and extra < EXTRA_LESSONS:
            extra += 1
            progress.expect(work.recipe.tokens)
            told += f"{work.label}: not learned yet: {', '.join(missed.values())}; extra lesson {extra}. "
            lesson = _extra_lesson(work.recipe, tokenizer, list(missed), key=f"{key}-extra-{extra}")
            loss = train(
                model,
                [lesson],
                recipe=work.recipe,
                learning_rate=work.recipe.learning_rate,
                seed=work.seed + extra,
                progress=progress,
            )
            missed = shortfalls(model, tokenizer)
        if not missed:
            with atomic_folder(work.folder) as folder:
                model.save_pretrained(folder)
                tokenizer.save_pretrained(folder)
                made = {"attempt": attempt + 1, "extra_lessons": extra, "final_loss": loss, "said": told}
                _write_note(folder, work, made)
            return told
        told += f"{work.label}: base rejected; trained again from nothing. "
    raise CheckpointError(
        f"{work.label}: {ATTEMPTS} bases in a row did not learn every skill: {', '.join(missed.values())}; "
        "raise base_tokens, or set `gate: false` in the manifest's lab section"
    )


def _sample(work: Work, progress: Progress) -> str:
    from synth_eval.lab.sampling import sample_documents
    from synth_eval.lab.tokenizer import load_tokenizer
    from synth_eval.lab.training import load_model

    assert work.base is not None
    tokenizer = load_tokenizer(work.base)
    model = load_model(work.base)
    sampled = sample_documents(
        model,
        tokens=work.tokens,
        end=tokenizer.eos_token_id,
        context=work.recipe.context,
        seed=100 * work.seed + work.iteration,
        progress=progress,
    )
    with atomic_folder(work.folder) as folder:
        lines = "".join(json.dumps(tokenizer.decode(ids), ensure_ascii=False) + "\n" for ids in sampled)
        (folder / SYNTHETIC).write_text(lines, encoding="utf-8")
        _write_note(folder, work, {"documents": len(sampled), "sampled_from": work.base.name})
    return ""


def _checkpoint(work: Work, progress: Progress) -> str:
    from synth_eval.lab.tokenizer import encode_documents, load_tokenizer
    from synth_eval.lab.training import Lesson, load_model, train

    assert work.base is not None
    tokenizer = load_tokenizer(work.base)
    total = work.recipe.tokens
    # One stream of external text for all ratios of a seed and iteration: a higher ratio replaces its tail.
    key = f"continue-{work.seed}-{work.iteration}"
    ids = _external(work.recipe, tokenizer, key=key, tokens=round((1 - work.ratio) * total))
    synthetic: list[list[int]] = []
    if work.synthetic is not None and work.ratio > 0:
        text = [json.loads(line) for line in (work.synthetic / SYNTHETIC).read_text(encoding="utf-8").splitlines()]
        synthetic = _leading(encode_documents(tokenizer, text, context=work.recipe.context), round(work.ratio * total))
    model = load_model(work.base)
    loss = train(
        model,
        [Lesson(ids + synthetic)],
        recipe=work.recipe,
        learning_rate=work.recipe.learning_rate,
        seed=work.seed,
        progress=progress,
    )
    with atomic_folder(work.folder) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        made = {"external_tokens": sum(map(len, ids)), "synthetic_tokens": sum(map(len, synthetic)), "final_loss": loss}
        _write_note(folder, work, made)
    return ""


def base_tokens(recipe: Recipe) -> int:
    """Tokens that a base trains on if no lesson ends early and none is added."""
    return recipe.base_tokens + recipe.lesson_tokens * len(_first_lessons(recipe))


def base_lessons(recipe: Recipe, model: Any, tokenizer: Any, *, key: str) -> list[Lesson]:
    """A base's curriculum: level 1 of one skill more at a time, each until learned, then everything."""
    from synth_eval.lab.gate import easy_accuracy
    from synth_eval.lab.training import Lesson

    def learned(skills: Sequence[str]) -> bool:
        return all(easy_accuracy(model, tokenizer, skill) >= LEARNED for skill in skills)

    lessons = []
    known: list[str] = []
    for skill in _first_lessons(recipe):
        known.append(skill)
        # The new skill has as much text as all that came before it.
        mix = dict.fromkeys(known, 1.0) | {skill: max(1.0, len(known) - 1.0)}
        text = _external(
            dataclasses.replace(recipe, mix=mix),
            tokenizer,
            key=f"{key}-{skill}",
            tokens=recipe.lesson_tokens,
            easy=True,
        )
        lessons.append(Lesson(text, functools.partial(learned, tuple(known))))
    lessons.append(Lesson(_external(recipe, tokenizer, key=key, tokens=recipe.base_tokens)))
    return lessons


def _first_lessons(recipe: Recipe) -> list[str]:
    return [skill for skill in FIRST_LEARNED if recipe.mix.get(skill)]


def _extra_lesson(recipe: Recipe, tokenizer: Any, skills: Sequence[str], *, key: str) -> Lesson:
    """Text of the full mix in which the skills that were missed make up a half more."""
    from synth_eval.lab.training import Lesson

    whole = sum(recipe.mix.values())
    mix = {name: share / whole + 0.5 * (name in skills) / len(skills) for name, share in recipe.mix.items()}
    return Lesson(_external(dataclasses.replace(recipe, mix=mix), tokenizer, key=key, tokens=recipe.tokens))


def _external(recipe: Recipe, tokenizer: Any, *, key: str, tokens: int, easy: bool = False) -> list[list[int]]:
    """Skill documents of ``tokens`` tokens in all, encoded; the skills' own text, which no model wrote."""
    from synth_eval.lab.tokenizer import encode_documents

    if tokens <= 0:
        return []
    characters = tokens * 4  # a little more than needed; grown if the tokens turn out longer
    while True:
        text = documents(recipe.mix, key=key, characters=characters, easy=easy)
        ids = encode_documents(tokenizer, text, context=recipe.context)
        if sum(map(len, ids)) >= tokens:
            return _leading(ids, tokens)
        characters = round(1.3 * characters)


def _leading(ids: list[list[int]], tokens: int) -> list[list[int]]:
    """The first documents, as many as make up ``tokens`` tokens."""
    total = 0
    for n, document in enumerate(ids):
        if total >= tokens:
            return ids[:n]
        total += len(document)
    return ids


def _write_note(folder: Path, work: Work, made: dict[str, Any]) -> None:
    note = {
        "recipe_key": work.recipe.key(),
        "kind": work.kind,
        "seed": work.seed,
        "ratio": work.ratio,
        "iteration": work.iteration,
        "source": work.source,
        **made,
    }
    (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
