"""What must be set before torch, transformers and lm-eval are imported, and how quiet they are afterwards."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from synth_eval.text import listed

NOTHING_TO_ACT_ON = (
    "Custom kwargs can be passed",  # logged for every task with a custom_dataset
    "LOAD REPORT",  # of weights that do not fit: harness.failures turns it into an error, where it is one
    "not scored on the same number of documents (bigram_entropy",  # short texts have no MATTR: a warning of ours
    "Token indices sequence length is longer",  # rolling tasks encode a document whole and then cut it into windows
)


def prepare(*, offline: bool) -> None:
    """Set the process up for scoring. Call before anything imports torch or lm-eval.

    Parameters
    ----------
    offline : bool
        Every checkpoint is a folder and every task ships with synth-eval: then nothing may contact a hub. (Asked for a
        file it lacks, huggingface_hub otherwise retries for half a minute.)
    """
    if offline:
        for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"):
            os.environ.setdefault(name, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")  # our own progress bar replaces lm-eval's
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if (os.cpu_count() or 1) <= 4:
        # On a small shared machine the second thread costs more than it gives: 24.7k tokens a second fell to 0.5k.
        os.environ.setdefault("OMP_NUM_THREADS", "1")


class KeptWarnings(logging.Handler):
    """Collects each distinct warning of lm-eval once, instead of letting it break the progress bar."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if any(text in message for text in NOTHING_TO_ACT_ON):
            return
        self.messages[message] = self.messages.get(message, 0) + 1


def quieten() -> KeptWarnings:
    """Route the warnings of lm-eval, transformers and datasets into a list. Call after they are imported."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.get_logger()  # adds its own handler when first asked, which would come after ours
    kept = KeptWarnings()
    for name in ("lm_eval", "lm-eval", "transformers", "datasets", "accelerate", "synth_eval"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [kept]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("lm_eval.", "lm-eval.")):
            child = logging.getLogger(name)
            child.handlers.clear()
            child.propagate = True
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    return kept


# Why something failed, in one line that a person can act on.

_NO_MEMORY = re.compile(r"out of memory|(can't|cannot) allocate memory|std::bad_alloc", re.IGNORECASE)
_REPORTED = re.compile(r"^(?P<key>[\w.{}*,\- ]+?) +\| (?P<status>MISSING|UNEXPECTED|MISMATCH)\b", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LAYER = re.compile(r"\.(\d+|\{[\d,.\- ]+\})\.")


def one_line(error: BaseException) -> str:
    """The first line of an error's message that is not empty, or its type; out of memory is reported as such."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].endswith(":"):
        lines[0] += f" {lines[1]}"
    if out_of_memory(error):
        return f"out of memory ({lines[0]})" if lines else "out of memory"
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of the machine or of the accelerator."""
    return isinstance(error, MemoryError) or bool(_NO_MEMORY.search(str(error)))


class LoadReports(logging.Handler):
    """Collects what transformers logs, in a table, about weights that do not fit a model's configuration.

    It does not stop there: weights that a checkpoint lacks are drawn at random, and the model scores like noise.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._found: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = _COLOUR.sub("", record.getMessage())
        if "LOAD REPORT" in text:
            self._found += [(match["status"], match["key"].strip()) for match in _REPORTED.finditer(text)]

    def problem(self) -> str | None:
        """Why the loaded model is not the checkpoint's; None if it is.

        Weights too many are a problem if they belong to numbered layers: then the configuration has fewer of them.
        Other surplus weights (a value head, old buffers) are harmless.
        """
        for status, what in (
            ("MISSING", "the weights lack {}, which config.json asks for"),
            ("MISMATCH", "the weights have {} in another shape than config.json"),
            ("UNEXPECTED", "the weights have {}, for which config.json has no place"),
        ):
            names = [key for found, key in self._found if found == status]
            if status == "UNEXPECTED":
                names = [name for name in names if _LAYER.search(name)]
            if names:
                return what.format(listed(names, 1)) + ": is it another checkpoint's configuration?"
        return None


@contextmanager
def load_reports() -> Iterator[LoadReports]:
    """Listen to transformers while the block loads a model."""
    logger = logging.getLogger("transformers")
    level = logger.level
    reports = LoadReports()
    logger.addHandler(reports)
    if logger.getEffectiveLevel() > logging.WARNING:
        logger.setLevel(logging.WARNING)
    try:
        yield reports
    finally:
        logger.removeHandler(reports)
        logger.setLevel(level)
