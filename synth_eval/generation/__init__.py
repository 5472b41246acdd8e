"""What generated text is like, in pure functions on texts and tokens: diversity, repetition, length, rare words."""

from __future__ import annotations

from synth_eval.generation.characteristics import (
    CATALOGUE,
    Characteristics,
    Dimension,
    Kind,
    PromptScores,
    characterise,
    kind_named,
    score_prompt,
)
from synth_eval.generation.collapse import Shift, agreement
from synth_eval.generation.diversity import (
    compression_ratio,
    distinct_n,
    expectation_adjusted_distinct,
    mattr,
    mtld,
    ngram_entropy,
    self_bleu,
)
from synth_eval.generation.intervals import PromptMean
from synth_eval.generation.repetition import (
    Degeneracy,
    copied_share,
    degeneracy,
    ends_in_loop,
    jaccard,
    near_duplicate_share,
    repeated_share,
)
from synth_eval.generation.words import (
    COMMON_ENGLISH,
    Reference,
    Tokens,
    ngrams,
    only_words,
    reference_from,
    tail_mass,
    tokenise,
    unseen_mass,
)

__all__ = [
    "CATALOGUE",
    "COMMON_ENGLISH",
    "Characteristics",
    "Degeneracy",
    "Dimension",
    "Kind",
    "PromptMean",
    "PromptScores",
    "Reference",
    "Shift",
    "Tokens",
    "agreement",
    "characterise",
    "compression_ratio",
    "copied_share",
    "degeneracy",
    "distinct_n",
    "ends_in_loop",
    "expectation_adjusted_distinct",
    "jaccard",
    "kind_named",
    "mattr",
    "mtld",
    "near_duplicate_share",
    "ngram_entropy",
    "ngrams",
    "only_words",
    "reference_from",
    "repeated_share",
    "score_prompt",
    "self_bleu",
    "tail_mass",
    "tokenise",
    "unseen_mass",
]
