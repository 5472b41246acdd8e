"""What must be set before torch, transformers and lm-eval are imported, and how quiet they are afterwards."""

from __future__ import annotations

import logging
import os
import sys
import warnings

NOTHING_TO_ACT_ON = (
    "Custom kwargs can be passed",  # said of every task with a custom_dataset
    "LOAD REPORT",  # of weights that do not fit: harness.failures turns it into an error, where it is one
    "not scored on the same number of documents (bigram_entropy",  # short texts have no MATTR: the comparison says so
    "Token indices sequence length is longer",  # rolling tasks encode a document whole and then cut it into windows
)


def prepare(*, offline: bool) -> None:
    """Set the process up for scoring. Call before anything imports torch or lm-eval.

    Parameters
    ----------
    offline : bool
        Every checkpoint is a folder and every task ships with synth-eval: then nothing may ask a hub. (Asked for a
        file it lacks, huggingface_hub otherwise retries for half a minute.)
    """
    if offline:
        for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"):
            os.environ.setdefault(name, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")  # our own progress bar speaks for lm-eval's
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
