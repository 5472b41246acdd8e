"""The datasets that tasks/public/*.yaml name: items of a public set, from the data folder or else from the hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from synth_eval.data.folder import DataError, Record, data_folder, read_part
from synth_eval.data.hub import records_from_hub
from synth_eval.data.public_items import (
    BadRecord,
    Item,
    bbh_items,
    domain_items,
    gsm8k_choice_items,
    gsm8k_generate_items,
    nq_open_items,
    opentriviaqa_items,
    squad_items,
    strategyqa_items,
)
from synth_eval.data.sets import BBH_TASKS, DOMAINS, TRIVIA_CATEGORIES, Part

if TYPE_CHECKING:
    from datasets import Dataset


Maker = Callable[[Sequence[Record]], list[Item]]

_SHOTS = 64  # few-shot examples that are made of a train split


def gsm8k(**metadata: Any) -> dict[str, Dataset]:
    """gsm8k as a choice of four numbers. lm-eval passes the task's metadata; none of it changes the items."""
    return _splits(Part("gsm8k", "", "test"), gsm8k_choice_items, shots=Part("gsm8k", "", "train"))


def gsm8k_generate(**metadata: Any) -> dict[str, Dataset]:
    """gsm8k with the solution written out."""
    return _splits(Part("gsm8k", "", "test"), gsm8k_generate_items, shots=Part("gsm8k", "", "train"))


def strategyqa(**metadata: Any) -> dict[str, Dataset]:
    """StrategyQA as yes or no."""
    return _splits(Part("strategyqa", "", "validation"), strategyqa_items)


def nq_open(**metadata: Any) -> dict[str, Dataset]:
    """Open natural questions, the answer generated."""
    return _splits(Part("nq_open", "", "validation"), nq_open_items)


def squad(**metadata: Any) -> dict[str, Dataset]:
    """SQuAD as a choice among answers of one passage."""
    return _splits(Part("squad", "", "validation"), squad_items)


def opentriviaqa(**metadata: Any) -> dict[str, Dataset]:
    """OpenTriviaQA's questions with four choices, a sample of each category."""
    parts = {category: Part("opentriviaqa", category, "train") for category in TRIVIA_CATEGORIES}
    try:
        test, shots = opentriviaqa_items({category: _records(part) for category, part in parts.items()})
    except BadRecord as error:
        raise DataError(f"opentriviaqa: {error}") from error
    return {"test": _dataset(test), "train": _dataset(shots)}


def _bbh(task: str) -> Callable[..., dict[str, Dataset]]:
    def build(**metadata: Any) -> dict[str, Dataset]:
        """One task of BIG-Bench Hard as a choice of its options' texts."""
        return _splits(Part("bbh", task, "test"), bbh_items)

    return build


def _domain(domain: str) -> Callable[..., dict[str, Dataset]]:
    def build(**metadata: Any) -> dict[str, Dataset]:
        """Documents of one domain."""
        return _splits(Part("domains", domain, "test"), domain_items)

    return build


def __getattr__(name: str) -> Callable[..., dict[str, Dataset]]:
    # tasks/public/*.yaml can only name attributes: bbh_logical_deduction_three_objects, domain_web ...
    kind, _, which = name.partition("_")
    if kind == "bbh" and which in BBH_TASKS:
        return _bbh(which)
    if kind == "domain" and which in DOMAINS:
        return _domain(which)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _splits(part: Part, make: Maker, *, shots: Part | None = None) -> dict[str, Dataset]:
    splits = {"test": _dataset(_made(part, make))}
    if shots is not None:
        splits["train"] = _dataset(_made(shots, make, first=_SHOTS))
    return splits


def _made(part: Part, make: Maker, *, first: int | None = None) -> list[Item]:
    try:
        items = make(_records(part)[:first])
    except BadRecord as error:
        raise DataError(f"{part}: {error}") from error
    if not items:
        raise DataError(f"{part}: none of its records makes an item")
    return items


def _records(part: Part) -> list[Record]:
    folder = data_folder()
    return records_from_hub(part) if folder is None else read_part(folder, part)


def _dataset(items: Sequence[Item]) -> Dataset:
    from datasets import Dataset

    return Dataset.from_list([dict(item) for item in items])
