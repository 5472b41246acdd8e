"""What synth_generation reports to lm-eval: the characteristics of the k samples of each prompt."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from synth_eval.generation import COMMON_ENGLISH, score_prompt

if TYPE_CHECKING:
    from datasets import Dataset


def process_results(doc: Mapping[str, Any], results: Sequence[Sequence[str]]) -> dict[str, float]:
    """Characteristics of one prompt from the k texts that the task's filter kept; lm-eval averages them over prompts.

    What the texts do not define (MATTR of texts that are shorter than its window) is left out of that prompt, and so
    out of the average. Rare words are those outside of `COMMON_ENGLISH`.

    Raises
    ------
    ValueError : the filter kept a single text, which has nothing to be compared with.
    """
    (texts,) = results
    if isinstance(texts, str):
        raise ValueError("the filter kept one text; diversity needs all of them: end it with take_first_k")
    scores = dataclasses.asdict(score_prompt(texts, prompt=doc["prompt"], reference=COMMON_ENGLISH))
    return {name: value for name, value in scores.items() if not math.isnan(value)}


# The fixed prompts that synth_generation has models continue. They never move within a version.
#
# ``plain`` ones open everyday prose of several kinds; ``skill`` ones open a training document of one of the skills, so
# that the miniature models, which know nothing else, have something to say too.

VERSION = 1

_PLAIN = """
The old lighthouse had stood empty for years, until one evening
When the train finally reached the small station in the hills,
Every morning before sunrise, the baker opened her shop and
The two brothers had not spoken since the summer their father
On the last page of the diary, in a hurried hand, she
It was raining in the city, and nobody had noticed that
To make a good vegetable soup, start by cutting the onions
Before you plant a tree in your garden, you should know
The easiest way to learn a new language is to begin
If your bicycle chain keeps falling off, the first thing to
A good night of sleep depends on many small habits, such
The history of bread begins long before the first cities, when
Volcanoes form where hot rock from deep below the ground can
Bees are among the most important animals on a farm because
The invention of the printing press changed the way that people
Rivers shape the land around them over thousands of years by
The moon affects the sea in a way that sailors have
Most of the salt that we use in the kitchen comes
The city council met on Tuesday evening to decide whether the
A storm crossed the northern coast last night, and by morning
Local schools will open an hour later next month, after parents
The team had lost three games in a row, so the
Dear neighbour, I am writing to you about the tall hedge
Thank you for your letter about the job in our library,
There are good reasons to walk to work rather than drive,
Some people believe that children should not have phones at school,
The most useful advice that my grandmother ever gave me was
What I remember best about my first year in the village
"""

_SKILL = """
Iris has 20 cups. Iris
Beth has 8 books. Beth sells
Carl has 7 pens. Carl finds 5.
Now Dana has 12 coins. Dana buys
Gina is younger than Iris. Gina is older than
Emma is older than Hugo. Adam is
Jack is shorter than Beth. Jack is
The second oldest is Carl. The oldest
Emma has a grey cup. Adam has
The pink car belongs to Iris. Beth
The baker is called Ada. The farmer is
Fred has a black hat. Emma has a
The capital of Ireland is Dublin. The capital of
The chemical symbol of neptunium is
The official language of Brazil is Portuguese. The
Zambia is a country in Africa. The official currency
Hugo looks in the bag. Beth looks
Fred puts the map in the bucket. Emma
Dana moves the ball to the bag. Hugo
Beth puts the key in the case. Fred looks
"""

PROMPTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"plain": tuple(_PLAIN.strip().splitlines()), "skill": tuple(_SKILL.strip().splitlines())}
)


def generation_prompts(**metadata: Any) -> dict[str, Dataset]:
    """All prompts as a split named test. lm-eval passes the task's metadata; none of it changes the prompts."""
    from datasets import Dataset

    rows = [{"prompt": prompt, "form": form} for form, prompts in PROMPTS.items() for prompt in prompts]
    return {"test": Dataset.from_list(rows)}
