"""The command line: one file a command, one enum of exit codes (`synth_eval.errors.ExitCode`)."""

from __future__ import annotations

import os
import sys

import click

from synth_eval import __version__
from synth_eval.cli.calibrate import calibrate
from synth_eval.cli.compare import compare
from synth_eval.cli.confidence import confidence
from synth_eval.cli.data import data
from synth_eval.cli.diff import diff
from synth_eval.cli.init import init
from synth_eval.cli.lab import lab
from synth_eval.cli.overlap import overlap
from synth_eval.cli.plan import plan
from synth_eval.cli.report import report
from synth_eval.cli.run import run
from synth_eval.cli.scaling import scaling
from synth_eval.cli.tasks import tasks
from synth_eval.errors import ExitCode, SynthEvalError
from synth_eval.text import visible


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="synth-eval")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Is a model trained on synthetic data degraded, from which ratio on, and did calibration warn first?

    Start with: synth-eval compare checkpoints.yaml
    """
    if debug:
        os.environ["SYNTH_EVAL_DEBUG"] = "1"


for command in (init, compare, plan, run, calibrate, confidence, scaling, lab, tasks, data, overlap, report, diff):
    cli.add_command(command)


def main() -> None:
    """Entry point of the console script: errors become one line and an exit code."""
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else ExitCode.OK)
    except SynthEvalError as error:
        if os.environ.get("SYNTH_EVAL_DEBUG"):
            raise
        _complain(str(error))
        sys.exit(int(error.exit_code))
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted; finished work is kept, and the same command continues from there")
        sys.exit(int(ExitCode.INTERRUPTED))
    except click.ClickException as error:
        error.show()
        sys.exit(int(ExitCode.USAGE))
    except BrokenPipeError:  # `synth-eval ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(int(ExitCode.OK))


def _complain(message: str) -> None:
    click.echo(f"synth-eval: {visible(message)}", err=True)
