"""All characteristics of a model's samples over many prompts, each with an interval from resampling the prompts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.generation import diversity
from synth_eval.generation.intervals import PromptMean, bootstrap_means
from synth_eval.generation.repetition import (
    CrossPromptDuplicates,
    copied_share,
    degeneracy,
    ends_in_loop,
    near_duplicate_share,
    repeated_share,
)
from synth_eval.generation.words import Reference, Tokens, cut, only_words, tail_mass, tokenise, unseen_mass

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


Dimension: TypeAlias = Literal["vocabulary", "sameness", "repetition", "tail", ""]


@dataclass(frozen=True)
class Kind:
    """One characteristic.

    ``collapse`` is the direction of a collapse: -1 falls, +1 rises, 0 neither. ``dimension`` is the side of
    a collapse that it is evidence for (`agreement`), "" if none: it depends on length too much, or repeats another one.
    """

    name: str
    label: str
    unit: str
    collapse: Literal[-1, 0, 1]
    dimension: Dimension = ""


CATALOGUE: tuple[Kind, ...] = (
    Kind("distinct_1", "distinct-1", "share", -1),
    Kind("distinct_2", "distinct-2", "share", -1),
    Kind("distinct_3", "distinct-3", "share", -1),
    Kind("distinct_4", "distinct-4", "share", -1),
    Kind("expectation_adjusted_distinct", "expectation-adjusted distinct", "ratio", -1, "vocabulary"),
    Kind("self_bleu", "self-BLEU", "score", 1, "sameness"),
    Kind("token_entropy", "token entropy", "bits", -1),
    Kind("bigram_entropy", "bigram entropy", "bits", -1),
    Kind("mattr", "MATTR", "share", -1, "vocabulary"),
    Kind("mtld", "MTLD", "words", -1, "vocabulary"),
    Kind("compression_ratio", "compression ratio", "ratio", 1),
    Kind("repetition", "repeated 4-grams", "share", 1, "repetition"),
    Kind("loops", "end in a loop", "share", 1, "repetition"),
    Kind("length", "length", "tokens", 0),
    Kind("length_spread", "spread of length", "tokens", 0),
    Kind("degenerate", "degenerate", "share", 1),
    Kind("tail_mass", "rare words", "share", -1, "tail"),
    Kind("unseen_mass", "words not in the reference", "share", 0),
    Kind("prompt_copies", "copied from the prompt", "share", 1),
    Kind("near_duplicates", "near-duplicates", "share", 1, "sameness"),
    Kind("near_duplicates_elsewhere", "near-duplicates of other prompts", "share", 1),
)

# takes text that no task has: see `generation.mauve`
AGAINST_REFERENCE: tuple[Kind, ...] = (Kind("mauve", "MAUVE", "score", -1),)


def kind_named(name: str) -> Kind:
    """The characteristic of that name.

    Raises
    ------
    KeyError : there is none.

    Examples
    --------
    >>> kind_named("mattr").label
    'MATTR'
    """
    for kind in (*CATALOGUE, *AGAINST_REFERENCE):
        if kind.name == name:
            return kind
    raise KeyError(f"there is no characteristic {name!r}; there are {', '.join(kind.name for kind in CATALOGUE)}")


@dataclass(frozen=True)
class PromptScores:
    """What `docs/output-characteristics.md` lists, for the k samples of one prompt; NaN where it is not defined.

    Pooled over the samples: distinct-n, entropies, compression, rare words. A mean over samples: MATTR, MTLD,
    repetition, loops, length, degenerate, copies.
    """

    distinct_1: float
    distinct_2: float
    distinct_3: float
    distinct_4: float
    expectation_adjusted_distinct: float
    self_bleu: float
    token_entropy: float
    bigram_entropy: float
    mattr: float
    mtld: float
    compression_ratio: float
    repetition: float
    loops: float
    length: float
    length_spread: float
    degenerate: float
    tail_mass: float
    unseen_mass: float
    prompt_copies: float
    near_duplicates: float
    near_duplicates_elsewhere: float = math.nan  # takes the other prompts: see `characterise`


def score_prompt(
    samples: Sequence[str],
    *,
    prompt: str = "",
    reference: Reference | None = None,
    longest: int | None = None,
    window: int = diversity.WINDOW,
    bleu_samples: int = 8,
) -> PromptScores:
    """Characteristics of the samples of one prompt.

    Parameters
    ----------
    samples : k texts, without the prompt
        The model's answers to one prompt, in any order.
    prompt : str
        What they continue; without it there are no prompt copies.
    reference : Reference, optional
        Which words are rare; without it there is no tail mass.
    longest : int, optional
        Only so many tokens of each sample count, so that longer and shorter writers are compared at one length.
    window : int
        Words in a window of MATTR. Samples with fewer words have neither MATTR nor MTLD.
    bleu_samples : int
        Self-BLEU takes the first so many samples (they are exchangeable), 0: none. Its cost grows with the square.

    Raises
    ------
    ValueError : no samples, or an option out of range.

    Examples
    --------
    >>> scores = score_prompt(["a b a b", "a b c d"])
    >>> scores.distinct_1, scores.length
    (0.5, 4.0)
    """
    if isinstance(samples, str) or not len(samples):
        raise ValueError("samples must be a list of at least one text")
    texts = [cut(text, tokens=longest) for text in samples] if longest is not None else list(samples)
    return score_tokens(
        texts,
        [tokenise(text) for text in texts],
        prompt=tokenise(prompt),
        reference=reference,
        window=window,
        bleu_samples=bleu_samples,
    )


def score_tokens(
    texts: Sequence[str],
    tokens: Sequence[Tokens],
    *,
    prompt: Tokens,
    reference: Reference | None,
    window: int = diversity.WINDOW,
    bleu_samples: int = 8,
) -> PromptScores:
    """`score_prompt` of texts that are tokenised already.

    Parameters
    ----------
    texts, tokens : k samples, and their tokens
    prompt : tokens of what they continue; empty if none
    reference, window, bleu_samples : as in `score_prompt`
    """
    words = [only_words(sample) for sample in tokens]
    long_enough = [sample for sample in words if len(sample) >= window]
    pooled = [word for sample in words for word in sample]
    return PromptScores(
        distinct_1=diversity.distinct_n(tokens, 1),
        distinct_2=diversity.distinct_n(tokens, 2),
        distinct_3=diversity.distinct_n(tokens, 3),
        distinct_4=diversity.distinct_n(tokens, 4),
        expectation_adjusted_distinct=diversity.expectation_adjusted_distinct(tokens),
        self_bleu=diversity.self_bleu(tokens[:bleu_samples]) if bleu_samples else math.nan,
        token_entropy=diversity.ngram_entropy(tokens, 1),
        bigram_entropy=diversity.ngram_entropy(tokens, 2),
        mattr=_mean(diversity.mattr(sample, window=window) for sample in long_enough),
        mtld=_mean(diversity.mtld(sample) for sample in long_enough),
        compression_ratio=diversity.compression_ratio(texts),
        repetition=_mean(repeated_share(sample) for sample in tokens),
        loops=_mean(float(ends_in_loop(sample)) for sample in tokens),
        length=_mean(len(sample) for sample in tokens),
        length_spread=_spread([len(sample) for sample in tokens]),
        degenerate=_mean(float(degeneracy(sample) != "") for sample in tokens),
        tail_mass=math.nan if reference is None else tail_mass(pooled, reference),
        unseen_mass=math.nan if reference is None else unseen_mass(pooled, reference),
        prompt_copies=_mean(copied_share(sample, prompt) for sample in tokens),
        near_duplicates=near_duplicate_share(tokens),
    )


def _mean(values: Iterable[float]) -> float:
    """Mean of what is defined; NaN if nothing is. Exact summation: the order of the samples must not matter."""
    defined = [value for value in values if not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else math.nan


def _spread(lengths: Sequence[int]) -> float:
    """Standard deviation (n - 1); NaN for one sample."""
    if len(lengths) < 2:
        return math.nan
    mean = math.fsum(lengths) / len(lengths)
    return math.sqrt(math.fsum((length - mean) ** 2 for length in lengths) / (len(lengths) - 1))


BLEU_PROMPTS = 200


@dataclass(frozen=True)
class Characteristics:
    """What a model writes, in numbers.

    ``estimates`` maps each name of `CATALOGUE` to its mean over prompts; ``scores`` holds the prompts' own numbers, in
    the order of the prompts, so that two models can be compared prompt by prompt.
    """

    prompts: int
    samples: int
    estimates: Mapping[str, PromptMean]
    scores: tuple[PromptScores, ...]

    def __getitem__(self, name: str) -> PromptMean:
        return self.estimates[name]

    def per_prompt(self, name: str) -> FloatArray:
        """(prompts,) numbers of one characteristic; NaN where it is not defined."""
        return np.array([getattr(scores, name) for scores in self.scores], dtype=np.float64)


def characterise(
    samples: Sequence[Sequence[str]],
    *,
    prompts: Sequence[str] | None = None,
    reference: Reference | None = None,
    longest: int | None = None,
    window: int = diversity.WINDOW,
    bleu_prompts: int = BLEU_PROMPTS,
    bleu_samples: int = 8,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Characteristics:
    """Score the samples of every prompt and average over prompts, with percentile bootstrap intervals over prompts.

    Parameters
    ----------
    samples : (p,) lists of texts
        What the model wrote for each of p prompts, the prompt left out.
    prompts : (p,) str, optional
        The prompts themselves, for verbatim copies.
    reference, longest, window, bleu_samples
        As in `score_prompt`.
    bleu_prompts : int
        Self-BLEU is the mean over so many prompts, drawn with ``seed``; all of them if there are no more. It costs more
        than everything else together: see benchmarks/diversity.md. Two models compared need the same ``seed``.
    level, resamples, seed
        Of the intervals. With fewer than about 20 prompts they are too narrow.

    Returns
    -------
    Characteristics; an estimate is NaN where no prompt defines it.

    Raises
    ------
    ValueError : no prompts, a prompt without samples, as many prompts as not samples, or an option out of range.

    Examples
    --------
    >>> found = characterise([["a b a b", "a b c d"], ["e f g h", "e f g i"]], resamples=50)
    >>> found["distinct_1"].value, found.samples
    (0.5625, 4)
    """
    if not len(samples):
        raise ValueError("there are no samples to characterise")
    if prompts is not None and len(prompts) != len(samples):
        raise ValueError(f"{len(prompts)} prompts for the samples of {len(samples)}")
    rng = np.random.default_rng(seed)
    with_bleu = set(rng.permutation(len(samples))[:bleu_prompts].tolist())
    elsewhere = CrossPromptDuplicates(seed=seed)
    scores = []
    for i, texts in enumerate(samples):
        if isinstance(texts, str) or not len(texts):
            raise ValueError(f"prompt {i} needs a list of at least one sample")
        if longest is not None:
            texts = [cut(text, tokens=longest) for text in texts]
        tokens = [tokenise(text) for text in texts]
        elsewhere.add(tokens, prompt=i)
        scores.append(
            score_tokens(
                texts,
                tokens,
                prompt=tokenise(prompts[i]) if prompts is not None else (),
                reference=reference,
                window=window,
                bleu_samples=bleu_samples if i in with_bleu else 0,
            )
        )
    for i, share in enumerate(elsewhere.share(len(samples))):
        scores[i] = dataclasses.replace(scores[i], near_duplicates_elsewhere=float(share))
    table = np.array([[getattr(row, kind.name) for kind in CATALOGUE] for row in scores], dtype=np.float64)
    estimates = bootstrap_means(table, level=level, resamples=resamples, rng=rng)
    return Characteristics(
        prompts=len(samples),
        samples=sum(map(len, samples)),
        estimates={kind.name: estimate for kind, estimate in zip(CATALOGUE, estimates)},
        scores=tuple(scores),
    )
