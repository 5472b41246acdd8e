"""What is kept on disk: fingerprints, atomic writes, item tables, the results folder, and readers of lm-eval output."""

from __future__ import annotations

from synth_eval.results.aggregates import (
    Estimate,
    MetricValue,
    RunResults,
    TaskResult,
    estimate,
    newest_results,
    read_results,
)
from synth_eval.results.atomic import atomic_file, atomic_folder, clean_leftovers, to_json, write_atomically, write_json
from synth_eval.results.find import ModelOutput, find_results
from synth_eval.results.fingerprint import (
    checkpoint_fingerprint,
    model_fingerprint,
    package_versions,
    run_settings,
    settings_fingerprint,
)
from synth_eval.results.item_tables import items_key, read_items, write_items
from synth_eval.results.matching import Matched, match_outputs
from synth_eval.results.reader import LoggedModel, read_checkpoints, read_model, read_models
from synth_eval.results.receipt import Evaluation, read_receipt, write_receipt
from synth_eval.results.run_folder import RunFolder
from synth_eval.results.samples import read_samples

__all__ = [
    "Estimate",
    "Evaluation",
    "LoggedModel",
    "Matched",
    "MetricValue",
    "ModelOutput",
    "RunFolder",
    "RunResults",
    "TaskResult",
    "atomic_file",
    "atomic_folder",
    "checkpoint_fingerprint",
    "clean_leftovers",
    "estimate",
    "find_results",
    "items_key",
    "match_outputs",
    "model_fingerprint",
    "newest_results",
    "package_versions",
    "read_checkpoints",
    "read_items",
    "read_model",
    "read_models",
    "read_receipt",
    "read_results",
    "read_samples",
    "run_settings",
    "settings_fingerprint",
    "to_json",
    "write_atomically",
    "write_items",
    "write_json",
    "write_receipt",
]
