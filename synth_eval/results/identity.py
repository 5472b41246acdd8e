"""Which model a run of lm-eval was about: its name, revision and adapter, and the settings that change its weights.

lm-eval names a model by ``pretrained`` alone; which adapter, revision or quantisation it was is in the arguments only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synth_eval.types import ADAPTERS

SETTINGS = (
    "dtype",
    "subfolder",
    "gguf_file",
    "load_in_4bit",
    "load_in_8bit",
    "bnb_4bit_quant_type",
    "bnb_4bit_compute_dtype",
    "quantization",
    "quantization_config",
    "autogptq",
    "gptqmodel",
)
"""Arguments that make other numbers of the same files."""

_NOT_SET = ("", "none", "false", "auto", "main", "null")
_SAME_TYPE = {"half": "float16", "fp16": "float16", "bf16": "bfloat16", "float": "float32", "fp32": "float32"}


@dataclass(frozen=True)
class ModelIdentity:
    """What is the same for two runs only if they evaluated the same model."""

    base: str  # as given to lm-eval: a folder or a hub id
    revision: str = ""
    adapter: str = ""
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """For people: "org/name", "org/name@revision", "org/name + adapter"."""
        revision = f"@{self.revision}" if self.base and self.revision else ""
        adapter = f" + {self.adapter}" if self.adapter else ""
        return f"{self.base}{revision}{adapter}"

    @property
    def full_name(self) -> str:
        """The name with the settings, where models differ by these alone."""
        settings = ", ".join(f"{key}={value}" for key, value in self.settings)
        return f"{self.name} ({settings or 'settings not logged'})"


def model_identity(name: str, arguments: Mapping[str, Any], *, revision: str | None = None) -> ModelIdentity:
    """Of a model's name and its arguments, those of a results file or of a checkpoint in the manifest."""
    adapters = [_text(arguments.get(key)) for key in ADAPTERS]
    settings = {key: _text(arguments.get(key)) for key in SETTINGS}
    settings["dtype"] = _SAME_TYPE.get(settings["dtype"], settings["dtype"])
    return ModelIdentity(
        name,
        _text(arguments.get("revision") if revision is None else revision),
        " + ".join(adapter for adapter in adapters if adapter),
        tuple((key, value) for key, value in settings.items() if value),
    )


def logged_identity(data: Mapping[str, Any]) -> ModelIdentity:
    """The model that a results file is about; its base is "" where the file names none."""
    config = data.get("config")
    arguments = config.get("model_args") if isinstance(config, dict) else None
    if isinstance(arguments, str):
        arguments = dict(part.split("=", 1) for part in arguments.split(",") if "=" in part)
    if not isinstance(arguments, dict):
        arguments = {}
    leaderboard = data.get("config_general")  # a wrapper of 0.3 names the model there
    named = leaderboard.get("model_name") if isinstance(leaderboard, dict) else None
    name = data.get("model_name") or arguments.get("pretrained") or arguments.get("model") or named or ""
    return model_identity(str(name), arguments)


def settings_agree(logged: ModelIdentity, wanted: ModelIdentity) -> bool:
    """Whether a run may be of a checkpoint: what the manifest leaves open agrees, and so does a type not logged."""
    theirs = dict(logged.settings)
    return all(theirs.get(key, value if key == "dtype" else "") == value for key, value in wanted.settings)


def _text(value: Any) -> str:
    text = str(value).strip().removeprefix("torch.")
    return "" if text.lower() in _NOT_SET else text
