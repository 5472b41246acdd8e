"""From the counts of documents to the share of a domain that occurs in training text, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

from synth_eval.overlap.count import DocumentOverlap

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


@dataclass(frozen=True)
class OverlapShare:
    """Overlap of a sample of documents.

    Attributes
    ----------
    grams, found : n-grams of all documents, and those that occur in the training text
    share, share_ci : found / grams, with its 95% interval over documents; None without n-grams
    documents : those with n words or more
    too_short : those with fewer, of which nothing can be said
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

    The intervals speak of the domain that the documents were drawn from and of this training text: other training text
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
