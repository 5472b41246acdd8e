"""lm-eval's ``hf`` model with an adapter (LoRA) that gives the numbers of the merged model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lm_eval.models.huggingface import HFLM


class AdapterLM(HFLM):
    """``HFLM`` that puts an adapter on the base without resizing the base's embeddings.

    lm-eval cuts embeddings that are padded (Pythia: 50,304 rows for 50,277 tokens) down to the tokenizer's length when
    ``peft`` is given. The padding then leaves the softmax, and every log-likelihood differs from the merged model's.
    """

    _model: Any

    def _create_model(self, pretrained: str, *, peft: str | None = None, **options: Any) -> None:
        super()._create_model(pretrained, **options, peft=None)
        if not peft:
            return
        from peft import PeftModel

        try:
            if len(self.tokenizer) > self._model.get_input_embeddings().num_embeddings:
                self._model.resize_token_embeddings(len(self.tokenizer))
            revision = None if Path(peft).is_dir() else options.get("revision")
            self._model = PeftModel.from_pretrained(self._model, peft, revision=revision)
        except RuntimeError:  # the adapter holds embeddings that were resized: other shapes than the base's
            super()._create_model(pretrained, **options, peft=peft)
