"""Item tables as Parquet: one file a checkpoint and task, which names its content itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synth_eval.errors import ResultsError
from synth_eval.results.atomic import atomic_file
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    import pyarrow as pa

    from synth_eval.types import AnyArray


_METADATA = b"synth_eval"
_FORMAT = 1
_LABELS = ("checkpoint", "task", "category")
_LIST_TYPES = {"choice_logliks": "float64", "choice_bytes": "int64", "probs": "float64"}


def write_items(path: Path, table: ItemTable, *, key: str = "") -> None:
    """Write an item table, whole or not at all.

    Parameters
    ----------
    key : str
        What the result depends on besides the checkpoint's content (settings, task version); see `items_key`.

    The columns checkpoint, task and category are added, so that the file makes sense on its own in pandas or polars.

    Raises
    ------
    ValueError : columns of different length, or a column named checkpoint, task or category.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    lengths = {name: len(column) for name, column in table.columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of {table.task} differ in length: {lengths}")
    if clash := set(_LABELS) & set(lengths):
        raise ValueError(f"columns of {table.task} take the reserved names {sorted(clash)}")
    labels = {name: pa.array([getattr(table, name)] * len(table), pa.string()) for name in _LABELS}
    arrays = {name: _to_arrow(name, column) for name, column in table.columns.items()}
    about = {
        "format": _FORMAT,
        **{name: getattr(table, name) for name in _LABELS},
        "kind": table.kind,
        "key": key,
        "text_columns": [name for name, column in table.columns.items() if column.dtype.kind == "U"],
    }
    stored = pa.table({**labels, **arrays}).replace_schema_metadata({_METADATA: json.dumps(about).encode()})
    with atomic_file(path) as temporary:
        pq.write_table(stored, temporary, compression="zstd", write_page_checksum=True)


def read_items(path: Path) -> ItemTable:
    """Read an item table.

    Raises
    ------
    ResultsError : no such file, truncated or damaged (pages carry checksums), or not an item table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = _about(path)
    try:
        # one thread: tables are small, and the machine is shared
        stored = pq.read_table(path, use_threads=False, page_checksum_verification=True)
        texts = set(about["text_columns"])
        columns = {
            name: _to_numpy(stored.column(name).combine_chunks(), text=name in texts)
            for name in stored.column_names
            if name not in _LABELS
        }
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None
    return ItemTable(
        checkpoint=about["checkpoint"],
        task=about["task"],
        kind=about["kind"],
        category=about["category"],
        columns=columns,
    )


def items_key(path: Path) -> str | None:
    """The key an item table was written with, without reading its rows; None if there is no readable table."""
    try:
        return str(_about(path)["key"])
    except ResultsError:
        return None


def _about(path: Path) -> Mapping[str, Any]:
    """The table's own description, from the file's schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file: evaluate the task first") from None
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None
    try:
        about = json.loads(metadata[_METADATA])
        version, needed = about["format"], [about[name] for name in (*_LABELS, "kind", "key", "text_columns")]
    except (KeyError, ValueError, TypeError):
        raise ResultsError(f"{path}: not an item table of synth-eval: give a file from a results folder") from None
    if version != _FORMAT or len(needed) != 6:
        raise ResultsError(f"{path}: item table format {version}, this version reads {_FORMAT}: evaluate again")
    return dict(about)


def _damaged(path: Path, error: Exception) -> ResultsError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ResultsError(f"{path}: truncated or damaged ({reason}): delete it and run again")


def _to_arrow(name: str, column: AnyArray) -> pa.Array:
    import pyarrow as pa

    if column.dtype.kind == "U":
        return pa.array(column.tolist(), pa.string())
    if column.dtype.kind != "O":
        return pa.array(column)
    if any(isinstance(value, tuple) for value in column):
        return pa.array([list(value) for value in column], pa.list_(pa.string()))
    if name not in _LIST_TYPES and not any(isinstance(value, np.ndarray) for value in column):
        return pa.array(column.tolist(), pa.string())
    value_type = _LIST_TYPES.get(name, "float64")
    offsets = np.zeros(len(column) + 1, dtype=np.int32)
    np.cumsum([len(value) for value in column], out=offsets[1:])
    values = np.concatenate([*column, ()]).astype(value_type)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


def _to_numpy(column: pa.Array, *, text: bool) -> AnyArray:
    import pyarrow as pa

    if pa.types.is_list(column.type):
        offsets = column.offsets.to_numpy().tolist()
        if pa.types.is_string(column.type.value_type):
            texts = column.values.to_pylist()
            return np.fromiter(
                (tuple(texts[start:end]) for start, end in pairwise(offsets)), dtype=object, count=len(column)
            )
        values = column.values.to_numpy()
        rows = np.empty(len(column), dtype=object)
        for i in range(len(column)):
            rows[i] = values[offsets[i] : offsets[i + 1]]
        return rows
    if pa.types.is_string(column.type):
        return np.array(column.to_pylist(), dtype=str if text else object)
    return np.asarray(column.to_numpy(zero_copy_only=False))
