"""A model whose answers are written down batch by batch, and read instead of computed when they are known."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from synth_eval.errors import CheckpointError, first_line
from synth_eval.results.run_folder import LoggedAnswer, ResponseLog
from synth_eval.types import Checkpoint

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance
    from lm_eval.api.task import Task

    from synth_eval.harness.tasks import LoadedTask


PREFIX_CONTEXTS = 128
"""Items a batch for a model that encodes shared prefixes once: it encodes a task's header again in each batch, which
costs 4.5% with a header of 750 tokens and items of 130."""

ROLLING_WINDOWS = 8  # about so many windows of text a batch
CHARACTERS_A_TOKEN = 3
DEFAULT_ROWS = 64  # of a model that does not give its batch size

FALLBACK = "fallback"
"""Key of the log under which it is kept why the model fell back to standard scoring while it did this task."""

OnAnswers = Callable[[float], None]


def nothing(share: float) -> None:
    """Nobody is watching."""


class RecordedLM:
    """Stands for an lm-eval model; cuts its requests into batches that are the same on every run.

    A batch is answered whole: from the log if all its answers are there, by the model otherwise. So a run that was
    killed computes, when it is resumed, exactly the batches that an uninterrupted run computes, and rounds as it does:
    how a batch is put together moves log-likelihoods by about 1e-6. Sampling starts each batch from a seed of its own.

    Parameters
    ----------
    model : an lm-eval model of one process.
    log : of this checkpoint, task and settings.
    seed : of sampled answers; batch i is sampled with seed + i.
    on_answers : called after each batch with the share of the requests is answered.
    """

    def __init__(self, model: Any, log: ResponseLog, *, seed: int, on_answers: OnAnswers = nothing) -> None:
        self._model = model
        self._log = log
        self._seed = seed
        self._on_answers = on_answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def loglikelihood(self, requests: Sequence[Any]) -> list[LoggedAnswer]:
        return self._answered("loglikelihood", requests)

    def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[LoggedAnswer]:
        return self._answered("loglikelihood_rolling", requests)

    def generate_until(self, requests: Sequence[Any]) -> list[LoggedAnswer]:
        return self._answered("generate_until", requests)

    def _answered(self, kind: str, requests: Sequence[Any]) -> list[LoggedAnswer]:
        """Answers of a task. If the model falls back to standard scoring meanwhile, all of them are made that way."""
        known = self._log.answers.get(FALLBACK)
        if known is not None and _fallback(self._model) is None:
            self._model.fall_back(str(known))
        before = _fallback(self._model)
        answers = self._answered_once(kind, requests, before)
        if (reason := _fallback(self._model)) != before:
            self._log.forget()
            self._log.append({FALLBACK: str(reason)})
            answers = self._answered_once(kind, requests, reason)
        return answers

    def _answered_once(self, kind: str, requests: Sequence[Any], fallback: str | None) -> list[LoggedAnswer]:
        """The answers, or none once the model falls back to standard scoring."""
        arguments = [request.args for request in requests]
        keys = request_keys(kind, arguments)
        known = self._log.answers
        answered = 0
        for number, batch in enumerate(batches(kind, arguments, self._model)):
            if not all(keys[index] in known for index in batch):
                if kind == "generate_until":
                    _seed(self._seed + number)
                made = getattr(self._model, kind)([requests[index] for index in batch])
                if _fallback(self._model) != fallback:
                    return []
                self._log.append({keys[index]: _plain(answer) for index, answer in zip(batch, made, strict=True)})
            answered += len(batch)
            self._on_answers(answered / len(requests))
        if hasattr(self._model, "confirm"):
            self._model.confirm()
        return [known[key] for key in keys]


def _fallback(model: Any) -> str | None:
    """Why the model does not use shared prefixes, "" if it never did; None if it does."""
    reason: str | None = getattr(model, "fallback_reason", "")
    return reason


def request_keys(kind: str, arguments: Sequence[tuple[Any, ...]]) -> list[str]:
    """A name for each request of a task: kind, hash of its arguments, and how often these occurred before.

    Repeats of a request are sampled anew and are answers of their own.
    """
    from lm_eval.api.model import hash_args

    seen: Counter[str] = Counter()
    keys = []
    for each in arguments:
        content = f"{kind}:{hash_args(kind, each)[:32]}"
        keys.append(f"{content}:{seen[content]}")
        seen[content] += 1
    return keys


def batches(kind: str, arguments: Sequence[tuple[Any, ...]], model: Any) -> list[list[int]]:
    """Indices of the requests of each batch; every request is in exactly one.

    The choices of an item stay together. Requests go by length, so that little is padded, the longest first, so that
    memory runs out at once or never; for a model that encodes shared prefixes once they stay in the task's order, in
    which items that share a passage are neighbours, and the batch with the longest item is the first: what is wrong
    with long prompts alone shows at once.
    """
    shares_prefixes = kind == "loglikelihood" and _fallback(model) is None
    groups: dict[Any, list[int]] = {}
    for index, each in enumerate(arguments):
        groups.setdefault(each[0], []).append(index)
    contexts = list(groups)
    if shares_prefixes:
        parts = [contexts[i : i + PREFIX_CONTEXTS] for i in range(0, len(contexts), PREFIX_CONTEXTS)]
        if parts:
            parts.insert(0, parts.pop(max(range(len(parts)), key=lambda part: max(map(len, parts[part])))))
        return [_indices(groups, part) for part in parts]
    contexts.sort(key=lambda context: (-len(context), context))
    rows = batch_rows(model)
    if kind == "loglikelihood_rolling":
        characters = ROLLING_WINDOWS * CHARACTERS_A_TOKEN * int(getattr(model, "max_length", 1024))
        return [_indices(groups, part) for part in _filled(contexts, [len(c) for c in contexts], characters)]
    return [_indices(groups, part) for part in _filled(contexts, [len(groups[c]) for c in contexts], rows)]


def batch_rows(model: Any) -> int:
    """The model's batch size. Where it is "auto", the largest that fits the memory is looked for once and kept."""
    size = getattr(model, "batch_size", None)
    if size == "auto" and hasattr(model, "_detect_batch_size"):
        size = model.batch_size_per_gpu = int(model._detect_batch_size())
    return size if isinstance(size, int) and size > 0 else DEFAULT_ROWS


def _filled(contexts: Sequence[str], costs: Sequence[int], most: int) -> Iterator[list[str]]:
    """Neighbours together as long as their costs add up to no more than ``most``; at least one each."""
    part: list[str] = []
    total = 0
    for context, cost in zip(contexts, costs, strict=True):
        if part and total + cost > most:
            yield part
            part, total = [], 0
        part.append(context)
        total += cost
    if part:
        yield part


def _indices(groups: dict[Any, list[int]], contexts: Sequence[str]) -> list[int]:
    return [index for context in contexts for index in groups[context]]


def _plain(answer: Any) -> LoggedAnswer:
    """In Python's own types, as the log gives it back."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, (tuple, list)):
        return float(answer[0]), bool(answer[1])
    return float(answer)


def _seed(seed: int) -> None:
    import torch

    torch.manual_seed(seed)


# A task's requests, made once and used for every checkpoint of a family.

SEED = 1234  # lm-eval's default, for few-shot draws and sampling


@dataclass(frozen=True)
class Prompts:
    """What is asked of every model: lm-eval's requests, in its order. ``key`` changes when any text of them does."""

    num_fewshot: int
    key: str
    instances: tuple[Instance, ...]
    generation: Mapping[str, Any] | None = None  # settings of a task that generates

    @property
    def items(self) -> int:
        """How many items are asked; one may take several requests."""
        return len({instance.doc_id for instance in self.instances})

    def give_to(self, task: Task) -> None:
        """Let the task ask these when lm-eval next evaluates it, instead of making them again."""
        configure(task, self.num_fewshot, self.generation)
        fresh = [replace(instance, resps=[], filtered_resps={}) for instance in self.instances]
        unset: Any = task
        unset.build_all_requests = lambda **options: setattr(task, "_instances", fresh)


class PromptBook:
    """The prompts of each task and way to ask; those under a chat template of one tokenizer at a time."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Prompts] = {}
        self._templated: dict[tuple[Any, ...], Prompts] = {}
        self._template = ""

    def prompts(self, loaded: LoadedTask, checkpoint: Checkpoint, *, limit: float | None) -> Prompts:
        """Prompts of a task without a chat template, from memory if they were made before.

        They tell how many items are asked, and what is asked up to the template, before any tokenizer is loaded. A 0
        in the task's own configuration of examples is kept, as lm_eval keeps it.
        """
        return self._kept(self._made, loaded, checkpoint, limit, None)

    def templated(self, loaded: LoadedTask, checkpoint: Checkpoint, model: Any, *, limit: float | None) -> Prompts:
        """The prompts under the chat template of a model's tokenizer, to the letter as lm_eval makes them."""
        if loaded.task.OUTPUT_TYPE == "loglikelihood_rolling":  # of whole texts: no template is applied
            return self.prompts(loaded, checkpoint, limit=limit)
        template = template_key(model)
        if template != self._template:
            self._template, self._templated = template, {}
        return self._kept(self._templated, loaded, checkpoint, limit, model.apply_chat_template)

    def _kept(
        self,
        book: dict[tuple[Any, ...], Prompts],
        loaded: LoadedTask,
        checkpoint: Checkpoint,
        limit: float | None,
        chat_template: Callable[..., str] | None,
    ) -> Prompts:
        shots = loaded.num_fewshot
        if checkpoint.num_fewshot is not None and not loaded.zero_shot:
            shots = checkpoint.num_fewshot
        generation = None if loaded.generation is None else {**loaded.generation, **checkpoint.gen_kwargs}
        system = checkpoint.system_instruction or None
        turns = chat_template is not None and checkpoint.fewshot_as_multiturn
        key = (loaded.name, limit, shots, system, turns, json.dumps(generation, sort_keys=True, default=str))
        if key not in book:
            try:
                book[key] = make_prompts(
                    loaded.task,
                    num_fewshot=shots,
                    limit=limit,
                    system_instruction=system,
                    generation=generation,
                    chat_template=chat_template,
                    fewshot_as_multiturn=turns,
                )
            except Exception as error:
                if not shots:
                    raise
                raise CheckpointError(
                    f"{loaded.name}: prompts with {shots} examples cannot be made ({first_line(error)}): its data may "
                    "have too few: write a smaller num_fewshot, or leave the task out"
                ) from error
        return book[key]


def make_prompts(
    task: Task,
    *,
    num_fewshot: int,
    limit: float | None,
    system_instruction: str | None = None,
    generation: Mapping[str, Any] | None = None,
    chat_template: Callable[..., str] | None = None,
    fewshot_as_multiturn: bool = False,
) -> Prompts:
    """The requests of a task's first ``limit`` items (a share of them below 1; all if None)."""
    from lm_eval.evaluator_utils import get_sample_size

    configure(task, num_fewshot, generation)
    task.build_all_requests(
        limit=get_sample_size(task, limit),
        rank=0,
        world_size=1,
        system_instruction=system_instruction,
        apply_chat_template=chat_template is not None,
        fewshot_as_multiturn=fewshot_as_multiturn,
        chat_template=chat_template,
    )
    instances: tuple[Any, ...] = tuple(task._instances or ())
    task._instances = None
    digest = hashlib.sha256()
    for instance in instances:
        digest.update(json.dumps([instance.request_type, instance.args, instance.repeats], default=str).encode())
    return Prompts(num_fewshot, digest.hexdigest()[:16], instances, generation)


def configure(task: Task, num_fewshot: int, generation: Mapping[str, Any] | None = None) -> None:
    """Few-shot count, settings of generation and draw; the draw starts over, so that a task's prompts do not depend on
    what ran before."""
    task.set_config(key="num_fewshot", value=num_fewshot)
    if generation is not None:
        task.set_config(key="generation_kwargs", value=dict(generation))
    task.set_fewshot_seed(seed=SEED)


def template_key(model: Any) -> str:
    """What decides how a model's tokenizer writes messages: its templates, special tokens and their arguments."""
    tokenizer = getattr(model, "tokenizer", None)
    special = {name: str(value) for name, value in sorted(getattr(tokenizer, "special_tokens_map", {}).items())}
    about = [getattr(tokenizer, "chat_template", None), special, getattr(model, "chat_template_args", None)]
    return json.dumps(about, sort_keys=True, default=str)


def chosen_template(model: Any, wanted: bool | str) -> str | None:
    """The text of the chat template that is applied; None where none is, or the model's class keeps it to itself."""
    templates = getattr(getattr(model, "tokenizer", None), "chat_template", None) if wanted else None
    if isinstance(templates, Mapping):
        templates = templates.get("default" if wanted is True else wanted)
    return templates if isinstance(templates, str) else None
