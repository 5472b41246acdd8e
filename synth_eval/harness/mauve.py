"""MAUVE: how far sampled texts are from reference texts, as a local model represents both. Needs `[mauve]`."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.errors import SynthEvalError
from synth_eval.results import atomic_file, checkpoint_fingerprint

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray


EXPLAINED = 0.9  # share of the variance that is clustered


def check_installed() -> None:
    """Raises SynthEvalError where the module of the extra is missing."""
    if importlib.util.find_spec("faiss") is None:
        raise SynthEvalError("MAUVE needs faiss: pip install 'synth-eval[mauve]'")


def clusters_of(sets: Sequence[FloatArray], *, buckets: int, seed: int = 0) -> list[IntArray]:
    """Every set's rows, in the same clusters, fitted to all of them once: as mauve-text fits them to two.

    Rows are scaled to length 1, projected to the principal components of 90% of their variance, and clustered by
    k-means. Histograms over such clusters compare sets without the noise of clustering each pair anew.

    Parameters
    ----------
    sets : (n_i, d) float each

    Returns
    -------
    (n_i,) int each, in 0 ... buckets - 1.

    Raises
    ------
    SynthEvalError : faiss is not installed.
    """
    check_installed()
    import faiss

    rows = np.concatenate([np.asarray(each, dtype=np.float64) for each in sets])
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    rows -= rows.mean(axis=0)
    variance, directions = np.linalg.eigh(rows.T @ rows)
    variance, directions = variance[::-1], directions[:, ::-1]
    kept = int(np.argmax(np.cumsum(variance) >= EXPLAINED * variance.sum())) + 1
    low = np.ascontiguousarray(rows @ directions[:, :kept], dtype=np.float32)
    # every row counts in the fit, and few rows to a cluster are no reason for a warning: its authors take ten
    means = faiss.Kmeans(
        kept, buckets, niter=500, nredo=5, seed=seed + 2, update_index=True,
        min_points_per_centroid=1, max_points_per_centroid=len(low),
    )  # fmt: skip
    means.train(low)
    labels = means.index.search(low, 1)[1].reshape(-1).astype(np.int64)
    return np.split(labels, np.cumsum([len(each) for each in sets])[:-1])


def text_features(texts: Sequence[str], *, model: Path, batch_size: int = 8, longest: int = 256) -> FloatArray:
    """(n, d) features: the last hidden state of each text's last token, by a causal model in a local folder.

    A text of nothing but white space is read as the model's end of text: that is what was written.

    Parameters
    ----------
    model : folder of a model that transformers loads; nothing is looked up elsewhere
    longest : tokens of a text that are read

    Raises
    ------
    ValueError : no texts.
    """
    if not texts:
        raise ValueError("features take at least one text")
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    tokenizer.padding_side = "right"
    reader = AutoModel.from_pretrained(model, local_files_only=True, dtype=torch.float32).eval()
    read = [text if text.strip() else tokenizer.eos_token or "." for text in texts]
    order = sorted(range(len(read)), key=lambda i: len(read[i]))  # alike in length, so that little is padded
    rows: dict[int, FloatArray] = {}
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            given = tokenizer(
                [read[i] for i in batch], return_tensors="pt", padding=True, truncation=True, max_length=longest
            )
            states = reader(input_ids=given["input_ids"], attention_mask=given["attention_mask"]).last_hidden_state
            last = given["attention_mask"].sum(dim=1) - 1
            for i, state in zip(batch, states[torch.arange(len(batch)), last]):
                rows[i] = state.double().numpy()
    return np.stack([rows[i] for i in range(len(read))])


# What a local model makes of texts, kept by content: the same texts are read once.

FORMAT = 1


@dataclass(frozen=True)
class KeptFeatures:
    """`text_features` of one model, kept in a folder as one .npy a set of texts."""

    folder: Path
    model: Path
    fingerprint: str
    longest: int

    @classmethod
    def of(cls, folder: Path, *, model: Path, longest: int) -> KeptFeatures:
        """Raises CheckpointError where the model is no folder with configuration and weights."""
        return cls(folder, model, checkpoint_fingerprint(model), longest)

    def file(self, texts: Sequence[str]) -> Path:
        """Named by the content of the texts, the model and what else the features depend on."""
        about = json.dumps([FORMAT, self.fingerprint, self.longest, list(texts)]).encode()
        return self.folder / f"{hashlib.sha256(about).hexdigest()[:32]}.npy"

    def of_texts(self, texts: Sequence[str]) -> FloatArray:
        """(n, d), single precision; read where they are kept, else computed and kept."""
        kept = self._kept(texts)
        if kept is not None:
            return kept
        found = text_features(texts, model=self.model, longest=self.longest).astype(np.float32)
        with atomic_file(self.file(texts)) as path, path.open("wb") as file:
            np.save(file, found)
        return found.astype(np.float64)

    def is_kept(self, texts: Sequence[str]) -> bool:
        return self._kept(texts) is not None

    def _kept(self, texts: Sequence[str]) -> FloatArray | None:
        try:
            kept: FloatArray = np.load(self.file(texts), allow_pickle=False).astype(np.float64)
        except (OSError, ValueError, EOFError):  # not there, or damaged: read the texts again
            return None
        return kept if kept.ndim == 2 and len(kept) == len(texts) else None
