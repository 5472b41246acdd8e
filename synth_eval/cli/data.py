"""synth-eval data: store public data for machines that reach no hub, and see what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_eval.cli.options import quiet_option, task_names
from synth_eval.errors import ExitCode

if TYPE_CHECKING:
    from synth_eval.data.pull import Wanted
    from synth_eval.data.sets import Part
    from synth_eval.types import OwnTask

DEFAULT_TASKS = "synth_suite_public"
_folder = click.Path(path_type=Path, file_okay=False)
_manifest = click.Path(path_type=Path, dir_okay=False, exists=True)
_existing = click.Path(path_type=Path, file_okay=False, exists=True)


@click.group()
def data() -> None:
    """Public data without a hub: pull it on a connected machine, then set SYNTH_EVAL_DATA or data_dir:."""


@data.command()
@click.option("--to", "folder", required=True, type=_folder, help="Data folder; made if need be.")
@click.option("--tasks", help=f"Tasks or groups, separated by commas.  [default: {DEFAULT_TASKS}, or those of FILE]")
@click.option("--manifest", type=_manifest, metavar="FILE", help="What this checkpoints.yaml needs, own domains too.")
@click.option("--mirror", type=_existing, help="A folder in place of the hub, one folder for each dataset id.")
@click.option("--force", is_flag=True, help="Fetch again what is there, files dropped in by hand too.")
@quiet_option
def pull(folder: Path, tasks: str | None, manifest: Path | None, mirror: Path | None, force: bool, quiet: bool) -> int:
    """Store exactly what tasks need, as JSONL or Parquet, with hashes in index.json.

    With --manifest: what the tasks and the hub domains of a checkpoints.yaml need; its checkpoints need not be on this
    machine. Run it again to continue after an interruption. A mirror is a folder with a copy of each dataset under its
    id. Exit code 3 if something could not be had.
    """
    from synth_eval.data.hub import quieten_datasets
    from synth_eval.data.pull import pull as pull_parts

    names, own = _asked(tasks, manifest)
    quieten_datasets()
    wanted = _wanted(names, own, mirror)
    if not wanted:
        click.echo("nothing to store: these tasks have their own items")
        return int(ExitCode.OK)
    done = pull_parts(
        folder, wanted, force=force, on_part=lambda part: None if quiet else click.echo(f"{part} ...", err=True)
    )
    for each in done:
        rows = f"{each.rows:,} records, " if each.rows else ""
        about = each.reason if each.outcome == "failed" else f"{rows}{_size(each.size)}"
        click.echo(f"{each.outcome:<15}{each.part}  {about}")
    failed = [each for each in done if each.outcome == "failed"]
    click.echo(f"{len(done) - len(failed)} of {len(done)} parts are in {folder}; to use them: SYNTH_EVAL_DATA={folder}")
    return int(ExitCode.PARTIAL if failed else ExitCode.OK)


@data.command()
@click.argument("folder", type=_existing, metavar="DIR")
def check(folder: Path) -> int:
    """Show which public tasks a data folder covers, and compare its files with their hashes."""
    from synth_eval.data.folder import DataError, check_hash, find_part, read_index
    from synth_eval.data.sets import TASK_PARTS

    folder = folder.resolve()
    for task, parts in TASK_PARTS.items():
        lacking = [str(part) for part in parts if find_part(folder, part) is None]
        click.echo(f"{task:<52}{'there' if not lacking else 'lacks ' + ', '.join(lacking)}")
    changed = []
    index = read_index(folder)
    for name in index:
        try:
            if (folder / name).is_file():
                check_hash(folder, folder / name)
            else:
                changed.append(f"{folder / name}: in the index, but not there")
        except DataError as error:
            changed.append(str(error))
    for line in changed:
        click.echo(line, err=True)
    click.echo(f"{len(index)} files in the index, {len(index) - len(changed)} as they were pulled")
    return int(ExitCode.PARTIAL if changed else ExitCode.OK)


def _asked(tasks: str | None, manifest: Path | None) -> tuple[list[str], list[OwnTask]]:
    """Names of tasks, and those of the user's own tasks that are meant."""
    if manifest is None:
        return list(task_names(DEFAULT_TASKS if tasks is None else tasks, DEFAULT_TASKS)), []
    from synth_eval.pipeline.evaluate import family_of

    family = family_of(manifest, tasks=task_names(tasks), folders_needed=False)
    own = {task.name: task for task in family.own_tasks}
    return [name for name in family.tasks if name not in own], [own[name] for name in family.tasks if name in own]


def _wanted(names: Sequence[str], own: Sequence[OwnTask], mirror: Path | None) -> list[Wanted]:
    """The parts of all of them, each once."""
    from synth_eval.data.hub import wanted_of_own, wanted_parts
    from synth_eval.data.sets import WITH_TASKS_OF_LM_EVAL, public_tasks, ships_with_its_items

    ours = [task for name in names for task in public_tasks(name)]
    others = [task for name in names for task in WITH_TASKS_OF_LM_EVAL.get(name, ())]
    others += [name for name in names if not public_tasks(name) and not ships_with_its_items(name)]
    wanted = [*wanted_of_own(own, mirror=mirror), *wanted_parts(dict.fromkeys(ours), mirror=mirror)]
    if others:
        from synth_eval.harness.pull import wanted_of_lm_eval

        wanted += wanted_of_lm_eval(others, mirror=mirror)
    found: dict[Part, Wanted] = {}
    for each in wanted:
        first = found.setdefault(each.part, each)
        found[each.part] = replace(first, tasks=tuple(dict.fromkeys((*first.tasks, *each.tasks))))
    return list(found.values())


def _size(n: int) -> str:
    return f"{n / 1e6:.1f} MB" if n >= 1e5 else f"{n / 1e3:.1f} kB"
