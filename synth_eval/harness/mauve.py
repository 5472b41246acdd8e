"""MAUVE: how far sampled texts lie from reference texts, by what a local model makes of both. Needs `[mauve]`."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synth_eval.types import SynthEvalError

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

LEAST_TEXTS = 100  # its authors advise some thousand; below this, the clusters hold a few texts each


@dataclass(frozen=True)
class Mauve:
    """``value`` is 1 where both are alike, near 0 where they are far apart; it falls with ``buckets``, and so is to be
    compared only between models with as many ``texts`` and the same features."""

    value: float
    texts: int  # of each side
    buckets: int


def mauve_of(reference: FloatArray, texts: FloatArray, *, buckets: int | None = None, seed: int = 0) -> Mauve:
    """MAUVE of two sets of features; of the larger one as many rows as the smaller one has are drawn.

    Parameters
    ----------
    reference, texts : (n, d) and (m, d) float
        A row a text, of one model: see `text_features`.
    buckets : clusters; a tenth of the texts of a side if None
    seed : of the draw and of the clustering

    Raises
    ------
    SynthEvalError : mauve-text is not installed, or fewer than 100 texts on a side.
    ValueError : features of different width.

    References
    ----------
    Pillutla et al., "MAUVE: Measuring the Gap Between Neural Text and Human Text using Divergence Frontiers",
    NeurIPS 2021.
    """
    if importlib.util.find_spec("mauve") is None or importlib.util.find_spec("faiss") is None:
        raise SynthEvalError("MAUVE needs mauve-text and faiss: pip install 'synth-eval[mauve]'")
    if reference.ndim != 2 or texts.ndim != 2 or reference.shape[1] != texts.shape[1]:
        raise ValueError(f"features of shapes {reference.shape} and {texts.shape} are not of one model")
    n = min(len(reference), len(texts))
    if n < LEAST_TEXTS:
        raise SynthEvalError(f"MAUVE of {n} texts says nothing: at least {LEAST_TEXTS} on each side are needed")
    import mauve

    rng = np.random.default_rng(seed)
    one, other = (side[np.sort(rng.permutation(len(side))[:n])] for side in (reference, texts))
    wanted: Any = "auto" if buckets is None else buckets
    found = mauve.compute_mauve(p_features=one, q_features=other, num_buckets=wanted, seed=seed, verbose=False)
    return Mauve(value=float(found.mauve), texts=n, buckets=int(found.num_buckets))


def text_features(texts: Sequence[str], *, model: Path, batch_size: int = 8, longest: int = 256) -> FloatArray:
    """(n, d) features: the last hidden state of each text's last token, by a causal model in a local folder.

    Parameters
    ----------
    model : folder of a model that transformers loads; nothing is looked up elsewhere
    longest : tokens of a text that are read

    Raises
    ------
    ValueError : no texts, or an empty one.
    """
    if not texts or not all(texts):
        raise ValueError("features take at least one text, and none of them empty")
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    tokenizer.padding_side = "right"
    reader = AutoModel.from_pretrained(model, local_files_only=True, dtype=torch.float32).eval()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # alike in length, so that little is padded
    rows: dict[int, FloatArray] = {}
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            read = tokenizer(
                [texts[i] for i in batch], return_tensors="pt", padding=True, truncation=True, max_length=longest
            )
            states = reader(input_ids=read["input_ids"], attention_mask=read["attention_mask"]).last_hidden_state
            last = read["attention_mask"].sum(dim=1) - 1
            for i, state in zip(batch, states[torch.arange(len(batch)), last]):
                rows[i] = state.double().numpy()
    return np.stack([rows[i] for i in range(len(texts))])
