"""Evaluate checkpoints one after the other in this process, and report what happens."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from synth_eval.calibration.items import score_samples
from synth_eval.errors import CheckpointError, SynthEvalError
from synth_eval.harness.environment import one_line
from synth_eval.harness.model import ReadAhead, engine, load_model, release
from synth_eval.harness.native import environment_in_background, evaluate_task, write_native
from synth_eval.harness.recorded import PromptBook, Prompts, chosen_template
from synth_eval.harness.tasks import LoadedTask
from synth_eval.results import (
    Evaluation,
    RunFolder,
    model_fingerprint,
    read_samples,
    run_settings,
    settings_fingerprint,
)
from synth_eval.results.run_folder import ResponseLog
from synth_eval.types import Checkpoint, ProgressListener

if TYPE_CHECKING:
    from lm_eval.api.model import LM


@dataclass(frozen=True)
class Piece:
    """One task to be asked of one checkpoint."""

    task: LoadedTask
    prompts: Prompts
    key: str


@dataclass
class Runner:
    """Evaluates checkpoints in this process; what all of them share."""

    folder: RunFolder
    limit: float | None
    listener: ProgressListener
    outcome: Evaluation
    full_hash: bool
    tasks: list[LoadedTask]
    book: PromptBook = field(default_factory=PromptBook)
    memos: dict[str, Any] = field(default_factory=dict)  # tokens by the content of the tokenizer that made them
    ahead: ReadAhead = field(default_factory=ReadAhead)

    @contextmanager
    def failing_alone(self, checkpoint: Checkpoint) -> Iterator[None]:
        """Whatever goes wrong inside is this checkpoint's failure; an interrupt is none."""
        try:
            yield
        except Exception as error:
            reason = str(error) if isinstance(error, SynthEvalError) else f"{checkpoint.name}: {one_line(error)}"
            self.outcome.failures[checkpoint.name] = reason
            self.listener.said(reason)

    def evaluate_all(self, todo: Sequence[tuple[Checkpoint, list[Piece]]]) -> None:
        """One after the other."""
        if todo:
            environment_in_background()
        following = [checkpoint.path for checkpoint, _ in todo[1:]]
        for (checkpoint, missing), path in zip(todo, [*following, None]):
            with self.failing_alone(checkpoint):
                self.evaluate(checkpoint, missing, then_read=path)
        self.ahead.stop()

    def evaluate_one(self, checkpoint: Checkpoint, fingerprint: str, tasks: Sequence[str]) -> tuple[int, str | None]:
        """Some tasks of a checkpoint whose fingerprint is known; returns how many were run, and why if it failed."""
        environment_in_background()
        before = self.outcome.evaluated
        self.outcome.fingerprints[checkpoint.name] = fingerprint
        with self.failing_alone(checkpoint):
            pieces = [piece for piece in self.pieces(checkpoint) if piece.task.name in tasks]
            self.evaluate(checkpoint, pieces, then_read=None)
        return self.outcome.evaluated - before, self.outcome.failures.get(checkpoint.name)

    def missing(self, checkpoint: Checkpoint) -> list[Piece]:
        """The tasks whose results are not there under the key of the present settings."""
        fingerprint = self.outcome.fingerprints[checkpoint.name]
        return [
            piece
            for piece in self.pieces(checkpoint)
            if not self.folder.task_done(fingerprint, piece.task.name, piece.key)
        ]

    def settings(self, checkpoint: Checkpoint) -> dict[str, Any]:
        """What decides its results besides its content and the tasks."""
        return run_settings(checkpoint, limit=self.limit, engine=engine(checkpoint))

    def pieces(self, checkpoint: Checkpoint) -> list[Piece]:
        """Every task, with the prompts and the key of the present settings; the keys are noted."""
        settings = settings_fingerprint(self.settings(checkpoint))
        pieces = []
        for task in self.tasks:
            prompts = self.book.prompts(task, checkpoint, limit=self.limit)
            key = f"{settings}-{task.key}-{prompts.key}"
            self.outcome.keys[checkpoint.name, task.name] = key
            pieces.append(Piece(task, prompts, key))
        return pieces

    def evaluate(self, checkpoint: Checkpoint, missing: list[Piece], *, then_read: str | None) -> None:
        """Ask one checkpoint all that is missing; meanwhile read the next one's weights."""
        left = list(missing)
        self.listener.started(checkpoint.name, "loading")
        try:
            model = self._load(checkpoint)
            try:
                self.ahead.start(then_read)
                failed: dict[str, str] = {}
                while left:
                    self._evaluate_alone(model, checkpoint, left[0], failed)
                    left.pop(0)
                if failed:
                    reasons = "; ".join(f"{task}: {reason}" for task, reason in failed.items())
                    self.outcome.failures[checkpoint.name] = reasons
            finally:
                release(model)
                gc.freeze()  # tasks, prompts and modules stay to the end: later collections need not look at them
        finally:
            for piece in left:  # the progress bar counts what will never come
                self.listener.finished(checkpoint.name, piece.task.name, 0, of=piece.prompts.items)

    def _load(self, checkpoint: Checkpoint) -> LM:
        model = load_model(checkpoint)
        now = model_fingerprint(checkpoint, full=self.full_hash)
        if now != self.outcome.fingerprints[checkpoint.name]:
            release(model)
            raise CheckpointError(
                f"{checkpoint.name}: {checkpoint.path} was changed while it was read: run again when it is finished"
            )
        shared: Any = model
        if hasattr(shared, "memo"):  # checkpoints whose tokenizers do the same share what these made of the prompts
            from synth_eval.harness.shared_prefix.tokens import tokenizer_key

            key = f"{tokenizer_key(shared.tokenizer)} {shared.add_bos_token} {shared.prefix_token_id}"
            shared.memo = self.memos.setdefault(key, shared.memo)
        return model

    def _evaluate_alone(self, model: LM, checkpoint: Checkpoint, piece: Piece, failed: dict[str, str]) -> None:
        """One task; if it fails, its reason is put into ``failed``."""
        name = piece.task.name
        fingerprint = self.outcome.fingerprints[checkpoint.name]
        self.listener.started(checkpoint.name, name, piece.prompts.items)
        items = 0
        # The same weights may be at two places of a family; the second place finds the work done.
        if not self.folder.task_done(fingerprint, name, piece.key):
            try:
                items = self._evaluate_piece(model, checkpoint, piece, fingerprint)
                self.outcome.evaluated += 1
            except Exception as error:
                failed[name] = str(error) if isinstance(error, SynthEvalError) else one_line(error)
                self.listener.said(f"{checkpoint.name}: {name}: {failed[name]}")
        self.listener.finished(checkpoint.name, name, items, of=piece.prompts.items)

    def _evaluate_piece(self, model: LM, checkpoint: Checkpoint, piece: Piece, fingerprint: str) -> int:
        task, prompts = piece.task, piece.prompts
        if checkpoint.apply_chat_template:
            prompts = self.book.templated(task, checkpoint, model, limit=self.limit)
        with ResponseLog(self.folder.progress(fingerprint, task.name, piece.key)) as log:
            answered = partial(self.listener.answered, checkpoint.name, task.name)
            results = evaluate_task(model, task.task, limit=self.limit, prompts=prompts, log=log, on_answers=answered)
            template = chosen_template(model, checkpoint.apply_chat_template)
            samples_file = write_native(
                results, checkpoint, task.name, self.folder.native(fingerprint), chat_template=template
            )
            table = score_samples(read_samples(samples_file), checkpoint=checkpoint.name, category=task.category)
            self.folder.save_items(fingerprint, table, key=piece.key)
            log.discard()
        return len(table)
