"""The words that several skills share, and how unevenly easy training documents use them.

Few and common on purpose: a model of a few hundred thousand parameters must be able to learn what each skill asks
from two million tokens (with 16 names it did not), and a large model is not helped by rare names.
"""

from __future__ import annotations

from synth_eval.skills.draw import Draw

NAMES = ("Adam", "Beth", "Carl", "Dana", "Emma", "Fred", "Gina", "Hugo", "Iris", "Jack")

# In easy training documents the first name is sixty times as frequent as the last; everywhere else all are equal.
# That is what lets a small model learn to look things up at all: with equal names no name is worth learning first, and
# every miniature model that was tried stayed near chance.
_NAME_WEIGHT = {name: 2 ** (-position / 1.5) for position, name in enumerate(NAMES)}


def people(draw: Draw, n: int, *, even: bool) -> list[str]:
    """n different names; each equally likely if ``even``, otherwise as uneven as in easy training documents."""
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
    """How often easy training documents ask about a name, relative to the first."""
    return _NAME_WEIGHT[name]
