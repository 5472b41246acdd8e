"""How diverse texts are: distinct n-grams, entropy, compression, self-BLEU, and the lexical diversity of one text."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from synth_eval.generation.words import Tokens, ngrams

VOCABULARY = 30_522  # of Liu et al.; any fixed number serves, if it is the same for all that are compared


def distinct_n(samples: Sequence[Tokens], n: int) -> float:
    """Different n-grams over all n-grams, pooled over samples; n-grams do not cross from one sample to the next.

    Parameters
    ----------
    samples : token lists
    n : int >= 1

    Returns
    -------
    float in (0, 1]; NaN if no sample has n tokens. Falls with the number of tokens, whatever the writer.

    References
    ----------
    Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models", NAACL 2016.

    Examples
    --------
    >>> distinct_n([["a", "b", "a"], ["a", "b"]], 1), distinct_n([["a", "b", "a"], ["a", "b"]], 2)
    (0.4, 0.6666666666666666)
    """
    different: set[tuple[str, ...]] = set()
    total = 0
    for tokens in samples:
        different.update(ngrams(tokens, n))
        total += max(0, len(tokens) - n + 1)
    return len(different) / total if total else math.nan


def expectation_adjusted_distinct(samples: Sequence[Tokens], *, vocabulary: int = VOCABULARY) -> float:
    """Different tokens over the number expected of as many draws, each equally likely among ``vocabulary`` tokens.

    N / (V (1 - ((V - 1) / V)^C)) for N different among C tokens: distinct-1 with most of its dependence on length
    taken out. Text is not uniform, so some remains.

    Returns
    -------
    float > 0, a little above 1 if nothing repeats; NaN if there are no tokens.

    Raises
    ------
    ValueError : vocabulary < 2.

    References
    ----------
    Liu et al., "Rethinking and Refining the Distinct Metric", ACL 2022.

    Examples
    --------
    >>> round(expectation_adjusted_distinct([["a", "b", "a", "c"]]), 4)
    0.75
    """
    if vocabulary < 2:
        raise ValueError(f"vocabulary must be at least 2, not {vocabulary}")
    total = sum(map(len, samples))
    if not total:
        return math.nan
    expected = -vocabulary * math.expm1(total * math.log1p(-1.0 / vocabulary))
    return len(set().union(*samples)) / expected


def ngram_entropy(samples: Sequence[Tokens], n: int) -> float:
    """Entropy of the n-gram frequencies pooled over samples, in bits (n = 1: token entropy).

    The plug-in estimate: at most log2 of the number of n-grams, and too low by about (types - 1) / (2 ln 2 tokens), so
    compare sets of like size only.

    Returns
    -------
    float >= 0; NaN if no sample has n tokens.

    References
    ----------
    Zhang et al., "Generating Informative and Diverse Conversational Responses via Adversarial Information
    Maximization", NeurIPS 2018 (Ent-n).

    Examples
    --------
    >>> ngram_entropy([["a", "b"], ["c", "d"]], 1)
    2.0
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for tokens in samples:
        counts.update(ngrams(tokens, n))
    if not counts:
        return math.nan
    p = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
    p /= p.sum()
    return abs(float(p @ np.log2(p)))  # abs: never -0.0


def compression_ratio(texts: Sequence[str]) -> float:
    """Bytes of the texts, joined by newlines, over their bytes compressed by zlib at level 9.

    Higher is more redundant; prose of some kilobytes lies at 2 to 3. Short inputs compress worse (8 bytes are frame
    alone), and repetition more than 32 KiB apart is not seen.

    Returns
    -------
    float > 0; NaN if all texts are empty.

    References
    ----------
    Shaib et al., "Standardizing the Measurement of Text Diversity", 2024 (with gzip, whose frame is 12 bytes longer).

    Examples
    --------
    >>> compression_ratio(["so it goes, "] * 100) > 10
    True
    """
    if not any(texts):
        return math.nan
    raw = "\n".join(texts).encode("utf-8", "replace")
    return len(raw) / len(zlib.compress(raw, 9))


def self_bleu(samples: Sequence[Tokens]) -> float:
    """BLEU-4 of each sample with all others as references, averaged over samples.

    Computed by sacrebleu on our tokens (sentence level, effective order, its "exp" smoothing of orders without a
    match); each of the k samples is matched with k - 1 references, so the cost grows with k squared. Rises with k:
    compare equal k only.

    Returns
    -------
    float in [0, 1], 1: all the same; NaN with fewer than two samples that are not empty.

    References
    ----------
    Zhu et al., "Texygen: A Benchmarking Platform for Text Generation Models", SIGIR 2018. Post, "A Call for Clarity in
    Reporting BLEU Scores", WMT 2018.

    Examples
    --------
    >>> self_bleu([["a", "b", "c", "d"], ["a", "b", "c", "d"]])
    1.0
    """
    from sacrebleu.metrics.bleu import BLEU

    texts = [" ".join(tokens) for tokens in samples if len(tokens)]
    if len(texts) < 2:
        return math.nan
    bleu = BLEU(tokenize="none", effective_order=True)
    scores = [bleu.sentence_score(text, texts[:i] + texts[i + 1 :]).score for i, text in enumerate(texts)]
    return min(1.0, sum(scores) / len(scores) / 100)


# Lexical diversity of one text that hardly depends on its length: MATTR and MTLD.

WINDOW = 50
THRESHOLD = 0.72


def mattr(words: Tokens, *, window: int = WINDOW) -> float:
    """Moving-average type-token ratio: the share of different words in a window, averaged over all windows.

    Returns
    -------
    float in [1 / window, 1]; NaN if the text is shorter than the window.

    Raises
    ------
    ValueError : window < 1.

    References
    ----------
    Covington and McFall, "Cutting the Gordian Knot: The Moving-Average Type-Token Ratio (MATTR)", Journal of
    Quantitative Linguistics 17, 2010.

    Examples
    --------
    >>> mattr(["a", "b", "a", "c"], window=2)
    1.0
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, not {window}")
    if len(words) < window:
        return math.nan
    inside = Counter(words[:window])
    different = total = len(inside)
    for entering, leaving in zip(words[window:], words):
        inside[entering] += 1
        different += inside[entering] == 1
        inside[leaving] -= 1
        different -= inside[leaving] == 0
        total += different
    return total / (window * (len(words) - window + 1))


def mtld(words: Tokens, *, threshold: float = THRESHOLD) -> float:
    """Mean length, in words, of stretches whose type-token ratio stays above the threshold; both directions averaged.

    Unstable below about 100 words. A text without any repeated word has no finite value; its length is given, as
    lexicalrichness does.

    Returns
    -------
    float >= 1; NaN if there are no words.

    Raises
    ------
    ValueError : threshold not between 0 and 1.

    References
    ----------
    McCarthy and Jarvis, "MTLD, vocd-D, and HD-D", Behavior Research Methods 42, 2010.

    Examples
    --------
    >>> mtld(["a", "b", "c", "d"])
    4.0
    """
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold must lie between 0 and 1, not {threshold}")
    if not words:
        return math.nan
    return (_one_way(words, len(words), threshold) + _one_way(reversed(words), len(words), threshold)) / 2


def _one_way(words: Iterable[str], n: int, threshold: float) -> float:
    factors = 0.0
    seen: set[str] = set()
    length = 0
    for word in words:
        length += 1
        seen.add(word)
        if len(seen) <= threshold * length:
            factors += 1
            seen, length = set(), 0
    if length:
        factors += (1 - len(seen) / length) / (1 - threshold)
    return n / factors if factors else float(n)
