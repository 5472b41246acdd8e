"""Batches of prefix trees: every target is scored once, from a column that sees exactly its own prefix."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from synth_eval.harness.shared_prefix.batches import Batch, batched, plan_steps
from synth_eval.harness.shared_prefix.plan import Pass, separate_trees
from tests.harness.test_prefix_plan import replay, requests


def sees(last: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(b, n, n): which column (the last axis) a token sees: itself and its ancestors."""
    column = np.arange(last.shape[1])
    before = column[None, :] <= column[:, None]
    seen: NDArray[np.bool_] = before[None] & (column[None, :, None] <= last[:, None, :])
    return seen


def seen_by(batch: Batch) -> dict[tuple[int, int], tuple[list[int], int]]:
    """(request, position) -> the tokens that the column seen for its target saw, and the target."""
    width = batch.tokens.shape[1]
    mask = np.tril(np.ones((width, width), dtype=bool))[None] if batch.last is None else sees(batch.last)
    found = {}
    for place, target, owner in zip(batch.places.tolist(), batch.targets.tolist(), batch.owners.tolist()):
        row, column = place // len(batch.columns), int(batch.columns[place % len(batch.columns)])
        seen = np.flatnonzero(mask[row if batch.last is not None else 0, column])
        assert batch.positions[row, seen].tolist() == list(range(batch.cached, batch.cached + len(seen)))
        key = (owner, len(seen) - 1)
        assert key not in found, "scored twice"
        found[key] = (batch.tokens[row, seen].tolist(), target)
    return found


@given(requests(), st.integers(1, 80))
def test_every_target_once_after_its_own_prefix(made: tuple[list[list[int]], list[list[int]]], budget: int) -> None:
    inputs, targets = made
    steps = plan_steps(inputs, targets, tokens_per_pass=budget)
    found = {}
    for batch in (step for step in steps if isinstance(step, Batch)):
        for key, value in seen_by(batch).items():
            assert key not in found, "scored twice"
            found[key] = value
    for owner, seen in enumerate(replay([step for step in steps if isinstance(step, Pass)], len(inputs))):
        found |= {(owner, position): value for position, value in seen.items()}
    expected = {}
    for owner, (tokens, scored) in enumerate(zip(inputs, targets, strict=True)):
        first = len(tokens) - len(scored)
        expected |= {(owner, first + k): (tokens[: first + k + 1], target) for k, target in enumerate(scored)}
    assert found == expected


@given(requests(), st.integers(1, 80))
def test_no_batch_exceeds_twice_the_budget_with_its_padding(
    made: tuple[list[list[int]], list[list[int]]], budget: int
) -> None:
    for step in plan_steps(*made, tokens_per_pass=budget):
        assert 0 < step.tokens.size <= (2 * budget if isinstance(step, Batch) else budget)


@given(requests(), st.integers(1, 80))
def test_rows_on_a_cache_see_their_own_prefix(made: tuple[list[list[int]], list[list[int]]], budget: int) -> None:
    inputs, targets = made
    steps = plan_steps(inputs, targets, tokens_per_pass=budget, rows_on_cache=True, passes_per_batch=3, filled=0.5)
    found: dict[tuple[int, int], tuple[list[int], int]] = {}
    cache: list[int] = []
    for step in steps:
        assert step.cached <= len(cache)
        cache = cache[: step.cached]
        if isinstance(step, Batch):
            assert step.tokens.size <= 3 * budget
            seen = seen_by(step)
        else:
            (row,) = [dict(enumerate(replay([step], len(inputs), cache=cache)))]
            seen = {(owner, position): value for owner, values in row.items() for position, value in values.items()}
            cache = cache + step.tokens.tolist()
        for (owner, position), (tokens, target) in seen.items():
            whole = cache[: step.cached] + tokens if isinstance(step, Batch) else tokens
            assert (owner, len(whole) - 1) not in found, "scored twice"
            found[owner, len(whole) - 1] = (whole, target)
            assert isinstance(step, Batch) or position == len(whole) - 1
    expected = {}
    for owner, (tokens, scored) in enumerate(zip(inputs, targets, strict=True)):
        first = len(tokens) - len(scored)
        expected |= {(owner, first + k): (tokens[: first + k + 1], target) for k, target in enumerate(scored)}
    assert found == expected


def test_items_after_a_header_are_rows_on_the_cache() -> None:
    """A header of 40 tokens, four items of 10 and one of 30 tokens, 25 a pass: the items of 10 are one batch."""
    header = list(range(100, 140))
    inputs = [header + [k] * 10 for k in range(4)] + [header + [9] * 30]
    steps = plan_steps(inputs, [[7]] * 5, tokens_per_pass=25, rows_on_cache=True)
    assert [(type(step).__name__, step.cached, step.tokens.shape) for step in steps] == [
        ("Pass", 0, (25,)),
        ("Pass", 25, (15,)),
        ("Batch", 40, (4, 10)),
        ("Pass", 40, (25,)),
        ("Pass", 65, (5,)),
    ]
    assert isinstance(steps[2], Batch)
    assert steps[2].positions.tolist() == [list(range(40, 50))] * 4


def test_the_choices_of_a_short_question_share_a_row_on_the_cache() -> None:
    """After a header, questions of 6 tokens with two choices of 2: they share less than is worth a cache of its own."""
    header = list(range(100, 140))
    inputs = [header + [k] * 6 + [choice] for k in range(6) for choice in (8, 9)]
    steps = plan_steps(inputs, [[8, 7], [9, 7]] * 6, tokens_per_pass=40, rows_on_cache=True)
    assert [step.tokens.shape for step in steps] == [(40,), (6, 8)]


def test_a_batch_that_is_not_filled_takes_short_rows_too() -> None:
    inputs = [[k] * length for k, length in enumerate((4, 9, 5, 8))]
    trees = separate_trees(inputs, inputs, tree_tokens=20, sequence_tokens=40)[0]
    assert [batch.tokens.shape for batch in batched(trees, tokens=40, filled=0.9)] == [(4, 9)]


def test_rows_are_of_about_one_length() -> None:
    """9, 8 and 5 tokens go together; 4 is less than half of 9 and starts a batch of its own."""
    inputs = [[k] * length for k, length in enumerate((4, 9, 5, 8))]
    batches = list(batched(separate_trees(inputs, inputs, tree_tokens=20, sequence_tokens=40)[0], tokens=40))
    assert [batch.tokens.shape for batch in batches] == [(3, 9), (1, 4)]
    assert all(batch.last is None for batch in batches)  # plain sequences, scored all along: no mask


def test_choices_stand_at_the_end() -> None:
    """Contexts of 9 and 7 tokens with two choices each, of one and two tokens: two rows, scored from the last columns.

    The first row is the nine shared tokens and the first token of the longer choice.
    """
    inputs = [[1] * 9, [1] * 9 + [3], [4] * 7, [4] * 7 + [5]]
    targets = [[7], [3, 8], [7], [5, 8]]
    (batch,) = plan_steps(inputs, targets, tokens_per_pass=64)
    assert isinstance(batch, Batch)
    assert batch.tokens.tolist() == [[1] * 9 + [3], [0] * 2 + [4] * 7 + [5]]
    assert batch.columns.tolist() == [8, 9]


def test_short_beginnings_in_common_do_not_join_items() -> None:
    """Two items of 12 tokens that begin with the same 5: below half of them, so rows of their own."""
    inputs = [[1] * 5 + [k] * 7 for k in (2, 3)]
    (batch,) = plan_steps(inputs, [[9], [9]], tokens_per_pass=64)
    assert batch.tokens.shape == (2, 12)


def test_without_rows_only_plain_sequences_are_batched() -> None:
    """Two items of two choices, one request of one token after a long context, and a text: the text alone."""
    inputs = [[1] * 9, [1] * 9 + [3], [4] * 7, [4] * 7 + [5], [6] * 12, [8] * 10]
    targets = [[7], [3, 8], [7], [5, 8], [2], [8] * 10]
    steps = plan_steps(inputs, targets, tokens_per_pass=64, rows=False)
    batches = [step for step in steps if isinstance(step, Batch)]
    assert [batch.owners.tolist() for batch in batches] == [[5] * 10]
    owners = sorted(owner for step in steps if isinstance(step, Pass) for owner in set(step.owners.tolist()))
    assert owners == [0, 1, 2, 3, 4]


def test_what_shares_a_long_prefix_stays_a_pass() -> None:
    header = list(range(100, 150))
    inputs = [[*header, k] for k in range(40)]
    steps = plan_steps(inputs, [[1]] * 40, tokens_per_pass=64)
    assert all(isinstance(step, Pass) for step in steps)
    assert sum(step.tokens.size for step in steps) == 50 + 40
