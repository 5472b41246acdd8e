"""Training text of a miniature family: documents of the skills, in the recipe's mix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synth_eval.skills import SKILLS
from synth_eval.skills.items import Draw


def documents(mix: Mapping[str, float], *, key: str, characters: int, easy: bool = False) -> list[str]:
    """Documents of at least ``characters`` characters in all, mixed by share of characters.

    Parameters
    ----------
    mix : skill name -> share; the shares are scaled to sum to 1.
    key : what the text is for; equal keys give equal text, and a longer corpus begins with the shorter one's documents.
    characters : of all documents together. Skills take turns by how far each is behind its share, so that any leading
        part of the corpus has the mix too.
    easy : documents of level 1 only.
    """
    whole = sum(mix.values())
    shares = {name: share / whole for name, share in mix.items() if share > 0}
    streams = {name: _stream(name, key, easy) for name in shares}
    written = dict.fromkeys(shares, 0)
    found: list[str] = []
    total = 0
    while total < characters:
        name = min(shares, key=lambda skill: written[skill] / shares[skill])
        text = next(streams[name])
        found.append(text)
        written[name] += len(text)
        total += len(text)
    return found


def _stream(skill: str, key: str, easy: bool) -> Iterator[str]:
    draw = Draw("documents", skill, SKILLS[skill].VERSION, key, int(easy))
    while True:
        yield SKILLS[skill].document(draw, easy=easy)
