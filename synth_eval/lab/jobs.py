"""What the jobs of a miniature family do, each in a process of its own."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.errors import CheckpointError
from synth_eval.lab.corpus import documents, encode_documents, load_tokenizer, sample_documents, train_tokenizer
from synth_eval.lab.family import FamilyJob
from synth_eval.lab.processes import Job, Progress
from synth_eval.lab.recipe import Recipe
from synth_eval.lab.skill_check import easy_accuracy, shortfalls
from synth_eval.lab.training import Lesson, load_model, new_model, train
from synth_eval.results import atomic_folder

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

ATTEMPTS = 3  # bases trained before giving up on a seed
EXTRA_LESSONS = 3  # for what a base has not learned, before it is rejected
SYNTHETIC = "synthetic.jsonl"
LEARNED = 0.65  # accuracy at level 1 that ends a lesson
TOKENIZER_CHARACTERS = 1_000_000


def perform(job: FamilyJob, progress: Progress) -> str:
    """Do one job; returns a message for the user, or ""."""
    kinds: dict[str, Callable[[FamilyJob, Progress], str]]
    kinds = {"tokenizer": _tokenizer, "base": _base, "sample": _sample, "checkpoint": _checkpoint}
    return kinds[job.kind](job, progress)


def _tokenizer(job: FamilyJob, progress: Progress) -> str:
    text = documents(job.recipe.mix, key="tokenizer", characters=TOKENIZER_CHARACTERS)
    tokenizer = train_tokenizer(text, vocabulary=job.recipe.vocabulary, context=job.recipe.context)
    with atomic_folder(job.folder) as folder:
        tokenizer.save_pretrained(folder)
        job.write_note(folder, documents=len(text))
    return ""


def _base(job: FamilyJob, progress: Progress) -> str:
    assert job.start is not None
    tokenizer = load_tokenizer(job.start)
    message = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            progress.expect(job.tokens)
        key = f"base-{job.seed}-{attempt}"
        model = new_model(job.recipe, tokenizer, seed=1000 * job.seed + attempt)
        loss = train(
            model,
            base_lessons(job.recipe, model, tokenizer, key=key),
            recipe=job.recipe,
            learning_rate=job.recipe.base_learning_rate,
            seed=job.seed,
            progress=progress,
            skipped=lambda tokens: progress.expect(-tokens),
        )
        missed = shortfalls(model, tokenizer) if job.recipe.gate else {}
        extra = 0
        while missed and extra < EXTRA_LESSONS:
            extra += 1
            progress.expect(job.recipe.tokens)
            message += f"{job.label}: not learned yet: {', '.join(missed.values())}; extra lesson {extra}. "
            lesson = _extra_lesson(job.recipe, tokenizer, list(missed), key=f"{key}-extra-{extra}")
            loss = train(
                model,
                [lesson],
                recipe=job.recipe,
                learning_rate=job.recipe.learning_rate,
                seed=job.seed + extra,
                progress=progress,
            )
            missed = shortfalls(model, tokenizer)
        if not missed:
            made = {"attempt": attempt + 1, "extra_lessons": extra, "final_loss": loss, "said": message}
            save(job, model, tokenizer, **made)
            return message
        message += f"{job.label}: base rejected; trained again from nothing. "
    raise CheckpointError(
        f"{job.label}: {ATTEMPTS} bases in a row did not learn every skill: {', '.join(missed.values())}; "
        "raise base_tokens, or set `gate: false` in the manifest's lab section"
    )


def _sample(job: FamilyJob, progress: Progress) -> str:
    assert job.start is not None
    tokenizer = load_tokenizer(job.start)
    model = load_model(job.start)
    sampled = sample_documents(
        model,
        tokens=job.tokens,
        end=tokenizer.eos_token_id,
        context=job.recipe.context,
        seed=100 * job.seed + job.iteration,
        progress=progress,
    )
    with atomic_folder(job.folder) as folder:
        write_text(folder, map(tokenizer.decode, sampled))
        job.write_note(folder, documents=len(sampled), sampled_from=job.start.name)
    return ""


def _checkpoint(job: FamilyJob, progress: Progress) -> str:
    assert job.start is not None
    tokenizer = load_tokenizer(job.start)
    total = job.recipe.tokens
    # One stream of external text for all ratios of a seed and iteration: a higher ratio replaces its tail.
    key = f"continue-{job.seed}-{job.iteration}"
    ids = _external(job.recipe, tokenizer, key=key, tokens=round((1 - job.ratio) * total))
    synthetic: list[list[int]] = []
    if job.text is not None and job.ratio > 0:
        text = encode_documents(tokenizer, list(read_text(job.text)), context=job.recipe.context)
        synthetic = _leading(text, round(job.ratio * total))
    model = load_model(job.start)
    loss = train(
        model,
        [Lesson(ids + synthetic)],
        recipe=job.recipe,
        learning_rate=job.recipe.learning_rate,
        seed=job.seed,
        progress=progress,
    )
    made = {"external_tokens": sum(map(len, ids)), "synthetic_tokens": sum(map(len, synthetic)), "final_loss": loss}
    save(job, model, tokenizer, **made)
    return ""


def save(job: Job, model: GPTNeoXForCausalLM, tokenizer: PreTrainedTokenizerFast, **made: Any) -> None:
    """Write the trained model with its tokenizer and note."""
    with atomic_folder(job.folder) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        job.write_note(folder, **made)


def write_text(folder: Path, texts: Iterable[str]) -> None:
    """One document a line, as JSON."""
    lines = "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
    (folder / SYNTHETIC).write_text(lines, encoding="utf-8")


def read_text(folder: Path) -> Iterator[str]:
    """What `write_text` wrote."""
    with (folder / SYNTHETIC).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def base_lessons(
    recipe: Recipe, model: GPTNeoXForCausalLM, tokenizer: PreTrainedTokenizerFast, *, key: str
) -> list[Lesson]:
    """A base's curriculum: level 1 of one skill more at a time, each until learned, then everything."""

    def learned(skills: Sequence[str]) -> bool:
        return all(easy_accuracy(model, tokenizer, skill) >= LEARNED for skill in skills)

    lessons = []
    known: list[str] = []
    for skill in recipe.first_lessons:
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


def _extra_lesson(recipe: Recipe, tokenizer: PreTrainedTokenizerFast, skills: Sequence[str], *, key: str) -> Lesson:
    """Text of the full mix in which the skills that were missed make up a half more."""
    whole = sum(recipe.mix.values())
    mix = {name: share / whole + 0.5 * (name in skills) / len(skills) for name, share in recipe.mix.items()}
    return Lesson(_external(dataclasses.replace(recipe, mix=mix), tokenizer, key=key, tokens=recipe.tokens))


def _external(
    recipe: Recipe, tokenizer: PreTrainedTokenizerFast, *, key: str, tokens: int, easy: bool = False
) -> list[list[int]]:
    """Skill documents of ``tokens`` tokens in all, encoded; the skills' own text, which no model wrote."""
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
