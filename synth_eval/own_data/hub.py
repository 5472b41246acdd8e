"""Text of a dataset of the hub, read through `datasets`, which keeps it on disk for the next time."""

from __future__ import annotations

from collections.abc import Iterator

from synth_eval.own_data.records import OwnDataError, Tally
from synth_eval.own_data.texts import Block, unusable_text
from synth_eval.types import OwnTask


def read_hub(task: OwnTask, tally: Tally) -> Iterator[Block]:
    """The text of each record of ``task.hub``, its subset and split.

    Raises
    ------
    OwnDataError : the dataset cannot be loaded, or has no such field.
    """
    from datasets import load_dataset

    name = f"{task.hub}:{task.split}"
    try:
        records = load_dataset(str(task.hub), task.subset, split=task.split)
    except Exception as error:  # whatever hub, network and dataset raise
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise OwnDataError(f"{task.name}: the dataset {name} cannot be loaded: {reason}") from None
    if task.field not in records.column_names:
        there = ", ".join(records.column_names[:8])
        raise OwnDataError(f"{task.name}: {name}: the field {task.field!r} is missing (there are {there})")
    for number, text in enumerate(records[task.field], start=1):
        where = f"{name}, row {number}"
        unusable = unusable_text(text)
        if unusable is None:
            yield Block(where, text)
        else:
            tally.refuse(where, f"the document ({task.field}) {unusable}: set skip_unusable: true to leave it out")
