"""Four choices for a gsm8k problem, of which none gives itself away.

Distractors made from the answer would surround it: whoever takes the choice most like the others would be right. So a
stretch of the number line is drawn that holds the answer at a random place, and the distractors are drawn from that
stretch without another look at the answer: results of slips in the published solution, and numbers as often round, even
or ending in 5 as gsm8k's answers are. Seen without the question, the answer is then as likely to be any of the four.
Everything is determined by the question.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from synth_eval.public.gsm8k_slips import Solution, numbers_in, slips
from synth_eval.skills.draw import Draw

VERSION = 1

# Measured on the first 1,000 answers of gsm8k's train split.
MENTIONED = 0.1  # .06 are a number of the question; where no such number lies in the stretch, none is taken
SIGNIFICANT = {1: (1.0,), 2: (0.26, 0.74), 3: (0.21, 0.40, 0.39), 4: (0.12, 0.34, 0.37, 0.17)}  # digits but final zeros
LAST = {"5": 0.17, "2468": 0.56, "1379": 0.27}  # the last digit before the final zeros

SLIPS = 0.5  # the share of distractors that are slips, where a slip lies in the stretch
STRETCH = 1.5  # its length in units of log(value + SOFTENING)
SOFTENING = 4.0  # below, the stretch is a number of whole numbers rather than a factor
TILT = 0.4  # answers thin out by exp(-TILT) along that unit
_ATTEMPTS = 200
_MOST_DECIMALS = 6


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
    for decimals in range(_MOST_DECIMALS + 1):
        if (value * 10**decimals).denominator == 1:
            return decimals
    raise ValueError(f"{value} has more than {_MOST_DECIMALS} decimals")


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
