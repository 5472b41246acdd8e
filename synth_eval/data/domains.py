"""A domain of the user's: a sample of its documents, of bounded length, none twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from synth_eval.data.records import OwnDataError, Tally, matching_files
from synth_eval.data.texts import read_hub, read_texts
from synth_eval.types import OwnTask

# A sample without repetitions, of stated size, from a stream of any length.

T = TypeVar("T")


class Reservoir(Generic[T]):
    """Keeps those whose hash with the seed is smallest: every one has the same chance.

    The draw depends on seed and content alone, not on the order, the names or the number of files; what occurs twice
    is drawn once; when data are added most of the sample stays. Memory holds about twice the sample.

    Parameters
    ----------
    size : how many are kept, at most
    """

    def __init__(self, size: int, *, seed: int) -> None:
        self._size = size
        self._seed = seed
        self._kept: dict[bytes, tuple[int, T]] = {}
        self._worst: tuple[int, bytes] | None = None

    def offer(self, content: str, value: T, *, tier: int = 0) -> None:
        """One more; ``content`` identifies it. Those of a lower ``tier`` come first."""
        if self._worst is not None and tier > self._worst[0]:
            return
        rank = hashlib.sha256(f"{self._seed}\0{content}".encode()).digest()[:16]
        if self._worst is not None and (tier, rank) >= self._worst:
            return
        known = self._kept.get(rank)
        if known is None or tier < known[0]:
            self._kept[rank] = (tier, value)
        if len(self._kept) >= 2 * self._size + 64:
            self._trim()

    def chosen(self) -> list[T]:
        """The sample, in the order of its hashes: a part of it from the start is a sample, too."""
        self._trim()
        return [value for _, value in self._kept.values()]

    def _trim(self) -> None:
        best = sorted(self._kept.items(), key=lambda item: (item[1][0], item[0]))[: self._size]
        self._kept = dict(best)
        if len(best) == self._size:
            self._worst = (best[-1][1][0], best[-1][0])


@dataclass(frozen=True)
class Document:
    """A text to be scored, and where it begins."""

    text: str
    where: str
    source: int = 0  # number of the document that it is of


@dataclass(frozen=True)
class DomainSample:
    """The documents of a domain.

    Attributes
    ----------
    sources : different documents that the texts are of: fewer than texts, where long ones gave several pieces
    of : documents that were there to draw from
    left_out : records that could not be used
    sha256 : of the documents' text, in hex digits
    """

    documents: tuple[Document, ...]
    sources: int
    of: int
    left_out: int
    sha256: str


def domain_sample(task: OwnTask) -> DomainSample:
    """Reservoir a domain's documents.

    A document longer than ``max_characters`` is cut into pieces, at the end of a line or word. First pieces are drawn
    before second ones and so on, so that a long document does not take the place of others while there are others.
    Texts that differ in white space alone count once.

    Raises
    ------
    OwnDataError : a file or record that cannot be used, or no document at all.
    """
    tally = Tally(skip=task.skip_unusable)
    reservoir: Reservoir[Document] = Reservoir(task.amount, seed=task.seed)
    there = piece = 0
    if task.hub is not None:
        blocks = read_hub(task, tally)
    else:
        blocks = read_texts(matching_files(task.files, base=task.base), field=task.field, base=task.base, tally=tally)
    for block in blocks:
        if block.first:
            there += 1
            piece = 0
        for start, text in pieces(block.text, longest=task.max_characters):
            reservoir.offer(" ".join(text.split()), Document(text, block.place(start), there), tier=piece)
            piece += 1
    documents = tuple(reservoir.chosen())
    if not documents:
        raise OwnDataError(f"{task.name}: no document in {', '.join(task.files) or task.hub}")
    digest = hashlib.sha256()
    for document in documents:
        digest.update(f"{document.text}\0".encode())
    sources = len({document.source for document in documents})
    return DomainSample(documents, sources, there, tally.left_out, digest.hexdigest())


def pieces(text: str, *, longest: int) -> Iterator[tuple[int, str]]:
    """(start, piece) of at most ``longest`` characters, cut at the end of a line, else of a word, else anywhere.

    A cut leaves at least half of a piece; what is left at the end counts only if it is that long, or all there is.
    """
    start = 0
    while len(text) - start > longest:
        end = start + longest
        half = start + longest // 2
        cut = max(text.rfind("\n", half, end), 0) or max(text.rfind(" ", half, end), 0)
        end = cut + 1 if cut else end
        if text[start:end].strip():
            yield _without_empty_lines(text, start, end)
        start = end
    begin, rest = _without_empty_lines(text, start, len(text))
    if rest.strip() and (start == 0 or len(rest) >= longest // 2):
        yield begin, rest


def _without_empty_lines(text: str, start: int, end: int) -> tuple[int, str]:
    piece = text[start:end]
    rest = piece.lstrip("\n")
    return start + len(piece) - len(rest), rest.rstrip("\n")
