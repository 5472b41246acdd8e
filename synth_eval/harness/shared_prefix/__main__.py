"""lm-eval's command line with `hf-shared-prefix` among its models.

    python -m synth_eval.harness.shared_prefix --model hf-shared-prefix --model_args pretrained=DIR --tasks TASK

lm-eval 0.4.13 knows the models of its own table and has no entry point for others, so a plain `lm_eval` cannot find it.
"""

from __future__ import annotations

import lm_eval.models  # noqa: F401  (first: its table is read only while the registry is empty)
from lm_eval.__main__ import cli_evaluate
from lm_eval.api.registry import model_registry

if __name__ == "__main__":
    model_registry.register("hf-shared-prefix", target="synth_eval.harness.shared_prefix.model:SharedPrefixLM")
    cli_evaluate()
