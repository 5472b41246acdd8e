"""Fingerprints: by content for checkpoints, by value for settings. Equal fingerprints mean equal results.

Nothing is ever unpickled: weights are bytes here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.errors import CheckpointError
from synth_eval.results.atomic import plain
from synth_eval.types import ADAPTERS, Checkpoint

if TYPE_CHECKING:
    from hashlib import _Hash


# A cheap look at a safetensors file: is it whole? Reads the header only.

_LONGEST_HEADER = 100_000_000  # bytes; the format's own limit


def check_safetensors(path: Path) -> bytes:
    """The header's bytes, once it is clear that the file is as long as its header gives.

    Raises
    ------
    CheckpointError : truncated, a Git LFS pointer, trailing bytes, or not a safetensors file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        check_pointer(path, start)
        if len(start) < 8:
            raise CheckpointError(f"{path}: truncated after {size} bytes: copy or download it again")
        length = int.from_bytes(start, "little")
        if length > _LONGEST_HEADER:
            raise CheckpointError(f"{path}: not a safetensors file: copy or download it again")
        if 8 + length > size:
            raise CheckpointError(f"{path}: truncated inside its header ({size} bytes): copy or download it again")
        header = file.read(length)
    end = _end_of_tensors(path, header)
    if end is None:
        raise CheckpointError(f"{path}: holds no tensors: save the model again")
    expected = 8 + length + end
    if size < expected:
        raise CheckpointError(f"{path}: truncated: {size:,} of {expected:,} bytes: copy or download it again")
    if size > expected:
        raise CheckpointError(f"{path}: {size - expected:,} bytes longer than its header says: copy it again")
    return header


def check_pointer(path: Path, start: bytes) -> None:
    """Refuse a weights file whose content Git LFS has not fetched. ``start`` is its first 8 bytes or more."""
    if start.startswith(b"version "):
        raise CheckpointError(f"{path}: a Git LFS pointer, not the weights: run `git lfs pull`")


def _end_of_tensors(path: Path, header: bytes) -> int | None:
    """Where the last tensor ends, in bytes after the header; None if there is none."""
    try:
        tensors = json.loads(header)
        spans = [entry["data_offsets"] for name, entry in tensors.items() if name != "__metadata__"]
        if any(not 0 <= start <= end for start, end in spans):
            raise ValueError("a tensor ends before it starts")
        return max((int(end) for _, end in spans), default=None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: its header is damaged ({error}): copy or download it again") from None


SAMPLED_BLOCKS = 64
BLOCK_BYTES = 64 * 1024
WHOLE_BELOW = 64 * 1024 * 1024  # smaller files are read whole
_LENGTH = 16  # hex digits: 64 bits, no chance of a collision among thousands of checkpoints
_CONFIGS = ("config.json", "adapter_config.json")
_NOT_WEIGHTS = ("optimizer", "scheduler", "rng_state", "training_args", "scaler", "random_states")
# what besides weights decides a score: configuration, tokenizer, the model's own code
_TEXT_PATTERNS = (
    *_CONFIGS,
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.tiktoken",
    "chat_template*",
    "additional_chat_templates/*",
    "*.py",
)


def checkpoint_fingerprint(path: str | Path, *, revision: str | None = None, full: bool = False) -> str:
    """Fingerprint of a model folder by its content, or of a hub id by its name and revision.

    Parameters
    ----------
    path : folder, or hub id "org/name"
        A folder's configuration, generation configuration, tokenizer and code files count whole. Weights files that
        transformers would load (safetensors before .bin before .gguf) count whole below 64 MiB, otherwise by size,
        first and last block, and 64 evenly spaced blocks of 64 KiB in all (and the safetensors header). Training
        touches nearly every weight, so sampling sees it; an edit of single numbers in a large file needs ``full``.
    revision : str, optional
        Of a hub id; folders have none.
    full : bool
        Read every byte of the weights.

    Returns
    -------
    16 hex digits. The same folder content gives the same fingerprint under any path; ``full`` gives another one only
    where files of 64 MiB and more are sampled.

    Raises
    ------
    CheckpointError : no such folder, no config.json, no weights, a missing shard, or a truncated file, named.
    """
    folder = Path(path)
    digest = hashlib.sha256(b"synth-eval checkpoint 1\n")
    if not folder.is_dir():
        if _is_hub_id(str(path)):
            _add(digest, "hub", f"{path}@{revision or 'main'}".encode())
            return digest.hexdigest()[:_LENGTH]
        raise CheckpointError(f"{path}: no such folder: check the path, or build the checkpoint first")
    weights = weight_files(folder)
    if not any((folder / name).is_file() for name in _CONFIGS) and weights[0].suffix != ".gguf":
        raise CheckpointError(f"{folder}: no config.json: give a folder that `save_pretrained` wrote")
    for file in _text_files(folder):
        _add(digest, file.name, file.read_bytes())
    for file in weights:
        _add_weights(digest, file, full=full)
    return digest.hexdigest()[:_LENGTH]


def model_fingerprint(checkpoint: Checkpoint, *, full: bool = False) -> str:
    """Fingerprint of everything that makes a checkpoint's results: two checkpoints share it only if they share these.

    That of `checkpoint_fingerprint` for a path alone. An adapter, delta weights, another tokenizer and a GGUF file
    count by content, everything else that the manifest sets for the checkpoint (`own_settings`) by value.

    Raises
    ------
    CheckpointError : as `checkpoint_fingerprint`, for the adapter's folder too.
    """
    path, arguments = str(checkpoint.path), checkpoint.model_args
    inside = os.path.join(path, str(arguments.get("subfolder") or ""))  # lm-eval loads model and tokenizer from there
    path = inside if os.path.isdir(inside) else path
    own = checkpoint_fingerprint(path, revision=checkpoint.revision, full=full)
    digest = hashlib.sha256(b"synth-eval model 1\n")
    by_content = (*ADAPTERS, "tokenizer", "gguf_file")
    parts = {key: str(arguments[key]) for key in by_content if arguments.get(key)}
    settings = own_settings(checkpoint)
    if settings != own_settings(Checkpoint(name="", ratio=0.0)):
        _add(digest, "settings", settings_fingerprint(settings).encode())
    elif not parts:
        return own
    for key, value in parts.items():
        if key in ADAPTERS:
            _add(digest, key, checkpoint_fingerprint(value, full=full).encode())
        elif key == "tokenizer" and Path(value).is_dir():
            for file in _text_files(Path(value)):
                _add(digest, f"{key} {file.name}", file.read_bytes())
        elif key == "gguf_file" and Path(path, value).is_file():
            _add(digest, key, value.encode())
            _add_weights(digest, Path(path, value), full=full)
        else:
            _add(digest, key, value.encode())
    _add(digest, "path", own.encode())
    return digest.hexdigest()[:_LENGTH]


ASKED = ("apply_chat_template", "system_instruction", "gen_kwargs")


def own_settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a manifest can set for one checkpoint and not for another of the same content, and moves its results.

    Model class, its arguments, few-shot count, and what is set of chat template, system instruction, turns and
    generation. The batch size is left out: it moves results by rounding only; so are adapters and tokenizers, which
    count by content.
    """
    arguments = {key: value for key, value in checkpoint.model_args.items() if key not in (*ADAPTERS, "tokenizer")}
    asked = {name: value for name in ASKED if (value := getattr(checkpoint, name))}
    if checkpoint.apply_chat_template:  # without a template turns do not matter
        asked["fewshot_as_multiturn"] = checkpoint.fewshot_as_multiturn
    return {"model": checkpoint.model, "model_args": arguments, "num_fewshot": checkpoint.num_fewshot, **asked}


def run_settings(checkpoint: Checkpoint, *, limit: float | None = None, **more: Any) -> dict[str, Any]:
    """What besides the checkpoint and the task decides a result: to be hashed by `settings_fingerprint`.

    `own_settings`, limit, and the versions of lm-eval, transformers and torch. ``more`` is added as it is.
    """
    return {
        **own_settings(checkpoint),
        "limit": limit,
        "versions": package_versions(),
        **more,
    }


def package_versions(packages: Sequence[str] = ("lm_eval", "transformers", "torch")) -> dict[str, str]:
    """Installed versions, without importing the packages; "none" for what is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def settings_fingerprint(settings: Mapping[str, Any]) -> str:
    """16 hex digits of a nested mapping of plain values; the order of keys does not matter, types do (1 is not "1")."""
    canonical = json.dumps(plain(settings), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_LENGTH]


def _is_hub_id(path: str) -> bool:
    return path.count("/") <= 1 and not path.startswith((".", "/", "~")) and bool(path.strip())


def _add(digest: _Hash, name: str, content: bytes) -> None:
    # name and length go in, so that bytes cannot move between files unseen
    digest.update(f"{name}\0{len(content)}\0".encode())
    digest.update(content)


def _text_files(folder: Path) -> list[Path]:
    found = {file for pattern in _TEXT_PATTERNS for file in folder.glob(pattern) if file.is_file()}
    return sorted(found, key=lambda file: file.name)


def weight_files(folder: Path) -> list[Path]:
    """The weights files that `from_pretrained` would read, in name order.

    Raises
    ------
    CheckpointError : there are none, or a shard is missing.
    """
    found: list[Path] = []
    for single, pattern in (("model.safetensors", "*.safetensors"), ("pytorch_model.bin", "*.bin")):
        index = folder / f"{single}.index.json"
        if (folder / single).is_file():
            found = [folder / single]
        elif index.is_file():
            found = _shards(index)
        else:
            found = _like_weights(folder, pattern)
        if found:
            break
    adapters = [file for file in _like_weights(folder, "adapter_model.*") if file not in found]
    found = sorted(found + adapters) or _like_weights(folder, "*.gguf") or _like_weights(folder, "*.pt*")
    if not found:
        raise CheckpointError(f"{folder}: no weights (safetensors, bin or gguf): check the folder, or save the model")
    return found


def _like_weights(folder: Path, pattern: str) -> list[Path]:
    files = (file for file in folder.glob(pattern) if file.is_file())
    return sorted(file for file in files if not file.name.startswith(_NOT_WEIGHTS))


def _shards(index: Path) -> list[Path]:
    try:
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
        shards = [index.parent / name for name in names]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointError(f"{index}: damaged: copy or download it again") from None
    for shard in shards:
        if not shard.is_file():
            raise CheckpointError(f"{shard}: missing, though {index.name} names it: copy or download it")
    return shards


def _add_weights(digest: _Hash, path: Path, *, full: bool) -> None:
    try:
        if path.suffix == ".safetensors":
            _add(digest, "header", check_safetensors(path))
        size = path.stat().st_size
        with path.open("rb") as file:
            check_pointer(path, file.read(8))
        if size == 0:
            raise CheckpointError(f"{path}: empty: copy or download it again")
        digest.update(f"{path.name}\0{size}\0".encode())
        for block in _whole(path) if full or size < WHOLE_BELOW else _sampled(path, size):
            digest.update(block)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None


def _whole(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block


def _sampled(path: Path, size: int) -> Iterator[bytes]:
    last = size - BLOCK_BYTES
    with path.open("rb") as file:
        for number in range(SAMPLED_BLOCKS):
            file.seek(last * number // (SAMPLED_BLOCKS - 1))
            yield file.read(BLOCK_BYTES)
