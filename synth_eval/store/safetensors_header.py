"""A cheap look at a safetensors file: is it whole? Reads the header only."""

from __future__ import annotations

import json
from pathlib import Path

from synth_eval.types import CheckpointError

_LONGEST_HEADER = 100_000_000  # bytes; the format's own limit


def check_safetensors(path: Path) -> bytes:
    """The header's bytes, once it is clear that the file is as long as its header says.

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
