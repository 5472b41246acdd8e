"""Do jobs that need each other, one process a core."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any, Protocol, TypeVar

from synth_eval.errors import CheckpointError

TICK = 8192  # tokens between two words to the progress bar

OnProgress = Callable[[str, int, int], None]  # label, tokens done in this step, tokens expected in all of the job
OnMessage = Callable[[str], None]


class Job(Protocol):
    """What makes one folder."""

    @property
    def folder(self) -> Path: ...
    @property
    def label(self) -> str: ...
    @property
    def tokens(self) -> int: ...


class Progress(Protocol):
    """What a job tells while it works."""

    def __call__(self, tokens: int) -> None:
        """So many tokens more are done."""

    def expect(self, more: int) -> None:
        """The job takes so many tokens more than was thought, or fewer (below 0)."""


AnyJob = TypeVar("AnyJob", bound=Job)
Perform = Callable[[Any, Progress], str]  # a function of a module: other processes import it


def run_jobs(
    jobs: Sequence[AnyJob],
    needs: Mapping[Path, tuple[Path, ...]],
    perform: Perform,
    *,
    on_progress: OnProgress,
    on_message: OnMessage,
    processes: int | None = None,
) -> None:
    """Do the jobs in their order, as many at a time as there are cores, each after the folders that it needs.

    Raises
    ------
    CheckpointError : a job failed. What was made before is kept.
    """
    if not jobs:
        return
    _environment()
    waiting = list(jobs)
    coming = {job.folder for job in jobs}
    context = multiprocessing.get_context("spawn")
    with _ending_when_told(), context.Manager() as manager:
        ticks = manager.Queue()
        workers = processes or os.cpu_count() or 1
        pool = ProcessPoolExecutor(workers, mp_context=context)
        running: dict[Future[str], AnyJob] = {}
        try:
            while waiting or running:
                ready = [job for job in waiting if not coming & set(needs[job.folder])]
                for job in ready[: workers - len(running)]:  # the first of those that can be done, whenever one is free
                    waiting.remove(job)
                    running[pool.submit(_run, perform, job, ticks)] = job
                finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                _drain(ticks, on_progress)
                for future in finished:
                    job = running.pop(future)
                    message = _result(future, job.label)
                    if message:
                        on_message(message)
                    coming.discard(job.folder)
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


def _run(perform: Perform, job: Job, ticks: Any) -> str:
    told = Told(job.label, job.tokens, _unless_orphaned(ticks.put))
    said = perform(job, told)
    told.flush()
    return said


class Told:
    """Passes a job's progress on, `TICK` tokens at a time: (label, tokens done since, tokens expected in all)."""

    def __init__(self, label: str, expected: int, put: Callable[[tuple[str, int, int]], None]) -> None:
        self._label, self._expected, self._put = label, expected, put
        self._pending = 0

    def __call__(self, tokens: int) -> None:
        self._pending += tokens
        if self._pending >= TICK:
            self.flush()

    def expect(self, more: int) -> None:
        self._expected += more

    def flush(self) -> None:
        if self._pending:
            self._put((self._label, self._pending, self._expected))
            self._pending = 0


@contextlib.contextmanager
def _ending_when_told() -> Iterator[None]:
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


def _unless_orphaned(put: Callable[[tuple[str, int, int]], None]) -> Callable[[tuple[str, int, int]], None]:
    """Ends this process at its next word if the one that started it is gone: nobody waits for the result any more."""
    parent = multiprocessing.parent_process()

    def checked(word: tuple[str, int, int]) -> None:
        if parent is not None and not parent.is_alive():
            os._exit(1)  # the manager of the queue is gone too, and there is nothing to tidy but a temporary folder
        put(word)

    return checked


def _drain(ticks: Any, on_progress: OnProgress) -> None:
    while True:
        try:
            on_progress(*ticks.get_nowait())
        except queue.Empty:
            return


def _environment() -> None:
    """For the child processes: they import torch with these settings."""
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
