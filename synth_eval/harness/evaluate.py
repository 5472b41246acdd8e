"""Evaluate every checkpoint of a family, here or in several processes; what is done already is not done again."""

from __future__ import annotations

from collections.abc import Sequence

from synth_eval.harness.engines.local import Order, Setup, default_workers, evaluate_in_workers, start_early
from synth_eval.harness.runner import Piece, Runner
from synth_eval.harness.tasks import LoadedTask, load_tasks
from synth_eval.results import Evaluation, RunFolder, model_fingerprint
from synth_eval.results.fingerprint import ASKED, own_settings
from synth_eval.results.settings_before import Evaluated, in_words, read_evaluated, why_again, write_evaluated
from synth_eval.text import listed
from synth_eval.types import Checkpoint, Family, ProgressListener


def evaluate_family(
    family: Family,
    folder: RunFolder,
    *,
    limit: float | None,
    listener: ProgressListener,
    full_hash: bool = False,
    workers: int | None = 1,
) -> Evaluation:
    """Score what is missing of (checkpoint, task) and keep it in the folder, batch by batch.

    A checkpoint that cannot be loaded, or a task that fails on one, is named in ``failures``; the others continue.

    Parameters
    ----------
    full_hash : read every byte of the weights for their fingerprint, instead of blocks of large files.
    workers : processes at work at the same time; `default_workers` if None.

    Raises
    ------
    SynthEvalError : a task name is unknown or its data cannot be loaded.
    """
    if workers != 1:
        runnable = sum(checkpoint.path is not None and not checkpoint.results for checkpoint in family.checkpoints)
        start_early(runnable - folder.evaluated())
    tasks = load_tasks(family.tasks, categories=family.categories, own=family.own_tasks)
    about = _provenance(tasks, full_hash=full_hash) | _asked(family)
    outcome = Evaluation(tuple(task.name for task in tasks), provenance=about)
    outcome.warnings += _shots_not_used(tasks, family.checkpoints)
    runner = Runner(folder, limit, listener, outcome, full_hash, tasks)
    todo: list[tuple[Checkpoint, list[Piece]]] = []
    for checkpoint in family.checkpoints:
        if checkpoint.results or checkpoint.path is None:
            continue
        with runner.failing_alone(checkpoint):
            fingerprint = model_fingerprint(checkpoint, full=full_hash)
            outcome.fingerprints[checkpoint.name] = fingerprint
            missing = runner.missing(checkpoint)
            if missing:
                todo.append((checkpoint, missing))
    listener.planned(
        sum(len(missing) for _, missing in todo),
        items=sum(piece.prompts.items for _, missing in todo for piece in missing),
        checkpoints={checkpoint.name: len(missing) for checkpoint, missing in todo},
    )
    for line in _evaluated_again(runner, [checkpoint for checkpoint, _ in todo]):
        listener.said(line)
    if workers is None:
        workers = default_workers([checkpoint for checkpoint, _ in todo])
    workers = min(workers, len(todo))
    if workers > 1:
        orders = [
            Order(
                checkpoint,
                outcome.fingerprints[checkpoint.name],
                tuple((piece.task.name, piece.prompts.items) for piece in missing),
            )
            for checkpoint, missing in todo
        ]
        setup = Setup(family, folder.root, limit, full_hash)
        evaluate_in_workers(orders, setup=setup, processes=workers, outcome=outcome, listener=listener)
    else:
        runner.evaluate_all(todo)
    done = [c for c in family.checkpoints if c.name in outcome.fingerprints and c.name not in outcome.failures]
    write_evaluated(folder.root, {checkpoint.name: _now(runner, checkpoint) for checkpoint in done})
    return outcome


def _asked(family: Family) -> dict[str, str]:
    """How checkpoints are asked where the manifest says so, for reports; whose it is, where not all are asked so."""
    ways: dict[str, list[str]] = {}
    runnable = [checkpoint for checkpoint in family.checkpoints if not checkpoint.results]
    for checkpoint in runnable:
        settings = own_settings(checkpoint)
        how = {name: settings[name] for name in (*ASKED, "fewshot_as_multiturn") if name in settings}
        ways.setdefault(in_words(how), []).append(checkpoint.name)
    if not any(ways):
        return {}
    named = (f"{how or 'nothing of it'} ({listed(names)})" for how, names in ways.items())
    return {"asked": next(iter(ways)) if len(ways) == 1 else "; ".join(named)}


def _now(runner: Runner, checkpoint: Checkpoint) -> Evaluated:
    keys = {task: key for (name, task), key in runner.outcome.keys.items() if name == checkpoint.name}
    return Evaluated(runner.outcome.fingerprints[checkpoint.name], runner.settings(checkpoint), keys)


def _evaluated_again(runner: Runner, checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Why results that are there do not count: one line a reason."""
    before = read_evaluated(runner.folder.root)
    names: dict[str, list[str]] = {}
    for checkpoint in checkpoints:
        if checkpoint.name in before and (why := why_again(before[checkpoint.name], _now(runner, checkpoint))):
            names.setdefault(why, []).append(checkpoint.name)
    return [f"evaluated again, {why}: {listed(its)}" for why, its in names.items()]


def _shots_not_used(tasks: Sequence[LoadedTask], checkpoints: Sequence[Checkpoint]) -> list[str]:
    """One line on the tasks whose own 0 examples come before the number that the manifest gives."""
    wanted = {checkpoint.num_fewshot for checkpoint in checkpoints if checkpoint.path and not checkpoint.results}
    shots = sorted(count for count in wanted if count)
    fixed = [task.name for task in tasks if task.zero_shot]
    if not fixed or not shots:
        return []
    return [
        f"num_fewshot {listed(shots)} is not used for {listed(fixed)}: the task's own configuration says 0, which "
        "lm_eval keeps too"
    ]


def _provenance(tasks: Sequence[LoadedTask], *, full_hash: bool) -> dict[str, str]:
    found = {"weights_hash": "every byte" if full_hash else "64 blocks of files of 64 MiB and more, others whole"}
    found |= {f"task {task.name}": f"version {task.version or 'unknown'}, content {task.key}" for task in tasks}
    found |= {f"data {task.name}": task.drawn for task in tasks if task.drawn}
    return found
