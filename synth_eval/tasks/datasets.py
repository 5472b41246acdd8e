"""The datasets that tasks/*.yaml name: items of a skill as a Hugging Face dataset with a test and a train split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from synth_eval.skills import arithmetic as _arithmetic
from synth_eval.skills import deduction as _deduction
from synth_eval.skills import lookup as _lookup
from synth_eval.skills import recall as _recall
from synth_eval.skills import tracking as _tracking
from synth_eval.types import ChoiceItem

if TYPE_CHECKING:
    from datasets import Dataset


Builder = Callable[..., "dict[str, Dataset]"]
Items = Callable[[], Sequence[ChoiceItem]]


def _of_skill(test_items: Items, train_items: Items) -> Builder:
    def build(**metadata: Any) -> dict[str, Dataset]:
        """Both splits. lm-eval passes the task's metadata as keyword arguments; none of it changes the items."""
        return {"test": _dataset(test_items()), "train": _dataset(train_items())}

    return build


def _dataset(items: Sequence[ChoiceItem]) -> Dataset:
    from datasets import Dataset

    return Dataset.from_list(
        [
            {
                "question": item.question,
                "choices": list(item.choices),
                "answer": item.answer,
                "level": item.level,
                "form": item.form,
            }
            for item in items
        ]
    )


arithmetic = _of_skill(_arithmetic.test_items, _arithmetic.train_items)
deduction = _of_skill(_deduction.test_items, _deduction.train_items)
tracking = _of_skill(_tracking.test_items, _tracking.train_items)
lookup = _of_skill(_lookup.test_items, _lookup.train_items)
recall = _of_skill(_recall.test_items, _recall.train_items)
