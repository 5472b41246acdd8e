from __future__ import annotations

import subprocess
import sys

SCRIPT = """
from synth_eval.harness.environment import prepare, quieten
prepare(offline=True)
kept = quieten()
from transformers.utils import logging
logging.get_logger("transformers.tokenizer").warning("Token indices sequence length is longer than (802 > 256)")
logging.get_logger("transformers.model").warning("[synth_generation_t10] Metrics were not scored on the same number of "
    "documents (bigram_entropy,samples=48, mattr,samples=2).")
logging.get_logger("transformers.model").warning("weights are odd")
logging.get_logger("transformers.model").warning("weights are odd")
print(kept.messages)
"""


def test_warnings_are_kept_for_the_report_and_not_printed_over_the_progress_bar() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == "{'weights are odd': 2}\n"
    assert done.stderr == ""
