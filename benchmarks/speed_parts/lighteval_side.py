"""Runs where lighteval is installed: scores items with its transformers backend, and prints times and likelihoods.

    python lighteval_side.py MODEL ITEMS.json BATCH_SIZE CACHE

ITEMS.json is a list of [context, [continuation, ...]]. Only the call that scores is timed.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
from lighteval.models.transformers.transformers_model import TransformersModel, TransformersModelConfig
from lighteval.tasks.requests import Doc, SamplingMethod

torch.set_num_threads(1)
folder, items, batch_size, cache = sys.argv[1:]
model = TransformersModel(
    TransformersModelConfig(
        model_name=folder,
        dtype="float32",
        device="cpu",
        batch_size=int(batch_size),
        override_chat_template=False,
        pairwise_tokenization=True,
        cache_dir=cache,
    )
)
docs = [
    Doc(
        query=context,
        choices=choices,
        gold_index=0,
        id=str(number),
        task_name="race",
        sampling_methods=[SamplingMethod.LOGPROBS],
    )
    for number, (context, choices) in enumerate(json.loads(Path(items).read_text(encoding="utf-8")))
]
before = time.process_time()
answers = model.loglikelihood(docs)
seconds = time.process_time() - before
print(json.dumps({"seconds": seconds, "likelihoods": [[float(v) for v in answer.logprobs] for answer in answers]}))
