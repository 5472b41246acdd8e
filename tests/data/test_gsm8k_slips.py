"""Slips of gsm8k solutions, worked by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.data.gsm8k import evaluate, numbers_in, parse_solution, slips

DUCKS = "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\nShe makes 9 * 2 = $<<9*2=18>>18 a day.\n#### 18"


def test_a_published_solution_is_read() -> None:
    solution = parse_solution(DUCKS)
    assert solution.answer == 18
    assert solution.steps == (("16-3-4", 9), ("9*2", 18))


@pytest.mark.parametrize(
    ("tail", "answer"), [("#### 1,234", 1234), ("#### -10", -10), ("#### $5.50", Fraction(11, 2)), ("#### 70%", 70)]
)
def test_answers_come_in_several_spellings(tail: str, answer: Fraction) -> None:
    assert parse_solution(f"Some steps.\n{tail}").answer == answer


@pytest.mark.parametrize("text", ["no mark 18", "#### eighteen", ""])
def test_a_solution_without_an_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="####"):
        parse_solution(text)


def test_slips_of_two_steps() -> None:
    # Stopped after the first step: 9. First step 16-3+4 = 17, then 17*2 = 34. First step without the 4: 13, then 26.
    # Second step divided: 9/2. Second step left out: 9 again.
    assert slips(parse_solution(DUCKS)) == (9, 34, 26, Fraction(9, 2))


def test_a_wrong_result_is_carried_on_wherever_it_is_used() -> None:
    solution = parse_solution("<<2*3=6>>6, <<6+1=7>>7, <<6+7=13>>13\n#### 13")
    # 2/3 instead of 6: 2/3 + 1 = 5/3, then 2/3 + 5/3 = 7/3.
    assert Fraction(7, 3) in slips(solution)
    assert 13 not in slips(solution)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("16-3-4", 9),
        ("20*.5", 10),
        ("50%*8", 4),
        ("-(2+3)*4", -20),
        ("1/0", None),
        ("2**9", None),
        ("x+1", None),
        ("", 0),
    ],
)
def test_expressions(expression: str, value: int | None) -> None:
    assert evaluate(expression) == value


def test_numbers_of_a_text() -> None:
    assert numbers_in("$1,250 for 3 of .5 at 2.75.") == [1250, 3, Fraction(1, 2), Fraction(11, 4)]


@given(st.integers(1, 999), st.integers(1, 999), st.sampled_from("+-*"))
def test_evaluate_agrees_with_python(a: int, b: int, operation: str) -> None:
    assert evaluate(f"{a}{operation}{b}") == {"+": a + b, "-": a - b, "*": a * b}[operation]
