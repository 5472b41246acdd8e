"""Four choices for a gsm8k problem, of which none gives itself away.

Distractors made from the answer would surround it: whoever takes the choice most like the others would be right. So a
stretch of the number line is drawn that holds the answer at a random place, and the distractors are drawn from that
stretch without another look at the answer: results of slips in the published solution, and numbers as often round, even
or ending in 5 as gsm8k's answers are. Seen without the question, the answer is then as likely to be any of the four.
Everything is determined by the question.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from synth_eval.skills.items import Draw

# The wrong results that people reach on a gsm8k problem, from its worked solution.
#
# A published solution writes its calculations as ``<<48/2=24>>``. A slip stops a step early, takes the other operation
# in one step and continues from the wrong number, or leaves a number out.

_CALCULATION = re.compile(r"<<([^<>]*?)=([^<>=]*?)>>")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")
_LARGEST = 10**9  # a number beyond is no plausible answer

OTHER_OPERATION: Mapping[type[ast.operator], str] = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*"}


@dataclass(frozen=True)
class Solution:
    """A worked solution: ``answer``, and its calculations as (expression, result) in order."""

    answer: Fraction
    steps: tuple[tuple[str, Fraction], ...]


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


VERSION = 1

# Measured on the first 1,000 answers of gsm8k's train split.
MENTIONED = 0.1  # .06 are a number of the question; where no such number is in the stretch, none is taken
SIGNIFICANT = {1: (1.0,), 2: (0.26, 0.74), 3: (0.21, 0.40, 0.39), 4: (0.12, 0.34, 0.37, 0.17)}  # digits but final zeros
LAST = {"5": 0.17, "2468": 0.56, "1379": 0.27}  # the last digit before the final zeros

SLIPS = 0.5  # the share of distractors that are slips, where a slip is in the stretch
STRETCH = 1.5  # its length in units of log(value + SOFTENING)
SOFTENING = 4.0  # below, the stretch is a number of whole numbers rather than a factor
TILT = 0.4  # answers thin out by exp(-TILT) along that unit
_ATTEMPTS = 200
_MAX_DECIMALS = 6


def choices(question: str, solution: Solution) -> tuple[tuple[str, ...], int]:
    """Four numbers in random order, and which of them is the answer.

    Raises
    ------
    ValueError : the answer has more than six decimals.
    """
    decimals = decimals_of(solution.answer)
    scale = 10**decimals
    right = abs(int(solution.answer * scale))
    maker = _Maker(
        slips=_scaled(slips(solution), scale),
        said=frozenset(_scaled(numbers_in(question), scale)),
        decimals=decimals,
        draw=Draw("gsm8k", VERSION, question),
    )
    # in an order of their own, so that the places stay when the numbers are mended
    four = Draw("gsm8k", "order", question).shuffled(maker.with_distractors(right))
    sign = -1 if solution.answer < 0 else 1
    return tuple(_written(sign * value, decimals) for value in four), four.index(right)


def written(value: Fraction) -> str:
    """A number as the choices show it: no thousands commas, and decimals only where there are any."""
    decimals = decimals_of(value)
    return _written(int(value * 10**decimals), decimals)


def decimals_of(value: Fraction) -> int:
    """How many decimals write the number exactly.

    Raises
    ------
    ValueError : more than six.
    """
    for decimals in range(_MAX_DECIMALS + 1):
        if (value * 10**decimals).denominator == 1:
            return decimals
    raise ValueError(f"{value} has more than {_MAX_DECIMALS} decimals")


class _Maker:
    """Draws distractors, in units of the answer's last decimal and without sign."""

    def __init__(self, *, slips: Sequence[int], said: frozenset[int], decimals: int, draw: Draw) -> None:
        self._slips, self._said, self._decimals, self._draw = slips, said, decimals, draw

    def with_distractors(self, right: int) -> list[int]:
        """The answer and three distractors."""
        for _ in range(_ATTEMPTS):
            low, high = self._stretch(right)
            four = [right]
            for _ in range(3):
                value = self._distractor(low, high, four)
                if value is None:
                    break
                four.append(value)
            if len(four) == 4:
                return four
        raise ValueError(f"no four choices for the answer {right}")

    def _stretch(self, right: int) -> tuple[float, float]:
        start = math.log(right + SOFTENING) - self._draw.unit() * STRETCH
        return max(math.exp(start) - SOFTENING, 0.5), math.exp(start + STRETCH) - SOFTENING

    def _distractor(self, low: float, high: float, had: Sequence[int]) -> int | None:
        """One more number of the stretch; None if none was found in a few attempts."""
        may_be_said = self._draw.unit() < MENTIONED
        slipped = [value for value in self._slips if low <= value <= high and value not in had]
        slipped = [value for value in slipped if (value in self._said) <= may_be_said and self._fits(value, had)]
        if slipped and self._draw.unit() < SLIPS:
            return self._draw.choice(slipped)
        if may_be_said:
            said = [value for value in sorted(self._said) if low <= value <= high and self._fits(value, had)]
            if said:
                return self._draw.choice(said)
        for _ in range(20):
            value = self._plain_number(low, high)
            if low <= value <= high and value not in self._said and self._fits(value, had):
                return value
        return None

    def _plain_number(self, low: float, high: float) -> int:
        """A number of the stretch, as round as answers are."""
        start, end = math.log(low + SOFTENING), math.log(high + SOFTENING)
        share = 1 - self._draw.unit() * (1 - math.exp(-TILT * (end - start)))
        near = math.exp(start - math.log(share) / TILT) - SOFTENING
        length = len(str(max(round(near), 1)))
        shares = SIGNIFICANT[min(length, 4)]
        digits = self._draw.weighted(range(1, len(shares) + 1), shares)
        unit = 10 ** (length - digits)
        if digits == 1:
            return max(round(near / unit), 1) * unit
        last = self._draw.weighted(tuple(LAST), tuple(LAST.values()))
        ending = [n for n in range(round(near / unit) - 5, round(near / unit) + 6) if str(abs(n))[-1] in last]
        return min(ending, key=lambda n: abs(n * unit - near)) * unit

    def _fits(self, value: int, had: Sequence[int]) -> bool:
        """Not there yet, and neither the beginning of one that is nor the other way round.

        Where the tokenizer splits digits, the likelihood of "12" is part of that of "120", and "12" wins unasked.
        """
        if self._decimals and value % 10 == 0:
            return False
        text = str(value)
        return not any(text.startswith(str(other)) or str(other).startswith(text) for other in had)


def _scaled(values: Sequence[Fraction], scale: int) -> list[int]:
    """Those above 0 that are whole in units of the answer's last decimal, each once."""
    scaled = (abs(value) * scale for value in values if value)
    return list(dict.fromkeys(value.numerator for value in scaled if value.denominator == 1))


def _written(value: int, decimals: int) -> str:
    """No thousands commas, as many decimals as the answer has."""
    if not decimals:
        return str(value)
    digits = str(abs(value)).rjust(decimals + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"
