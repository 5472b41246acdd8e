"""Load a checkpoint as an lm-eval model, and say in one line why it cannot be."""

from __future__ import annotations

import functools
import gc
import inspect
from typing import TYPE_CHECKING, Any

from synth_eval.types import Checkpoint, CheckpointError

if TYPE_CHECKING:
    from lm_eval.api.model import LM

CPU_BATCH = 64  # rows; on a CPU larger batches gain nothing, and lm-eval's search for one costs a pass


def load_model(checkpoint: Checkpoint, *, device: str | None = None) -> LM:
    """The checkpoint as lm-eval's model class ``checkpoint.model`` (for example ``hf``).

    Likelihoods are computed in float32 whatever the model's dtype: log-softmax in bfloat16 ties 15% of items.

    Raises
    ------
    CheckpointError : it cannot be loaded, with the reason.
    """
    import torch
    from lm_eval.api.registry import get_model

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    arguments: dict[str, Any] = dict(checkpoint.model_args)
    arguments["pretrained"] = checkpoint.path
    if checkpoint.revision is not None:
        arguments["revision"] = checkpoint.revision
    arguments.setdefault("softmax_dtype", "float32")
    batch_size = checkpoint.batch_size
    if batch_size == "auto" and device == "cpu":
        batch_size = CPU_BATCH
    try:
        model = get_model(checkpoint.model).create_from_arg_obj(
            arguments, {"batch_size": batch_size, "max_batch_size": None, "device": device}
        )
    except Exception as error:
        raise CheckpointError(f"{checkpoint.name}: cannot be loaded: {one_line(error)}") from error
    _check_weights(model, checkpoint)
    _silence(model)
    return model


def release(model: LM) -> None:
    """Give a model's memory back before the next checkpoint is loaded."""
    import torch

    for name in ("_model", "model"):
        if name in vars(model):
            delattr(model, name)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def one_line(error: BaseException) -> str:
    """The first line of an error's message that says something, or its type."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _silence(model: Any) -> None:
    """No progress bars of lm-eval's own: it passes `disable` itself, so TQDM_DISABLE does not reach them."""
    for name in ("loglikelihood", "loglikelihood_rolling", "generate_until"):
        method = getattr(model, name, None)
        if method is not None and "disable_tqdm" in inspect.signature(method).parameters:
            setattr(model, name, functools.partial(method, disable_tqdm=True))


def _check_weights(model: Any, checkpoint: Checkpoint) -> None:
    """NaN weights score every choice NaN; a vocabulary that is too small fails in the middle of a task."""
    import torch

    inner = getattr(model, "model", None)
    if not isinstance(inner, torch.nn.Module):
        return
    for name, parameter in inner.named_parameters():
        if not bool(torch.isfinite(parameter).all()):
            raise CheckpointError(
                f"{checkpoint.name}: weight {name} holds NaN or infinite values; was training unstable?"
            )
    embeddings = inner.get_input_embeddings() if hasattr(inner, "get_input_embeddings") else None
    tokenizer = getattr(model, "tokenizer", None)
    if embeddings is not None and tokenizer is not None and hasattr(embeddings, "num_embeddings"):
        highest = max(tokenizer.get_vocab().values(), default=0)
        if highest >= embeddings.num_embeddings:
            raise CheckpointError(
                f"{checkpoint.name}: the tokenizer has token ids up to {highest}, the model embeds only "
                f"{embeddings.num_embeddings}; is it another checkpoint's tokenizer?"
            )
