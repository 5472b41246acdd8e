"""The words that several skills share, and how unevenly training documents use them.

Few and common on purpose: a model of a few hundred thousand parameters must be able to learn what each skill asks
from two million tokens (with 16 names it did not), and a large model is not helped by rare names.
"""

from __future__ import annotations

from synth_eval.skills.draw import Draw

NAMES = ("Adam", "Beth", "Carl", "Dana", "Emma", "Fred", "Gina", "Hugo", "Iris", "Jack")

# In training documents the first name is about twenty times as frequent as the last; in test items all are equal.
# Uneven use is how names occur in real text, and it is what lets a small model learn to look things up: with equal
# names no name is worth learning first, and four of four miniature models stayed at chance.
_NAME_WEIGHT = {name: 2 ** (-position / 2) for position, name in enumerate(NAMES)}


def people(draw: Draw, n: int, *, even: bool) -> list[str]:
    """n different names; each equally likely if ``even``, otherwise as unevenly as in training documents."""
    if even:
        return draw.sample(NAMES, n)
    pool = list(NAMES)
    found: list[str] = []
    for _ in range(n):
        name = draw.weighted(pool, [_NAME_WEIGHT[p] for p in pool])
        pool.remove(name)
        found.append(name)
    return found


def name_weight(name: str) -> float:
    """How often training documents ask about a name, relative to the first."""
    return _NAME_WEIGHT[name]
