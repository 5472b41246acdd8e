"""How much of evaluation text occurs word for word in training text: n-grams of words, as GPT-3 counted them."""

from synth_eval.overlap.count import DocumentOverlap, OverlapCounter, gram_length
from synth_eval.overlap.grams import WordHasher
from synth_eval.overlap.share import OverlapShare, overlap_share
from synth_eval.overlap.words import words

__all__ = ["DocumentOverlap", "OverlapCounter", "OverlapShare", "WordHasher", "gram_length", "overlap_share", "words"]
