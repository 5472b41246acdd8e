"""Text as the words that are compared: lower case, without punctuation, split at white space."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def words(text: str) -> list[str]:
    """The words of a text.

    As in GPT-3's contamination study, "a lowercase, whitespace delimited word with no punctuation": punctuation and
    symbols are deleted, so that "don't" is "dont". In scripts that are written without spaces a word is a whole
    passage, and nothing will be found.

    References
    ----------
    Brown et al., "Language Models are Few-Shot Learners", arXiv 2005.14165, appendix C.
    """
    text = text.lower()
    for character in set(text):  # some fifty passes over the text, each as fast as memory: str.translate takes longer
        if _is_punctuation(character):
            text = text.replace(character, "")
    return text.split()


@lru_cache(maxsize=10_000)
def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
