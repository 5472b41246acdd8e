"""Text to tokens, in one way for all models: their own tokenizers would not be comparable.

A token is a lower-cased word (letters, digits, inner apostrophes) or one punctuation mark. Words are split at spaces
and punctuation, so languages written without spaces need to be segmented first.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Tokens: TypeAlias = Sequence[str]

_TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


def tokenise(text: str) -> list[str]:
    """Lower-cased words and punctuation marks of a text, in order.

    Examples
    --------
    >>> tokenise("It's late, isn't it?")
    ["it's", 'late', ',', "isn't", 'it', '?']
    """
    return _TOKEN.findall(text.lower())


def only_words(tokens: Tokens) -> list[str]:
    """The tokens that hold a letter or digit; lexical measures leave punctuation out.

    Examples
    --------
    >>> only_words(["late", ",", "it"])
    ['late', 'it']
    """
    return [token for token in tokens if token[0].isalnum() or token[0] == "_"]


def cut(text: str, *, tokens: int) -> str:
    """The text up to the end of its ``tokens``-th token; all of it if it has fewer.

    Raises
    ------
    ValueError : tokens < 1.

    Examples
    --------
    >>> cut("One, two, three", tokens=3)
    'One, two'
    """
    if tokens < 1:
        raise ValueError(f"tokens must be at least 1, not {tokens}")
    for position, match in enumerate(_TOKEN.finditer(text), start=1):
        if position == tokens:
            return text[: match.end()]
    return text


def ngrams(tokens: Tokens, n: int) -> Iterator[tuple[str, ...]]:
    """The max(0, len - n + 1) runs of n neighbouring tokens.

    Raises
    ------
    ValueError : n < 1.

    Examples
    --------
    >>> list(ngrams(["a", "b", "c"], 2))
    [('a', 'b'), ('b', 'c')]
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    return zip(*(tokens[start:] for start in range(n)))


# Tail mass: how much of a text are words that are rare in a reference. Early collapse loses these first.


@dataclass(frozen=True)
class Reference:
    """Which words are frequent. ``rare`` are the known others; None: every other word counts as rare."""

    frequent: frozenset[str]
    rare: frozenset[str] | None = None


def reference_from(texts: Iterable[str], *, head: float = 0.9) -> Reference:
    """Split the words of reference texts into the most frequent ones, which make up ``head`` of it, and the rest.

    Words of equal frequency stay on one side, the frequent one, so the order of the texts does not matter.

    Raises
    ------
    ValueError : head not between 0 and 1, or no words in the texts.

    Examples
    --------
    >>> reference_from(["the the the cat"], head=0.7).rare
    frozenset({'cat'})
    """
    if not 0.0 < head < 1.0:
        raise ValueError(f"head must lie between 0 and 1, not {head}")
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(only_words(tokenise(text)))
    total = counts.total()
    if not total:
        raise ValueError("the reference texts hold no words")
    covered, lowest = 0, 0
    for _, count in counts.most_common():
        covered, lowest = covered + count, count
        if covered >= head * total:
            break
    frequent = frozenset(word for word, count in counts.items() if count >= lowest)
    return Reference(frequent, frozenset(counts) - frequent)


def tail_mass(words: Tokens, reference: Reference) -> float:
    """Share of words that are rare in the reference.

    Where the reference knows its rare words, words that it does not have at all are not rare but unseen: see
    `unseen_mass`.

    Returns
    -------
    float in [0, 1]; NaN if there are no words.

    References
    ----------
    Shumailov et al., "AI models collapse when trained on recursively generated data", Nature 631, 2024: early collapse
    loses the tails of the distribution.

    Examples
    --------
    >>> tail_mass(["the", "cat"], reference_from(["the the the cat"], head=0.7))
    0.5
    """
    if not words:
        return math.nan
    if reference.rare is None:
        return sum(word not in reference.frequent for word in words) / len(words)
    return sum(word in reference.rare for word in words) / len(words)


def unseen_mass(words: Tokens, reference: Reference) -> float:
    """Share of words that the reference does not have; NaN without words, or if the reference keeps no rare ones.

    Examples
    --------
    >>> unseen_mass(["the", "dog"], reference_from(["the the the cat"], head=0.7))
    0.5
    """
    if not words or reference.rare is None:
        return math.nan
    return sum(word not in reference.frequent and word not in reference.rare for word in words) / len(words)


# The commonest words of everyday English, as a fixed yardstick for tail mass where no reference text is given.
#
# Our own list, in alphabetical order: which words are common, not how common. It never moves, because numbers
# made with different lists cannot be compared.

VERSION = 1

_WORDS = """
a about above across act add after again against age ago air all almost alone along already also although always am
among an and animal another answer any anything appear are area arm around as ask at away back bad be became because
become bed been before began begin behind being believe best better between big black blue boat body book both box
boy bring brought build built but buy by call came can car care carry case change child children church city class
clear close cold colour come common could country course cut dark day dead deal death decide deep did different do
does dog done door down draw drive during each early earth east easy eat end enough even evening ever every everyone
everything example eye eyes face fact fall family far farm fast father feel feet felt few field fight fill final
find fine fire first fish five follow food foot for form found four free friend from front full game garden gave get
girl give go god going gold gone good got great green ground group grow had half hand hands happen hard has have he
head hear heard heart help her here high him his hold home hope horse hot hour house how however hundred i idea if
important in inside into is it its job just keep kept kind king knew know land language large last late later law
lay lead learn leave left less let letter life light like line list listen little live long look lost lot love low
made make man many mark matter may me mean men might mile mind minute miss moment money month moon more morning most
mother mountain mouth move much music must my name near need never new next night no north not note nothing now
number of off often oh old on once one only open or order other our out over own page paper part pass past pay
people perhaps person picture piece place plan plant play point poor possible power present problem public pull put
question quick quite rain ran reach read ready real reason red remember rest right river road rock room round run
said same sat saw say school sea second see seem seen sell send sense set seven several shall she ship short should
show side simple since sing sister sit six sleep slow small snow so some someone something sometimes son song soon
sound south space speak stand star start state stay step still stone stood stop story street strong study such
summer sun sure table take talk tall teach tell ten than that the their them then there these they thing things
think third this those though thought thousand three through time to today together told too took top toward town
tree true try turn two under until up upon us use very visit voice wait walk wall want war warm was watch water way
we week well went were west what wheel when where whether which while white who whole whose why will wind window
winter wish with without woman women wood word words work world would write year years yes yet you young your
"""

COMMON_ENGLISH = Reference(frozenset(_WORDS.split()))
