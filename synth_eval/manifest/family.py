"""From the parsed manifest to a `Family`: paths, defaults, names, and the checks that need the whole family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from synth_eval.manifest import names
from synth_eval.manifest.asked import asked, tokenizer_folder
from synth_eval.manifest.baseline import baselines_of, is_over_tokens
from synth_eval.manifest.gate import GateFile, gate_of
from synth_eval.manifest.grid import grid_entries
from synth_eval.manifest.names import absolute, base_of_adapter, has_tokenizer, is_adapter, looks_like_folder
from synth_eval.manifest.own_tasks import own_tasks, reference_text
from synth_eval.manifest.schema import CheckpointEntry, Defaults, Manifest, manifest_error
from synth_eval.manifest.source import KeyPath, Source, read_yaml
from synth_eval.text import parse_quantity, written_quantity
from synth_eval.types import ADAPTERS, Checkpoint, Family, Gate, OwnTask


def load_family(path: Path | str, *, folders_needed: bool = True) -> Family:
    """Read a checkpoints.yaml; docs/manifest.md describes it.

    Relative paths in the file are relative to its folder. Which ``path`` is a folder and which a hub id: see
    `synth_eval.manifest.names.looks_like_folder`. Where two spellings of one size occur (1.4B, 1400M), the first is
    used for both, so that a curve does not fall in two.

    Parameters
    ----------
    folders_needed : whether a ``path`` that means a folder must be there; not where results are read instead.

    Raises
    ------
    ManifestError : one line that names file, line, what is wrong and the mend; the first problem in line order.
    """
    path = Path(path)
    source = read_yaml(path)
    try:
        manifest = Manifest.model_validate(source.data)
    except ValidationError as error:
        raise manifest_error(error, source) from None
    checkpoints = _checkpoints(manifest, source, folders_needed=folders_needed)
    tasks = [_task(task, index, source) for index, task in enumerate(manifest.tasks)]
    own = _own_tasks(manifest, checkpoints, source, needed=folders_needed)
    family = Family(
        name=manifest.family,
        tasks=tuple(dict.fromkeys((*tasks, *(task.name for task in own)))),
        checkpoints=checkpoints,
        baseline_ratio=manifest.baseline_ratio,
        categories={**manifest.categories, **{task.name: task.category for task in own if task.category}},
        task_weights=dict(manifest.task_weights),
        correction=manifest.correction,
        lab=None if manifest.lab is None else dict(manifest.lab),
        manifest=absolute(str(path), Path.cwd()),
        own_tasks=own,
        data_dir=None if manifest.data_dir is None else absolute(manifest.data_dir, path.parent),
        training_text=tuple(str(absolute(file, path.parent)) for file in manifest.training_text),
        tasks_given="tasks" in manifest.model_fields_set,
        gate=gate_of(manifest.gate, checkpoints, source, baseline_ratio=manifest.baseline_ratio),
        mauve=reference_text(manifest.mauve, source, needed=folders_needed),
    )
    _check_baselines(family, source)
    return family


def read_gate(path: Path, family: Family) -> Gate:
    """The gate of a YAML file, its section `gate`, for a family that it need not describe.

    Raises
    ------
    ManifestError : no such file or section, or a rule that does not fit the family.
    """
    source = read_yaml(path)
    if source.data.get("gate") is None:
        raise source.error((), "no gate: write gate: {fail_on: degraded}, or rules: below gate:")
    try:
        section = GateFile.model_validate(source.data)
    except ValidationError as error:
        raise manifest_error(error, source) from None
    return gate_of(section.gate, family.checkpoints, source, baseline_ratio=family.baseline_ratio)


def _checkpoints(manifest: Manifest, source: Source, *, folders_needed: bool) -> tuple[Checkpoint, ...]:
    entries = list(_entries(manifest, source))
    if not entries:
        where: KeyPath = ("checkpoints",) if "checkpoints" in source.data else ()
        raise source.error(where, "no checkpoints: list them under checkpoints:, or write a grid:")
    over_tokens = _check_cells(entries, source)
    spelling: dict[float, str] = {}
    # names that users gave come first, so that derived ones make way for them
    taken: set[str] = set()
    given = {location: _given_name(entry, location, taken, source) for location, entry in entries if entry.name}
    built, skipped = [], 0
    for location, entry in entries:
        skippable = location[0] == "grid" and manifest.grid is not None and manifest.grid.missing == "skip"
        resolved = _resolved_path(
            entry, location, source, needed=folders_needed and manifest.lab is None, skippable=skippable
        )
        results = _resolved_results(entry, location, source, skippable=skippable)
        if (entry.path is not None and resolved is None) or (entry.results and results is None):
            skipped += 1
            continue
        size = ""
        if entry.size is not None:
            size = source.written.get((*location, "size"), str(entry.size)).strip()
            try:
                parse_quantity(size)
            except ValueError as error:  # 0x1F, which YAML reads as a number
                raise source.error((*location, "size"), f"size: {error}") from None
            size = spelling.setdefault(parse_quantity(size), size)
        name = given.get(location)
        if name is None:
            tokens = written_quantity(parse_quantity(entry.tokens)) if over_tokens else ""
            derived = names.derived_name(size, entry.source, entry.ratio, entry.iteration, entry.seed, tokens)
            name = names.unique(derived, taken)
            taken.add(name.casefold())
        arguments = _model_args(entry, manifest.defaults, location, source, needed=folders_needed and not results)
        if folders_needed and resolved is not None and "peft" not in arguments and is_adapter(Path(resolved)):
            resolved, arguments = _adapter_on_its_base(Path(resolved), arguments, location, source)
        how = asked(
            entry,
            manifest.defaults,
            location,
            source,
            model=entry.model or manifest.defaults.model,
            tokenizer=tokenizer_folder(resolved, arguments) if folders_needed and not results else None,
        )
        built.append(_checkpoint(entry, name, size, resolved, results or (), manifest.defaults, location, source))
        built[-1] = replace(built[-1], model_args=arguments, **how)
    if not built:
        raise source.error(("grid",), f"none of the {skipped} checkpoints of the grid is there: check grid.path")
    return tuple(built)


def _entries(manifest: Manifest, source: Source) -> Iterator[tuple[KeyPath, CheckpointEntry]]:
    """Entries with their places: ("checkpoints", 3), or ("grid", 17) for the 18th combination of the grid."""
    for index, entry in enumerate(manifest.checkpoints):
        yield ("checkpoints", index), entry
    if manifest.grid is not None:
        for index, entry in enumerate(grid_entries(manifest.grid, source)):
            yield ("grid", index), entry


def _checkpoint(
    entry: CheckpointEntry,
    name: str,
    size: str,
    path: str | None,
    results: tuple[Path, ...],
    defaults: Defaults,
    location: KeyPath,
    source: Source,
) -> Checkpoint:
    return Checkpoint(
        name=name,
        ratio=entry.ratio,
        size=size,
        parameters=parse_quantity(size) if size else None,
        iteration=entry.iteration,
        seed=entry.seed,
        source=entry.source,
        tokens=None if entry.tokens is None else parse_quantity(entry.tokens),
        path=path,
        revision=entry.revision,
        results=results,
        model=entry.model or defaults.model,
        batch_size=defaults.batch_size if entry.batch_size is None else entry.batch_size,
        where=source.location(location),
    )


def _model_args(
    entry: CheckpointEntry, defaults: Defaults, location: KeyPath, source: Source, *, needed: bool
) -> dict[str, Any]:
    """The checkpoint's and the defaults', with folders of adapters and tokenizers relative to the manifest."""
    base = source.path.parent
    arguments: dict[str, Any] = {**defaults.model_args, **entry.model_args}
    for key in (*ADAPTERS, "tokenizer"):
        value = arguments.get(key)
        if not isinstance(value, str) or not looks_like_folder(value, base):
            continue
        folder = absolute(value, base)
        if needed and not folder.exists():
            where = location if key in entry.model_args else ("defaults",)
            raise source.error(
                (*where, "model_args", key),
                f"model_args.{key}: {value} is not there (looked for {folder}): check the path",
            )
        arguments[key] = str(folder)
    return arguments


def _adapter_on_its_base(
    adapter: Path, arguments: dict[str, Any], location: KeyPath, source: Source
) -> tuple[str, dict[str, Any]]:
    """A ``path`` that is an adapter's folder, as the base that its adapter_config.json names with that adapter."""
    named = base_of_adapter(adapter)
    places = [folder for folder in (adapter, source.path.parent) if named and absolute(named, folder).is_dir()]
    if not named or (not places and looks_like_folder(named, adapter)):
        reason = f"the base {named}, which is not there" if named else "no base model"
        raise source.error(
            (*location, "path"),
            f"{adapter.name} is an adapter, and its adapter_config.json names {reason}: write the base as path, and "
            f"the adapter as model_args: {{peft: ...}}",
        )
    more = {"tokenizer": str(adapter)} if has_tokenizer(adapter) else {}
    base = str(absolute(named, places[0])) if places else named
    return base, {**more, **arguments, "peft": str(adapter)}


def _given_name(entry: CheckpointEntry, location: KeyPath, taken: set[str], source: Source) -> str:
    key = (*location, "name")
    try:
        name = names.given_name(entry.name or "")
    except ValueError as error:
        raise source.error(key, str(error)) from None
    if name.casefold() in taken:
        raise source.error(key, f"name {name!r} is given twice: names identify checkpoints; change one")
    taken.add(name.casefold())
    return name


def _task(task: str, index: int, source: Source) -> str:
    """A task name, or the absolute path of a task's YAML file."""
    if not task.endswith((".yaml", ".yml")):
        return task
    file = absolute(task, source.path.parent)
    if not file.is_file():
        raise source.error(("tasks", index), f"the task file {task} is not there (looked for {file}): check the path")
    return str(file)


def _own_tasks(
    manifest: Manifest, checkpoints: tuple[Checkpoint, ...], source: Source, *, needed: bool
) -> tuple[OwnTask, ...]:
    own = tuple(own_tasks(manifest.domains, manifest.choice_tasks, source, files_needed=needed))
    shots = max((c.num_fewshot or 0 for c in checkpoints if not c.results), default=0)
    for task in own:
        if shots and task.kind == "choice" and not task.examples:
            raise source.error(
                ("choice_tasks", task.name),
                f"num_fewshot {shots} needs examples that are not asked: add examples: FILE to {task.name}",
            )
    return own


def _resolved_path(
    entry: CheckpointEntry, location: KeyPath, source: Source, *, needed: bool, skippable: bool
) -> str | None:
    """Absolute folder or hub id; None if there is no path, or the folder of a grid that skips is missing."""
    base = source.path.parent
    if entry.path is None:
        return None
    if not looks_like_folder(entry.path, base, lab=source.data.get("lab") is not None):
        return entry.path
    folder = absolute(entry.path, base)
    key = (*location, "path")
    if folder.is_file():
        raise source.error(key, f"path {entry.path} is a file: give the folder that holds config.json and the weights")
    if folder.is_dir() or not needed or entry.results:
        return str(folder)
    if skippable:
        return None
    hint = " (a hub id has the form org/name)" if "/" not in entry.path else ""
    raise source.error(key, f"the checkpoint folder {entry.path} is not there (looked for {folder}): check path{hint}")


def _resolved_results(
    entry: CheckpointEntry, location: KeyPath, source: Source, *, skippable: bool
) -> tuple[Path, ...] | None:
    """Absolute files or folders of lm-eval output; None if one of a grid that skips is missing."""
    found = []
    for index, results in enumerate(entry.results):
        file = absolute(results, source.path.parent)
        if not file.exists():
            if skippable:
                return None
            where = (*location, "results", index)
            raise source.error(where, f"the results {results} are not there (looked for {file}): check the path")
        found.append(file)
    return tuple(found)


def _check_cells(entries: list[tuple[KeyPath, CheckpointEntry]], source: Source) -> bool:
    """Whether some checkpoints differ in their token budget alone; refuses real repetitions."""
    first: dict[tuple[object, ...], dict[float | None, KeyPath]] = {}
    for location, entry in entries:
        parameters = None if entry.size is None else parse_quantity(entry.size)
        tokens = None if entry.tokens is None else parse_quantity(entry.tokens)
        same = first.setdefault((parameters, entry.ratio, entry.iteration, entry.seed, entry.source), {})
        if tokens in same:
            lines = f"{source.line(same[tokens])} and {source.line(location)}"
            size = f"size {entry.size}, " if entry.size is not None else ""
            raise source.error(
                location,
                f"lines {lines} are the same cell ({size}ratio {entry.ratio:g}, iteration {entry.iteration}, "
                f"seed {entry.seed}, source {entry.source}{_at_tokens(tokens)}): give them different seeds or tokens, "
                "or remove one",
            )
        same[tokens] = location
    if all(len(same) == 1 for same in first.values()):
        return False
    for location, entry in entries:
        if entry.tokens is None:
            raise source.error(
                location, "no tokens, in a family with several token budgets: give every checkpoint its tokens"
            )
    return True


def _at_tokens(tokens: float | None) -> str:
    return "" if tokens is None else f", {written_quantity(tokens)} tokens"


def _check_baselines(family: Family, source: Source) -> None:
    for checkpoint in family.checkpoints:
        if baselines_of(family, checkpoint):
            continue
        size = f"size {checkpoint.size}, " if checkpoint.size else ""
        over_tokens = is_over_tokens(family)
        ratios = sorted(
            {
                c.ratio
                for c in family.checkpoints
                if (c.size, c.iteration) == (checkpoint.size, checkpoint.iteration)
                and (not over_tokens or c.tokens == checkpoint.tokens)
            }
        )
        tokens = _at_tokens(checkpoint.tokens) if over_tokens else ""
        assert checkpoint.where is not None
        raise source.error_at(
            checkpoint.where.line,
            f"no baseline: no checkpoint at ratio {family.baseline_ratio:g} for {size}iteration "
            f"{checkpoint.iteration}, source {checkpoint.source}{tokens}: add one, or set baseline_ratio "
            f"to one that is there ({', '.join(f'{ratio:g}' for ratio in ratios)})",
        )
