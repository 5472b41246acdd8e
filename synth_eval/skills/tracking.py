"""synth_tracking: where a thing is after a sequence of moves among distracting sentences.

Level 1: the thing is put down once. Level 2: moved once more. Level 3: moved twice more. Level 4: two things are moved
about, and the question is about one of them. Every story names four places; people also look into places, which
moves nothing.

The last move is the last sentence in a quarter of the stories, so that "the last place named" is no better than a
guess; see tests/skills for what shallow rules reach.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_eval.skills.items import LEVELS, NAMES, Draw, Split, balanced_items, draw_story
from synth_eval.types import REASONING, ChoiceItem

NAME = "synth_tracking"
CATEGORY = REASONING
VERSION = 1
SHALLOW = 0.521  # the best shallow heuristic that we found, see tests/skills/test_shallow.py
LEVEL_WEIGHTS = (3, 3, 2, 1)  # of training documents, by level

THINGS = ("key", "ball", "ring", "map")
PLACES = ("box", "bag", "drawer", "basket", "chest", "pocket", "bucket", "case")


@dataclass(frozen=True)
class _Story:
    text: str
    where: dict[str, str]  # thing -> place at the end
    places: tuple[str, ...]
    form: str


def test_items(seed: int = 0) -> list[ChoiceItem]:
    """500 stories to test with, 125 a level.

    Examples
    --------
    >>> test_items()[0].choices
    ('box', 'bag', 'basket', 'pocket')
    """
    return balanced_items(NAME, VERSION, "test", seed, _item)


def train_items(seed: int = 0) -> list[ChoiceItem]:
    """64 stories to show as examples; none is among the test items.

    Examples
    --------
    >>> train_items()[0].choices
    ('case', 'basket', 'pocket', 'bag')
    """
    return balanced_items(NAME, VERSION, "train", seed, _item)


def document(draw: Draw, *, easy: bool = False) -> str:
    """One training document: a story of a random level and where its things are.

    Examples
    --------
    >>> document(Draw("doc")).split(". ")[0]
    'Dana puts the ball in the basket'
    """
    level = 1 if easy else draw.weighted(LEVELS, LEVEL_WEIGHTS)
    story = draw_story(lambda: _story(draw, level), lambda s: s.text, "documents")
    ends = [f"The {thing} is in the {place}." for thing, place in story.where.items()]
    return " ".join([story.text, *draw.shuffled(ends)])


def _item(draw: Draw, level: int, split: Split) -> ChoiceItem:
    story = draw_story(lambda: _story(draw, level), lambda s: s.text, split)
    thing = draw.choice(sorted(story.where))
    answer = story.where[thing]
    others = draw.shuffled([place for place in story.places if place != answer])
    return ChoiceItem(NAME, level, f"{story.text} The {thing} is in the", (answer, *others), 0, story.form)


def _story(draw: Draw, level: int) -> _Story:
    places = draw.sample(PLACES, 4)
    if level == 4:
        return _two_things(draw, places)
    thing = draw.choice(THINGS)
    moves = draw.sample(places, level)
    rest = [place for place in places if place not in moves]
    # Of the places that the thing never sees, `after` are looked into after the last move; none in a quarter.
    looks_after = 0 if draw.below(4) == 0 else draw.between(1, len(rest))
    looks = draw.shuffled(rest)
    after = [_look(draw, place) for place in looks[:looks_after]]
    if level == 3 and looks_after and draw.below(2) == 0:
        after.append(_look(draw, moves[draw.below(2)]))  # an old place, so that the newest name is no clue
    before = looks[looks_after:]
    told = [_move(draw, thing, place, first=i == 0) for i, place in enumerate(moves)]
    for place in before:
        at = draw.below(len(told))
        told.insert(at, _look(draw, place))
    return _Story(" ".join([*told, *after]), {thing: moves[-1]}, tuple(places), f"{level}-moves")


def _two_things(draw: Draw, places: list[str]) -> _Story:
    """Two things, each put down and moved once, in a random order that keeps each thing's own order."""
    first, second = draw.sample(THINGS, 2)
    routes = {first: places[:2], second: places[2:]}
    order = draw.shuffled([first, first, second, second])
    told, stage = [], {first: 0, second: 0}
    for thing in order:
        told.append(_move(draw, thing, routes[thing][stage[thing]], first=stage[thing] == 0))
        stage[thing] += 1
    return _Story(" ".join(told), {thing: route[-1] for thing, route in routes.items()}, tuple(places), "two-things")


def _move(draw: Draw, thing: str, place: str, *, first: bool) -> str:
    verb = f"puts the {thing} in" if first else f"moves the {thing} to"
    return f"{draw.choice(NAMES)} {verb} the {place}."


def _look(draw: Draw, place: str) -> str:
    return f"{draw.choice(NAMES)} looks in the {place}."
