"""What every worker needs, imported once by the process that they are forked from (`workers.start_early`).

Nothing here may start threads or touch a GPU: a forked process has neither.
"""

from __future__ import annotations

import gc

import lm_eval.evaluator
import lm_eval.loggers
import lm_eval.tasks
import torch.utils.collect_env
import transformers.generation
import transformers.modeling_utils
import transformers.models.auto.modeling_auto
import transformers.models.auto.tokenization_auto

import synth_eval.harness.runner
import synth_eval.harness.shared_prefix.model

__all__ = ["lm_eval", "synth_eval", "torch", "transformers"]

gc.freeze()  # the workers' collections need not look at modules, and so do not copy their pages
