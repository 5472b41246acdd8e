"""Several checkpoints of a family at once, each in a process of its own: one a GPU, or one a share of the cores.

The parent decides what is to be done and sends one checkpoint at a time; a worker evaluates it as a run in one process
does, and reports back. A worker that the system kills (for want of memory) costs its checkpoint alone.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from synth_eval.errors import SynthEvalError
from synth_eval.harness.environment import prepare, quieten
from synth_eval.harness.model import available_memory
from synth_eval.harness.runner import Runner
from synth_eval.harness.tasks import load_tasks
from synth_eval.results import Evaluation, RunFolder
from synth_eval.results.fingerprint import weight_files
from synth_eval.types import Checkpoint, Family, ProgressListener

MEMORY_A_WORKER = 3.0  # times its weights: weights, what is computed from them, room to load
MIN_CHECKPOINTS = 3  # a worker: it takes as long to start as a tiny model takes for two
PRELOAD = (  # what every worker needs, imported once by the process that they are forked from
    "lm_eval.evaluator",
    "lm_eval.loggers",
    "lm_eval.tasks",
    "torch.utils.collect_env",
    "transformers.generation",
    "transformers.modeling_utils",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "synth_eval.harness.engines.local",
    "synth_eval.harness.shared_prefix.model",
)  # none of these may start threads or touch a GPU: a forked process has neither


@dataclass(frozen=True)
class Order:
    """One checkpoint to evaluate on some tasks (name, items), with the fingerprint that the parent found."""

    checkpoint: Checkpoint
    fingerprint: str
    tasks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Setup:
    """What a worker needs to know. ``place`` counts the workers; with ``gpus`` each sees one of them.

    ``environment`` is the parent's: that of the process which workers are forked from may be an older one.
    """

    family: Family
    root: Path
    limit: float | None
    full_hash: bool
    place: int = 0
    gpus: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)


def start_early(checkpoints: int) -> None:
    """Let the workers' imports begin now, beside the parent's own, if there will probably be workers.

    On Linux workers are forked from one process that has imported what they need and nothing more; it starts here, in
    the background, or else with the first worker. With GPUs each worker starts anew: what forks must not know of them.

    Parameters
    ----------
    checkpoints : how many are to be evaluated.
    """
    if _forks() and checkpoints >= 2 * MIN_CHECKPOINTS and _cores() > 1 and not Path("/proc/driver/nvidia").exists():
        from multiprocessing import forkserver

        multiprocessing.get_context("forkserver").set_forkserver_preload(list(PRELOAD))
        forkserver.ensure_running()


def default_workers(checkpoints: Sequence[Checkpoint]) -> int:
    """How many processes are worth starting: 1 where there is a GPU or one core, and for few or large checkpoints.

    On CPUs one for each `OMP_NUM_THREADS` cores, as long as each has some checkpoints and memory holds their weights.
    """
    import torch

    if torch.cuda.is_available():
        return 1
    workers = min(_cores() // max(torch.get_num_threads(), 1), len(checkpoints) // MIN_CHECKPOINTS)
    largest = max((_bytes(checkpoint) for checkpoint in checkpoints), default=0)
    free = available_memory()
    if free is None:
        return 1
    if largest:
        workers = min(workers, int(free / (MEMORY_A_WORKER * largest)))
    return max(workers, 1)


def evaluate_in_workers(
    orders: Sequence[Order], *, setup: Setup, processes: int, outcome: Evaluation, listener: ProgressListener
) -> None:
    """Evaluate the orders, so many at a time, and add what happened to ``outcome``.

    Two checkpoints of the same content are not evaluated at the same time: the second finds the work done.
    """
    import torch

    setup = replace(setup, gpus=torch.cuda.is_available())
    waiting = list(orders)
    workers: dict[Any, _Worker] = {}  # by their connection
    try:
        while waiting or any(worker.order for worker in workers.values()):
            while waiting and len(workers) < min(processes, len(orders)):
                # the successor of a dead worker takes over its GPU
                taken = {worker.place for worker in workers.values()}
                free = next(place for place in range(processes) if place not in taken)
                worker = _Worker.started(replace(setup, place=free))
                workers[worker.connection] = worker
            for worker in workers.values():
                if worker.ready and worker.order is None:
                    worker.give(_next(waiting, workers.values()))
            for connection in wait(list(workers)):
                worker = workers[connection]
                try:
                    worker.on_message(worker.connection.recv(), outcome, listener)
                except (EOFError, ConnectionResetError):
                    del workers[connection]
                    worker.on_exit(outcome, listener)
    finally:
        for worker in workers.values():
            worker.end()


def _next(waiting: list[Order], workers: Iterable[_Worker]) -> Order | None:
    """The first order whose content no worker is evaluating, taken off the list."""
    busy = {worker.order.fingerprint for worker in workers if worker.order}
    for index, order in enumerate(waiting):
        if order.fingerprint not in busy:
            return waiting.pop(index)
    return None


@dataclass(frozen=True)
class _Done:
    """A worker's report on an order."""

    evaluated: int
    failure: str | None
    warnings: list[str]


@dataclass
class _Worker:
    """The parent's side of a worker."""

    process: BaseProcess
    connection: Connection
    place: int = 0
    order: Order | None = None
    ready: bool = False
    finished: int = 0  # tasks of the order

    @classmethod
    def started(cls, setup: Setup) -> _Worker:
        context = _context(setup)
        ours, theirs = context.Pipe()
        with _visible(setup):
            process = context.Process(target=_work, args=(theirs, setup), daemon=True)
            process.start()
        theirs.close()
        return cls(process, ours, setup.place)

    def give(self, order: Order | None) -> None:
        if order is not None:
            self.order, self.finished = order, 0
            with contextlib.suppress(OSError):  # it has died, which `on_exit` will find
                self.connection.send(order)

    def on_message(self, message: tuple[str, Any], outcome: Evaluation, listener: ProgressListener) -> None:
        kind, content = message
        if kind == "ready":
            self.ready = True
        elif kind == "done":
            assert self.order is not None
            outcome.evaluated += content.evaluated
            if content.failure is not None:
                outcome.failures[self.order.checkpoint.name] = content.failure
            outcome.warnings += [text for text in content.warnings if text not in outcome.warnings]
            self.order = None
        elif kind == "broken":
            raise SynthEvalError(content)
        else:  # a method of the listener
            arguments, options = content
            getattr(listener, kind)(*arguments, **options)
            self.finished += kind == "finished"

    def on_exit(self, outcome: Evaluation, listener: ProgressListener) -> None:
        """The process is gone: its checkpoint has failed."""
        self.process.join()
        code = self.process.exitcode or 0
        cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        memory = "; the system may have been out of memory: try --workers 1" if code == -signal.SIGKILL else ""
        if self.order is None:
            if self.ready:  # idle between two checkpoints: nothing is lost, another one takes its place
                return
            raise SynthEvalError(f"a worker process ended before its first checkpoint ({cause}){memory}")
        reason = f"{self.order.checkpoint.name}: its worker process was ended ({cause}){memory}"
        outcome.failures[self.order.checkpoint.name] = reason
        listener.said(reason)
        for task, items in self.order.tasks[self.finished :]:  # the progress bar counts what will never come
            listener.finished(self.order.checkpoint.name, task, 0, of=items)

    def end(self) -> None:
        """Ends by itself when it is idle, at once when it is not (we were interrupted)."""
        with contextlib.suppress(OSError):
            self.connection.send(None)
        if self.order is not None:
            self.process.terminate()
        self.process.join(timeout=10)
        if self.process.is_alive():
            self.process.kill()
        self.connection.close()


def _context(setup: Setup) -> Any:
    """Never forked from the parent, whose torch has threads and perhaps a GPU: from a process without either."""
    if setup.gpus or not _forks():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    return context


def _forks() -> bool:
    """macOS has the fork server too, but system libraries there do not survive a fork."""
    return sys.platform.startswith("linux")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _visible(setup: Setup) -> Iterator[None]:
    """While a worker starts, the environment names its GPU alone."""
    name = "CUDA_VISIBLE_DEVICES"
    before = os.environ.get(name)
    if setup.gpus:
        import torch

        seen = before.split(",") if before else [str(index) for index in range(torch.cuda.device_count())]
        os.environ[name] = seen[setup.place % len(seen)]
    try:
        yield
    finally:
        if setup.gpus:
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before


class _RemoteListener:
    """A worker's `ProgressListener`: sends every call to the parent."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: self._connection.send((name, (arguments, options)))


def _work(connection: Connection, setup: Setup) -> None:
    """The worker: evaluate what is handed over until there is nothing more, or no parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    gc.freeze()  # collections need not look at the modules that are there, and so do not copy their pages
    _inherit(setup)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare(offline=False)  # what the parent set is inherited
    kept = quieten()
    family = setup.family
    try:
        tasks = load_tasks(family.tasks, categories=family.categories, own=family.own_tasks)
    except SynthEvalError as error:
        connection.send(("broken", str(error)))
        return
    outcome = Evaluation(tuple(task.name for task in tasks))
    listener = _RemoteListener(connection)
    runner = Runner(RunFolder(setup.root), setup.limit, listener, outcome, setup.full_hash, tasks)
    with contextlib.suppress(EOFError, BrokenPipeError):
        connection.send(("ready", None))
        while (order := connection.recv()) is not None:
            names = [task for task, _ in order.tasks]
            evaluated, failure = runner.evaluate_one(order.checkpoint, order.fingerprint, names)
            warnings = [f"lm-eval: {text}" for text in kept.messages]
            connection.send(("done", _Done(evaluated, failure, warnings)))


def _inherit(setup: Setup) -> None:
    """The parent's environment; a process that was spawned has it, with the GPU that `_visible` chose."""
    if not setup.gpus:
        os.environ.clear()
        os.environ.update(setup.environment)


def _end_with_parent() -> None:
    """A killed parent holds the lock of the results folder no longer, so its worker may not write there any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _bytes(checkpoint: Checkpoint) -> int:
    """Size of its weights on disk; 0 where that is not known."""
    try:
        return sum(file.stat().st_size for file in weight_files(Path(str(checkpoint.path))))
    except (SynthEvalError, OSError):
        return 0
