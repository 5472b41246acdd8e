"""What a local model makes of texts, kept by content: the same texts are read once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.harness.mauve import text_features
from synth_eval.store import atomic_file, checkpoint_fingerprint

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

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
