"""The pieces of work of the study, each run in a process of its own and written whole or not at all."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from synth_eval.lab.jobs import NOTE, SYNTHETIC, is_whole
from synth_eval.lab.processes import Progress
from synth_eval.lab.study_recipe import NATURAL, SELF, Shape, StudyRecipe
from synth_eval.lab.world import natural_documents
from synth_eval.lab.writers import WRITTEN, Request, pairs, requests
from synth_eval.results import atomic_folder

TOKENIZER_DOCUMENTS = 4000  # natural, and as many lessons with their prompts
REQUESTS = 2048  # answered at a time
JUDGED = 3000  # documents that the quality of a source is measured on
COPIED = (4, 24)  # tokens of a sequence that the writing models learn to copy


@dataclass(frozen=True)
class StudyJob:
    """One job: ``kind`` names a function below, ``folder`` is what it makes."""

    kind: str  # tokenizer | copier | writer | text | run
    folder: Path
    recipe: StudyRecipe
    label: str
    tokens: int
    shape: Shape
    source: str = ""
    ratio: float = 0.0
    start: Path | None = None  # folder of the model that it begins with, or of the tokenizer
    text: Path | None = None  # of the source, for a run


def perform(job: StudyJob, progress: Progress) -> str:
    """Do one job; returns "" (nothing to tell)."""
    from synth_eval.lab.training import one_thread

    one_thread()
    doing = {"tokenizer": _tokenizer, "copier": _copier, "writer": _writer, "text": _text, "run": _run}
    doing[job.kind](job, progress)
    return ""


def is_done(job: StudyJob) -> bool:
    """Whether the job's folder is there, whole. Raises CheckpointError if another recipe made it."""
    return is_whole(job.folder, key=job.recipe.key(), otherwise="give the study another one")


def _tokenizer(job: StudyJob, progress: Progress) -> None:
    from synth_eval.lab.tokenizer import train_tokenizer

    texts = [document.text for document in islice(natural_documents("tokenizer"), TOKENIZER_DOCUMENTS)]
    for source in WRITTEN:
        texts += [prompt + answer for prompt, answer in islice(pairs(source, key="tokenizer"), len(texts) // 9)]
    tokenizer = train_tokenizer(texts, vocabulary=job.recipe.vocabulary, context=job.recipe.context)
    with atomic_folder(job.folder) as folder:
        tokenizer.save_pretrained(folder)
        _write_note(folder, job, {})


def _copier(job: StudyJob, progress: Progress) -> None:
    """A model that copies: from pairs alone, copying is learned late or not at all (docs/study.md)."""
    from synth_eval.lab.tokenizer import load_tokenizer
    from synth_eval.lab.training import new_model

    assert job.start is not None
    tokenizer = load_tokenizer(job.start)
    end, stop = tokenizer.eos_token_id, tokenizer.encode("\n", add_special_tokens=False)[0]
    draw = random.Random(job.recipe.seed)
    lines: list[list[int]] = []
    total = 0
    while total < job.tokens:
        line = [draw.randrange(1, job.recipe.vocabulary) for _ in range(draw.randint(*COPIED))]
        lines.append([end, *line, stop, *line, end])
        total += len(lines[-1])
    model = new_model(job.recipe.model(job.shape), tokenizer, seed=job.recipe.seed)
    _fit(job, model, tokenizer, lines, progress)


def _writer(job: StudyJob, progress: Progress) -> None:
    from synth_eval.lab.tokenizer import encode_documents, load_tokenizer
    from synth_eval.lab.training import load_model

    assert job.start is not None
    tokenizer = load_tokenizer(job.start)
    stream = pairs(job.source, key="train")
    ids: list[list[int]] = []
    total = 0
    while total < job.tokens:
        some = [prompt + answer for prompt, answer in islice(stream, 1000)]
        ids += encode_documents(tokenizer, some, context=job.recipe.context)
        total = sum(map(len, ids))
    _fit(job, load_model(job.start), tokenizer, ids, progress)


def _fit(job: StudyJob, model: Any, tokenizer: Any, ids: list[list[int]], progress: Progress) -> None:
    """Train on all documents once with the family's schedule, and save."""
    from synth_eval.lab.training import Lesson, train

    loss = train(
        model,
        [Lesson(ids)],
        recipe=job.recipe.model(job.shape),
        learning_rate=job.recipe.learning_rate,
        seed=job.recipe.seed,
        progress=progress,
    )
    with atomic_folder(job.folder) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        _write_note(folder, job, {"documents": len(ids), "final_loss": loss})


def _text(job: StudyJob, progress: Progress) -> None:
    """Text of a source: written by its writing model, or sampled from the natural model of the same size."""
    from synth_eval.lab.quality import source_quality
    from synth_eval.lab.sampling import sample_documents
    from synth_eval.lab.tokenizer import load_tokenizer
    from synth_eval.lab.training import load_model

    assert job.start is not None
    tokenizer, model, recipe = load_tokenizer(job.start), load_model(job.start), job.recipe
    end = tokenizer.eos_token_id
    if job.source == SELF:
        sampled = sample_documents(
            model, tokens=job.tokens, end=end, context=recipe.context, seed=recipe.seed, progress=progress
        )
        texts = [tokenizer.decode(ids) for ids in sampled]
        quality = source_quality(SELF, texts[:JUDGED])
    else:
        texts, asked = _written(job, model, tokenizer, progress)
        quality = source_quality(job.source, texts[:JUDGED], asked[:JUDGED])
    with atomic_folder(job.folder) as folder:
        kept = [text for text in texts if text]
        lines = "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in kept)
        (folder / SYNTHETIC).write_text(lines, encoding="utf-8")
        shares = {name: dataclasses.asdict(value) for name, value in quality.items()}
        _write_note(folder, job, {"documents": len(kept), "quality": shares})


def _written(job: StudyJob, model: Any, tokenizer: Any, progress: Progress) -> tuple[list[str], list[Request]]:
    from synth_eval.lab.prompted import continue_prompts
    from synth_eval.lab.tokenizer import encode_documents

    recipe = job.recipe
    stream = requests(job.source, key="write")
    texts: list[str] = []
    asked: list[Request] = []
    total = 0
    while total < job.tokens:
        some = list(islice(stream, REQUESTS))
        prompts = encode_documents(tokenizer, [request.prompt for request in some], context=recipe.context)
        answers = continue_prompts(
            model,
            [prompt[:-1] for prompt in prompts],  # without the closing end-of-text token
            end=tokenizer.eos_token_id,
            context=recipe.context,
            temperature=recipe.temperature,
            seed=recipe.seed + len(asked),
            progress=progress,
        )
        asked += some
        texts += [tokenizer.decode(answer) for answer in answers]
        total += sum(len(answer) + 2 for answer in answers if answer)
    return texts, asked


def _run(job: StudyJob, progress: Progress) -> None:
    """One size, source and ratio over all budgets: a model folder and its losses for each."""
    from synth_eval.lab.budgets import mixed, train_over_budgets
    from synth_eval.lab.held_out import held_out_documents, loss_by_kind
    from synth_eval.lab.tokenizer import load_tokenizer
    from synth_eval.lab.training import new_model

    assert job.start is not None
    recipe = job.recipe
    tokenizer = load_tokenizer(job.start)
    held_out = held_out_documents(tokenizer, each=recipe.held_out, context=recipe.context)
    model = new_model(recipe.model(job.shape), tokenizer, seed=recipe.seed)
    natural = _encoded(tokenizer, _natural(recipe), recipe)
    synthetic = _encoded(tokenizer, _synthetic(job), recipe)
    losses: dict[str, dict[str, float]] = {}
    with atomic_folder(job.folder) as folder:

        def at_budget(budget: int) -> None:
            losses[str(budget)] = loss_by_kind(model, held_out)
            model.save_pretrained(folder / f"d{budget}")
            tokenizer.save_pretrained(folder / f"d{budget}")

        train_over_budgets(
            model,
            mixed(natural, synthetic, job.ratio),
            budgets=recipe.budgets,
            batch_tokens=recipe.batch_tokens,
            learning_rate=recipe.learning_rate,
            warm_up=recipe.warm_up,
            decay=recipe.decay,
            seed=recipe.seed,
            at_budget=at_budget,
            progress=progress,
        )
        parameters = sum(parameter.numel() for parameter in model.parameters())
        _write_note(folder, job, {"size": job.shape.name, "parameters": parameters, "losses": losses})


def _natural(recipe: StudyRecipe) -> Iterator[str]:
    """One stream of natural text for all runs of a seed: a higher ratio reads less of it."""
    return (document.text for document in natural_documents(f"train-{recipe.seed}"))


def _synthetic(job: StudyJob) -> Iterator[str]:
    if job.text is None:
        return
    with (job.text / SYNTHETIC).open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _encoded(tokenizer: Any, texts: Iterator[str], recipe: StudyRecipe) -> Iterator[list[int]]:
    from synth_eval.lab.tokenizer import encode_documents

    while some := list(islice(texts, 256)):
        yield from encode_documents(tokenizer, some, context=recipe.context)


def _write_note(folder: Path, job: StudyJob, made: dict[str, Any]) -> None:
    note = {
        "recipe_key": job.recipe.key(),
        "kind": job.kind,
        "seed": job.recipe.seed,
        "source": job.source or NATURAL,
        "ratio": job.ratio,
        **made,
    }
    (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
