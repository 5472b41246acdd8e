"""What the jobs of the study do, each in a process of its own."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from studies.lab_study.plan import SELF, StudyJob, StudyRecipe
from studies.lab_study.quality import source_quality
from studies.lab_study.training import continue_prompts, held_out_documents, loss_by_kind, mixed, train_over_budgets
from studies.lab_study.world import natural_documents
from studies.lab_study.writers import WRITTEN, Request, pairs, requests
from synth_eval.lab.corpus import encode_documents, load_tokenizer, sample_documents, train_tokenizer
from synth_eval.lab.jobs import read_text, save, write_text
from synth_eval.lab.processes import Progress
from synth_eval.lab.training import Lesson, load_model, new_model, train
from synth_eval.results import atomic_folder

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

TOKENIZER_DOCUMENTS = 4000  # natural, and as many lessons with their prompts
REQUESTS = 2048  # answered at a time
JUDGED = 3000  # documents that the quality of a source is measured on
COPIED = (4, 24)  # tokens of a sequence that the writing models learn to copy


def perform(job: StudyJob, progress: Progress) -> str:
    """Do one job; returns "" (no message)."""
    kinds: dict[str, Callable[[StudyJob, Progress], None]]
    kinds = {"tokenizer": _tokenizer, "copier": _copier, "writer": _writer, "text": _text, "run": _run}
    kinds[job.kind](job, progress)
    return ""


def _tokenizer(job: StudyJob, progress: Progress) -> None:
    texts = [document.text for document in islice(natural_documents("tokenizer"), TOKENIZER_DOCUMENTS)]
    for source in WRITTEN:
        texts += [prompt + answer for prompt, answer in islice(pairs(source, key="tokenizer"), len(texts) // 9)]
    tokenizer = train_tokenizer(texts, vocabulary=job.recipe.vocabulary, context=job.recipe.context)
    with atomic_folder(job.folder) as folder:
        tokenizer.save_pretrained(folder)
        job.write_note(folder)


def _copier(job: StudyJob, progress: Progress) -> None:
    """A model that copies: from pairs alone, copying is learned late or not at all (docs/study.md)."""
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


def _fit(
    job: StudyJob,
    model: GPTNeoXForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    ids: list[list[int]],
    progress: Progress,
) -> None:
    """Train on all documents once with the family's schedule, and save."""
    loss = train(
        model,
        [Lesson(ids)],
        recipe=job.recipe.model(job.shape),
        learning_rate=job.recipe.learning_rate,
        seed=job.recipe.seed,
        progress=progress,
    )
    save(job, model, tokenizer, documents=len(ids), final_loss=loss)


def _text(job: StudyJob, progress: Progress) -> None:
    """Text of a source: written by its writing model, or sampled from the natural model of the same size."""
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
        write_text(folder, kept)
        shares = {name: dataclasses.asdict(value) for name, value in quality.items()}
        job.write_note(folder, documents=len(kept), quality=shares)


def _written(
    job: StudyJob, model: GPTNeoXForCausalLM, tokenizer: PreTrainedTokenizerFast, progress: Progress
) -> tuple[list[str], list[Request]]:
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
    assert job.start is not None
    recipe = job.recipe
    tokenizer = load_tokenizer(job.start)
    held_out = held_out_documents(tokenizer, each=recipe.held_out, context=recipe.context)
    model = new_model(recipe.model(job.shape), tokenizer, seed=recipe.seed)
    # One stream of natural text for all runs of a seed: a higher ratio reads less of it.
    natural = _encoded(tokenizer, (document.text for document in natural_documents(f"train-{recipe.seed}")), recipe)
    synthetic = _encoded(tokenizer, read_text(job.text) if job.text else iter(()), recipe)
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
        job.write_note(folder, size=job.shape.name, parameters=parameters, losses=losses)


def _encoded(tokenizer: PreTrainedTokenizerFast, texts: Iterator[str], recipe: StudyRecipe) -> Iterator[list[int]]:
    while some := list(islice(texts, 256)):
        yield from encode_documents(tokenizer, some, context=recipe.context)
