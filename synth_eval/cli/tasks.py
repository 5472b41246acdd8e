"""synth-eval tasks: what the suite asks, with an example of each task."""

from __future__ import annotations

import click

from synth_eval.errors import ExitCode


@click.command()
@click.option("--show", metavar="TASK", help="Print the first items of one task, one of each level.")
def tasks(show: str | None) -> int:
    """List the tasks of synth_suite, or show items of one."""
    from rich.console import Console
    from rich.table import Table

    from synth_eval.data.sets import PUBLIC_GROUPS
    from synth_eval.skills import SKILLS

    console = Console(highlight=False)
    if show is not None:
        if show not in SKILLS:
            raise click.UsageError(f"no choice task {show!r} in the suite; tasks: {', '.join(SKILLS)}")
        for item in sorted(SKILLS[show].test_items()[:4], key=lambda item: item.level):
            console.print(f"level {item.level}: {item.question} ...", markup=False)
            for index, choice in enumerate(item.choices):
                console.print(f"   {'*' if index == item.answer else ' '} {choice}", markup=False)
        return int(ExitCode.OK)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("task", "category", "version", "what it asks"):
        table.add_column(heading)
    for name, skill in SKILLS.items():
        purpose = (skill.__doc__ or "").splitlines()[0].partition(": ")[2].rstrip(".")
        table.add_row(name, skill.CATEGORY, str(skill.VERSION), purpose)
    for domain in ("python_code", "python_docs", "licences"):
        table.add_row(f"synth_domain_{domain}", "domain", "1", "bits per byte of human-written text")
    console.print(table)
    console.print("\nlm_eval --tasks synth_suite --model hf --model_args pretrained=DIR", markup=False)
    console.print(f"Public benchmarks, which need data (synth-eval data): {', '.join(PUBLIC_GROUPS)}", markup=False)
    return int(ExitCode.OK)
