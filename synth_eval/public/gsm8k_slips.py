"""The wrong results that people reach on a gsm8k problem, from its worked solution.

A published solution writes its calculations as ``<<48/2=24>>``. A slip stops a step early, takes the other operation
in one step and goes on from the wrong number, or leaves a number out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

_CALCULATION = re.compile(r"<<([^<>]*?)=([^<>=]*?)>>")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")
_LARGEST = 10**9  # a number beyond is no plausible answer

OTHER_OPERATION: Mapping[type[ast.operator], str] = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*"}


@dataclass(frozen=True)
class Solution:
    """A worked solution: ``answer``, and its calculations as (expression, result) in order."""

    answer: Fraction
    steps: tuple[tuple[str, Fraction], ...]

    @property
    def operands(self) -> tuple[Fraction, ...]:
        """The numbers that the calculations are made of, in order, each once."""
        return tuple(dict.fromkeys(value for expression, _ in self.steps for value in numbers_in(expression)))


def parse_solution(text: str) -> Solution:
    """The answer behind ``####`` and the calculations of a published solution.

    Raises
    ------
    ValueError : no ``####``, or no number behind it.
    """
    _, mark, tail = text.rpartition("####")
    answer = _as_number(tail)
    if not mark or answer is None:
        raise ValueError(f"no '#### number' at the end of the solution {text[-40:]!r}")
    steps = []
    for expression, result in _CALCULATION.findall(text):
        value = _as_number(result)
        if value is not None:
            steps.append((expression.replace(",", ""), value))
    return Solution(answer, tuple(steps))


def numbers_in(text: str) -> list[Fraction]:
    """Every number in a text, thousands with commas too, in order."""
    return [Fraction(found.replace(",", "")) for found in _NUMBER.findall(text)]


def slips(solution: Solution) -> tuple[Fraction, ...]:
    """Wrong results, each once, in a fixed order; the right one is not among them."""
    found = [result for _, result in solution.steps]  # stopped there
    for wrong in range(len(solution.steps)):
        found += _carried_on(solution.steps, wrong)
    return tuple(value for value in dict.fromkeys(found) if value != solution.answer and abs(value) < _LARGEST)


def evaluate(expression: str) -> Fraction | None:
    """The value of an expression of numbers, + - * / and brackets; None if it is anything else or divides by 0."""
    try:
        tree = ast.parse(expression.strip().replace("%", "/100").lstrip("0") or "0", mode="eval")
        return _value(tree.body)
    except (SyntaxError, ValueError, ZeroDivisionError, KeyError, RecursionError):
        return None


def _carried_on(steps: Sequence[tuple[str, Fraction]], wrong: int) -> list[Fraction]:
    """Final results with another operation in one step, the later steps worked from the wrong number."""
    results = []
    for expression in _with_another_operation(steps[wrong][0]):
        instead: dict[Fraction, Fraction] = {}
        value = evaluate(expression)
        for later, (text, right) in enumerate(steps[wrong:]):
            if later:
                value = evaluate(_replaced(text, instead))
            if value is None:
                break
            instead[right] = value
        else:
            if value is not None:
                results.append(value)
    return results


def _replaced(expression: str, instead: Mapping[Fraction, Fraction]) -> str:
    def other(number: re.Match[str]) -> str:
        value = instead.get(Fraction(number[0]))
        return number[0] if value is None else f"({value.numerator}/{value.denominator})"

    return _NUMBER.sub(other, expression)


def _with_another_operation(expression: str) -> list[str]:
    """The expression with one operation turned into its inverse or left out with its second number."""
    try:
        tree = ast.parse(expression.strip().replace("%", "/100").lstrip("0") or "0", mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return []
    if not isinstance(tree.body, ast.BinOp) or type(tree.body.op) not in OTHER_OPERATION:
        return []
    left, right = ast.unparse(tree.body.left), ast.unparse(tree.body.right)
    return [f"({left}) {OTHER_OPERATION[type(tree.body.op)]} ({right})", left]


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if not isinstance(node, ast.BinOp):
        raise ValueError("neither number nor operation")
    left, right = _value(node.left), _value(node.right)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Div):
        return left / right
    raise ValueError("an operation other than + - * /")


def _as_number(text: str) -> Fraction | None:
    cleaned = re.sub(r"[,$%\s]", "", text).rstrip(".")
    return Fraction(cleaned) if re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", cleaned) else None
