"""Plans of passes: every target is scored once, seeing exactly its own prefix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.harness.shared_prefix.plan import WORTH_CACHING, Pass, distinct_tokens, plan_passes

TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=60)


@st.composite
def requests(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]]]:
    """Inputs over three tokens (so that many share prefixes), some after a long common header, and what they score."""
    header = draw(st.sampled_from([[], [5] * 3, [6] * (3 * WORTH_CACHING)]))
    inputs = [header * draw(st.integers(0, 1)) + draw(TOKENS) for _ in range(draw(st.integers(1, 8)))]
    targets = [[9 + k for k in range(draw(st.integers(1, len(given))))] for given in inputs]
    return inputs, targets


def replay(passes: list[Pass], requests: int, *, cache: Sequence[int] = ()) -> list[dict[int, tuple[list[int], int]]]:
    """For each request, the position of a scored row -> the tokens that row saw and the target scored there."""
    found: list[dict[int, tuple[list[int], int]]] = [{} for _ in range(requests)]
    cache = list(cache)
    for step in passes:
        assert step.cached <= len(cache)
        cache = cache[: step.cached]
        for row, target, owner in zip(step.rows, step.targets, step.owners):
            seen = [k for k in range(row + 1) if step.last[k] >= row]
            assert step.positions[seen].tolist() == list(range(step.cached, step.cached + len(seen)))
            assert int(step.positions[row]) not in found[owner], "scored twice"
            found[owner][int(step.positions[row])] = (cache + step.tokens[seen].tolist(), int(target))
        cache = cache + step.tokens.tolist()
    return found


@given(requests(), st.integers(1, 80))
def test_every_target_once_after_its_own_prefix(made: tuple[list[list[int]], list[list[int]]], budget: int) -> None:
    inputs, targets = made
    passes = plan_passes(inputs, targets, tokens_per_pass=budget)
    for index, found in enumerate(replay(passes, len(inputs))):
        first = len(inputs[index]) - len(targets[index])
        expected = {first + k: (inputs[index][: first + k + 1], target) for k, target in enumerate(targets[index])}
        assert found == expected


@given(requests(), st.integers(1, 80))
def test_no_pass_exceeds_the_budget(made: tuple[list[list[int]], list[list[int]]], budget: int) -> None:
    passes = plan_passes(*made, tokens_per_pass=budget)
    assert max(len(step.tokens) for step in passes) <= budget
    assert min(len(step.tokens) for step in passes) > 0


@given(requests())
def test_one_pass_that_fits_all_is_the_set_of_prefixes(made: tuple[list[list[int]], list[list[int]]]) -> None:
    inputs, targets = made
    prefixes = {tuple(given[:end]) for given in inputs for end in range(1, len(given) + 1)}
    (step,) = plan_passes(inputs, targets, tokens_per_pass=10_000)
    assert len(step.tokens) == len(prefixes) == distinct_tokens(inputs)


def test_two_choices_after_one_context() -> None:
    # context 7 8; choices "1 2" and "1 3 4" share their first token; the last token of each is only a target
    (step,) = plan_passes([[7, 8, 1], [7, 8, 1, 3]], [[1, 2], [1, 3, 4]], tokens_per_pass=10)
    assert step.tokens.tolist() == [7, 8, 1, 3]
    assert step.positions.tolist() == [0, 1, 2, 3]
    assert step.last.tolist() == [3, 3, 3, 3]
    assert list(zip(step.owners, step.rows, step.targets)) == [(0, 1, 1), (0, 2, 2), (1, 1, 1), (1, 2, 3), (1, 3, 4)]


def test_siblings_do_not_see_each_other() -> None:
    # 7 -> 8 and 7 -> 9 in depth-first order: rows 7, 8, 9; the leaf 8 ends at its own row
    (step,) = plan_passes([[7, 9], [7, 8]], [[0], [0]], tokens_per_pass=10)
    assert step.tokens.tolist() == [7, 8, 9]
    assert step.positions.tolist() == [0, 1, 1]
    assert step.last.tolist() == [2, 1, 2]
    assert list(zip(step.owners, step.rows)) == [(1, 1), (0, 2)]


def test_a_header_is_encoded_once_and_items_are_packed() -> None:
    # 20 tokens of header; 4 items of 6 tokens; 14 fit in a pass: header in two passes, then two items a pass
    inputs = [[1] * 20 + [2 + item] * 6 for item in range(4)]
    passes = plan_passes(inputs, [[0]] * 4, tokens_per_pass=14)
    assert [(step.cached, len(step.tokens)) for step in passes] == [(0, 14), (14, 6), (20, 12), (20, 12)]
    assert sum(len(step.tokens) for step in passes) == distinct_tokens(inputs)


def test_a_short_shared_prefix_is_not_worth_a_pass_of_its_own() -> None:
    inputs = [[1] * (WORTH_CACHING - 1) + [2 + item] * 10 for item in range(4)]
    passes = plan_passes(inputs, [[0]] * 4, tokens_per_pass=40)
    assert [step.cached for step in passes] == [0, 0]
    assert [len(step.tokens) for step in passes] == [WORTH_CACHING - 1 + 20] * 2


def test_nothing_to_do() -> None:
    assert plan_passes([], [], tokens_per_pass=4) == []
    assert distinct_tokens([]) == 0


@pytest.mark.parametrize(("given", "scored"), [([1, 2], []), ([1], [2, 3]), ([], [])])
def test_a_request_scores_at_least_one_token_and_has_a_position_for_each(given: list[int], scored: list[int]) -> None:
    with pytest.raises(ValueError, match="request 1"):
        plan_passes([[1], given], [[2], scored], tokens_per_pass=4)


def test_a_pass_takes_a_token() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        plan_passes([[1]], [[2]], tokens_per_pass=0)


def test_results_are_integers_of_one_type() -> None:
    (step,) = plan_passes([[1, 2]], [[3]], tokens_per_pass=4)
    for values in (step.tokens, step.positions, step.last, step.rows, step.targets, step.owners):
        assert values.dtype == np.int64
