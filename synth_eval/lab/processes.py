"""Jobs that each make one folder and need each other: what they are, and doing them one process a core."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from synth_eval.errors import CheckpointError

TICK = 8192  # tokens between two reports to the progress bar
NOTE = "lab.json"  # what a folder was made from; written last

OnProgress = Callable[[str, int, int], None]  # label, tokens done in this step, tokens expected in all of the job
OnMessage = Callable[[str], None]


class Keyed(Protocol):
    """A recipe: equal keys make equal folders."""

    def key(self) -> str: ...


@dataclass(frozen=True)
class Job:
    """A piece of work that makes one folder, written whole or not at all."""

    kind: str  # what is done
    folder: Path
    recipe: Keyed
    label: str  # for the progress bar and for errors
    tokens: int = 0  # how many the progress bar expects
    needs: tuple[Path, ...] = ()  # folders that must be there first
    seed: int = 0
    ratio: float = 0.0
    iteration: int = 1
    source: str = "self"
    start: Path | None = None  # folder of the model that it begins with, or of the tokenizer
    text: Path | None = None  # folder of synthetic text

    def is_done(self) -> bool:
        """Whether the folder is there, whole.

        Raises
        ------
        CheckpointError : it was made by another recipe.
        """
        if not (self.folder / NOTE).is_file():
            return False
        made, key = self.note().get("recipe_key"), self.recipe.key()
        if made != key:
            raise CheckpointError(
                f"{self.folder}: was built by another recipe ({made}, now {key}); "
                "delete the folder, or give another path"
            )
        return True

    def note(self) -> dict[str, Any]:
        """What `write_note` wrote into the finished folder."""
        found: dict[str, Any] = json.loads((self.folder / NOTE).read_text(encoding="utf-8"))
        return found

    def write_note(self, folder: Path, **made: Any) -> None:
        """Put into ``folder`` what it was made from; with it, the folder is finished."""
        note = {
            "recipe_key": self.recipe.key(),
            "kind": self.kind,
            "seed": self.seed,
            "ratio": self.ratio,
            "iteration": self.iteration,
            "source": self.source,
            **made,
        }
        (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


class Progress(Protocol):
    """What a job reports while it works."""

    def __call__(self, tokens: int) -> None:
        """So many tokens more are done."""

    def expect(self, more: int) -> None:
        """The job takes so many tokens more than was thought, or fewer (below 0)."""


AnyJob = TypeVar("AnyJob", bound=Job)
Perform = Callable[[Any, Progress], str]  # a function of a module: other processes import it


def run_jobs(
    jobs: Sequence[AnyJob],
    perform: Perform,
    *,
    on_progress: OnProgress,
    on_message: OnMessage,
    processes: int | None = None,
) -> None:
    """Do the jobs in their order, as many at a time as there are cores, each after the folders that it needs.

    ``perform`` returns a message for the user, or "".

    Raises
    ------
    CheckpointError : a job failed. What was made before is kept, and the next call continues from there.
    """
    if not jobs:
        return
    _set_environment()
    waiting = list(jobs)
    missing = {job.folder for job in jobs}
    context = multiprocessing.get_context("spawn")
    with _ending_on_sigterm(), context.Manager() as manager:
        reports = manager.Queue()
        workers = processes or os.cpu_count() or 1
        pool = ProcessPoolExecutor(workers, mp_context=context)
        running: dict[Future[str], AnyJob] = {}
        try:
            while waiting or running:
                ready = [job for job in waiting if not missing & set(job.needs)]
                for job in ready[: workers - len(running)]:  # the first of those that can be done, whenever one is free
                    waiting.remove(job)
                    running[pool.submit(_run, perform, job, reports)] = job
                finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                with contextlib.suppress(queue.Empty):
                    while True:
                        on_progress(*reports.get_nowait())
                for future in finished:
                    job = running.pop(future)
                    message = _result(future, job.label)
                    if message:
                        on_message(message)
                    missing.discard(job.folder)
        except BaseException:
            for process in list(getattr(pool, "_processes", {}).values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def _result(future: Future[str], label: str) -> str:
    try:
        return future.result()
    except CheckpointError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise CheckpointError(
            f"{label}: could not be built: {type(error).__name__}{': ' + reason[0] if reason else ''}"
        ) from error


def _run(perform: Perform, job: Job, reports: Any) -> str:
    """In the worker: do the job."""
    parent = multiprocessing.parent_process()

    def send(report: tuple[str, int, int]) -> None:
        if parent is not None and not parent.is_alive():  # nobody waits for the result any more
            os._exit(1)  # the manager of the queue is gone too, and there is nothing to tidy but a temporary folder
        reports.put(report)

    progress = ProgressSender(job.label, job.tokens, send)
    message = perform(job, progress)
    progress.flush()
    return message


class ProgressSender:
    """Passes a job's progress on, `TICK` tokens at a time: (label, tokens done since, tokens expected in all)."""

    def __init__(self, label: str, expected: int, send: Callable[[tuple[str, int, int]], None]) -> None:
        self._label, self._expected, self._send = label, expected, send
        self._pending = 0

    def __call__(self, tokens: int) -> None:
        self._pending += tokens
        if self._pending >= TICK:
            self.flush()

    def expect(self, more: int) -> None:
        self._expected += more

    def flush(self) -> None:
        if self._pending:
            self._send((self._label, self._pending, self._expected))
            self._pending = 0


@contextlib.contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """SIGTERM ends this process as an interruption does, with its workers, and not alone."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # only that one may set handlers
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _set_environment() -> None:
    """For the child processes: they import torch with these settings."""
    os.environ["OMP_NUM_THREADS"] = "1"  # two threads on a small shared machine are many times slower than one
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
