"""Which n-grams of evaluation documents occur in a stream of training text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.overlap.grams import BREAK, GramHasher, WordHasher
from synth_eval.overlap.words import words

if TYPE_CHECKING:
    from synth_eval.types import AnyArray

AT_ONCE = 100_000  # training words that are looked up together
SHORTEST, LONGEST = 8, 13  # GPT-3's bounds of n


@dataclass(frozen=True)
class DocumentOverlap:
    """One evaluation document: its n-grams (0 if it has fewer than n words), and how many were found.

    ``source`` is the number of the training source where most of them were first found; -1 if none was.
    """

    grams: int
    found: int
    source: int


def gram_length(documents: Sequence[str]) -> int:
    """GPT-3's choice of n: the 5th percentile of the documents' lengths in words, but at least 8 and at most 13.

    References
    ----------
    Brown et al., "Language Models are Few-Shot Learners", arXiv 2005.14165, appendix C.
    """
    lengths = [len(words(document)) for document in documents]
    return int(np.clip(np.percentile(lengths, 5), SHORTEST, LONGEST)) if lengths else LONGEST


class OverlapCounter:
    """Looks for the n-grams of some documents in training text of any length.

    Held are the documents' n-grams alone: about 30 bytes each, whatever the length of the training text.

    Parameters
    ----------
    documents : evaluation text, one string a document
    n : words of an n-gram
    """

    def __init__(self, documents: Sequence[str], *, n: int = LONGEST) -> None:
        self._grams_of = GramHasher(n)
        self._hasher = WordHasher()
        of_documents = [self._grams_of(self._hasher(document)) for document in documents]
        self._ends = np.cumsum([len(grams) for grams in of_documents])
        together = np.concatenate([np.empty(0, dtype=np.uint64), *of_documents])
        self._grams, self._place = np.unique(together, return_inverse=True)
        self._source = np.full(len(self._grams), -1, dtype=np.int32)  # where each was found first
        self._waiting: list[AnyArray] = []  # hashes of training words that are not looked up yet
        self._length = 0
        self.words_read = 0

    def read(self, text: str, *, source: int = 0, first: bool = True) -> None:
        """Look in some training text; see `read_words`."""
        self.read_words(self._hasher(text), source=source, first=first)

    def read_words(self, hashes: AnyArray, *, source: int = 0, first: bool = True) -> None:
        """Look in some training text of which a `WordHasher` made hashes: several counters can share them.

        Parameters
        ----------
        source : a number for the file it is of
        first : whether a document begins here; if not, it goes on where the last text ended, between two words
        """
        self.words_read += len(hashes)
        self._waiting += [BREAK, hashes] if first else [hashes]
        self._length += len(hashes)
        if self._length >= AT_ONCE:
            self._look_up(source)

    def end_of_source(self, source: int = 0) -> None:
        """Look up what is left; to be called after the last text of each source."""
        self._look_up(source)
        self._waiting.clear()

    def documents(self) -> list[DocumentOverlap]:
        """What was found of each document."""
        where = self._source[self._place.reshape(-1)]
        parts = np.split(where, self._ends[:-1]) if len(self._ends) else []
        return [_of_document(part) for part in parts]

    def _look_up(self, source: int) -> None:
        hashes = np.concatenate([np.empty(0, dtype=np.uint64), *self._waiting])
        grams = self._grams_of(hashes)
        # the next look-up needs the words with which n-grams begin that end in text to come
        self._waiting = [hashes[max(0, len(hashes) - self._grams_of.n + 1) :]]
        self._length = 0
        if not len(grams) or not len(self._grams):
            return
        place = np.searchsorted(self._grams, grams)
        place[place == len(self._grams)] = 0
        hits = place[self._grams[place] == grams]
        new = hits[self._source[hits] < 0]
        self._source[new] = source


def _of_document(source: AnyArray) -> DocumentOverlap:
    found = source[source >= 0]
    most = int(np.bincount(found).argmax()) if len(found) else -1
    return DocumentOverlap(len(source), len(found), most)
