"""Which n-grams of evaluation documents occur in a stream of training text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, FloatArray


# Text as the words that are compared: lower case, without punctuation, split at white space.


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


# n-grams of words as 64-bit numbers: a sum of the words' hashes, weighted by position.

REMEMBERED = 500_000  # words whose hash is kept: about 60 MB
_FACTOR = 0x9E3779B97F4A7C15 | 3  # odd, so that each position keeps all 64 bits of its word
# between documents, keeps their n-grams apart: no n-gram that holds it is ever looked for
BREAK = np.array([0xD1B54A32D192ED03], dtype=np.uint64)


class _Hashes(dict[str, int]):
    """Hashes of words, made when first needed; the same in every process."""

    def __missing__(self, word: str) -> int:
        digest = blake2b(word.encode(errors="replace"), digest_size=8).digest()
        return self.setdefault(word, int.from_bytes(digest, "little"))


class WordHasher:
    """A number for each word of a text, so that several counters can read what was hashed once."""

    def __init__(self) -> None:
        self._known = _Hashes()

    def __call__(self, text: str) -> AnyArray:
        """(m,) uint64 of the m words of a text."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        tokens = words(text)
        return np.fromiter(map(self._known.__getitem__, tokens), dtype=np.uint64, count=len(tokens))


class GramHasher:
    """Hashes n-grams, from the hashes of their words. Two different n-grams share a hash with a chance of about 2**-60.

    Of a billion n-grams looked for among a million, 0.001 are then found by mistake.
    """

    def __init__(self, n: int) -> None:
        if n < 1:
            raise ValueError(f"n is {n}: an n-gram has at least one word")
        self.n = n
        self._weights = [np.uint64(pow(_FACTOR, n - 1 - k, 2**64)) for k in range(n)]

    def __call__(self, hashes: AnyArray) -> AnyArray:
        """(m - n + 1,) uint64 of m word hashes, in their order; empty if m < n."""
        length = len(hashes) - self.n + 1
        if length < 1:
            return np.empty(0, dtype=np.uint64)
        grams = np.zeros(length, dtype=np.uint64)
        for position, weight in enumerate(self._weights):
            grams += hashes[position : position + length] * weight
        return grams


AT_ONCE = 100_000  # training words that are looked up together
MIN_GRAM, MAX_GRAM = 8, 13  # words, GPT-3's bounds


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
    return int(np.clip(np.percentile(lengths, 5), MIN_GRAM, MAX_GRAM)) if lengths else MAX_GRAM


class OverlapCounter:
    """Looks for the n-grams of some documents in training text of any length.

    Held are the documents' n-grams alone: about 30 bytes each, whatever the length of the training text.

    Parameters
    ----------
    documents : evaluation text, one string a document
    n : words of an n-gram
    """

    def __init__(self, documents: Sequence[str], *, n: int = MAX_GRAM) -> None:
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
        first : whether a document begins here; if not, it continues where the last text ended, between two words
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


# From the counts of documents to the share of a domain that occurs in training text, with intervals.


@dataclass(frozen=True)
class OverlapShare:
    """Overlap of a sample of documents.

    Attributes
    ----------
    grams, found : n-grams of all documents, and those that occur in the training text
    share, share_ci : found / grams, with its 95% interval over documents; None without n-grams
    documents : those with n words or more
    too_short : those with fewer, for which overlap is undefined
    touched, touched_ci : documents with any n-gram found, and the 95% interval of their share
    """

    grams: int
    found: int
    share: float | None
    share_ci: tuple[float, float] | None
    documents: int
    too_short: int
    touched: int
    touched_ci: tuple[float, float] | None


def overlap_share(documents: Sequence[DocumentOverlap]) -> OverlapShare:
    """Overlap of documents that were drawn at random from a domain.

    The intervals are for the domain that the documents were drawn from and of this training text: other training text
    may hold more. That of the share is Korn and Graubard's for a proportion in clusters: Clopper and Pearson's, with
    the number of n-grams replaced by the number of independent ones that would vary as much as the documents do. Where
    the documents do not vary (nothing found, or everything) a document counts as one.

    References
    ----------
    Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated
    from survey data", Survey Methodology 24 (1998).
    """
    grams = np.array([d.grams for d in documents if d.grams], dtype=np.float64)
    found = np.array([d.found for d in documents if d.grams], dtype=np.float64)
    n = len(grams)
    too_short = len(documents) - n
    if n == 0:
        return OverlapShare(0, 0, None, None, 0, too_short, 0, None)
    share = float(found.sum() / grams.sum())
    independent = _independent(found, grams, share)
    touched = int((found > 0).sum())
    return OverlapShare(
        grams=int(grams.sum()),
        found=int(found.sum()),
        share=share,
        share_ci=clopper_pearson(share * independent, independent),
        documents=n,
        too_short=too_short,
        touched=touched,
        touched_ci=clopper_pearson(touched, n),
    )


def clopper_pearson(successes: float, n: float) -> tuple[float, float]:
    """95% interval of a share of n, which need not be whole numbers; never of width 0."""
    low = betaincinv(successes, n - successes + 1, 0.025) if successes > 0 else 0.0
    high = betaincinv(successes + 1, n - successes, 0.975) if successes < n else 1.0
    return float(low), float(high)


def _independent(found: FloatArray, grams: FloatArray, share: float) -> float:
    """How many independent n-grams would give the share the variance that it has over documents (linearised)."""
    n = len(grams)
    residual = found - share * grams
    variance = n / (n - 1) * float(residual @ residual) / float(grams.sum()) ** 2 if n > 1 else 0.0
    if variance == 0:
        return n
    return min(share * (1 - share) / variance, float(grams.sum()))
