"""Load a checkpoint as an lm-eval model, or raise with one line why it cannot be loaded."""

from __future__ import annotations

import functools
import gc
import inspect
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.errors import CheckpointError, SynthEvalError
from synth_eval.harness.environment import load_reports, one_line
from synth_eval.manifest.asked import lacking_template
from synth_eval.results.fingerprint import weight_files
from synth_eval.types import Checkpoint

if TYPE_CHECKING:
    from lm_eval.api.model import LM


CPU_BATCH = 64  # rows; on a CPU larger batches gain nothing, and lm-eval's search for one costs a pass
PLAIN, SHARED_PREFIX = "hf", "hf-shared-prefix"
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "*.tiktoken")


def engine(checkpoint: Checkpoint) -> str:
    """The lm-eval model that scores a checkpoint: for ``hf`` the one that encodes shared prefixes once.

    ``model_args: {shared_prefix: false}`` selects lm-eval's own.
    """
    wanted = checkpoint.model_args.get("shared_prefix", True)
    return SHARED_PREFIX if checkpoint.model == PLAIN and wanted else checkpoint.model


def load_model(checkpoint: Checkpoint, *, device: str | None = None) -> LM:
    """The checkpoint as the lm-eval model of `engine`.

    Likelihoods are computed in float32 whatever the model's dtype: log-softmax in bfloat16 ties 15% of items.

    Raises
    ------
    CheckpointError : it cannot be loaded, or what was loaded differs from its files, with the reason.
    """
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    arguments: dict[str, Any] = {k: v for k, v in checkpoint.model_args.items() if k != "shared_prefix"}
    arguments["pretrained"] = checkpoint.path
    if checkpoint.revision is not None:
        arguments["revision"] = checkpoint.revision
    arguments.setdefault("softmax_dtype", "float32")
    batch_size = checkpoint.batch_size
    if batch_size == "auto" and device == "cpu":
        batch_size = CPU_BATCH
    _check_tokenizer_files(checkpoint)
    try:
        with load_reports() as reports:
            model = _model_class(engine(checkpoint)).create_from_arg_obj(
                arguments, {"batch_size": batch_size, "max_batch_size": None, "device": device}
            )
    except Exception as error:
        reason = reports.problem() or one_line(error)
        collect()
        raise CheckpointError(f"{checkpoint.name}: cannot be loaded: {reason}") from error
    problem = reports.problem()
    if problem is not None:
        release(model)
        raise CheckpointError(f"{checkpoint.name}: cannot be loaded: {problem}")
    try:
        _set_template(model, checkpoint)
        _check_weights(model, checkpoint)
    except CheckpointError:
        release(model)
        raise
    _silence(model)
    return model


def release(model: LM) -> None:
    """Give a model's memory back before the next checkpoint is loaded."""
    for name in ("_model", "model", "loglikelihood", "loglikelihood_rolling", "generate_until"):
        vars(model).pop(name, None)
    collect()


def collect() -> None:
    """Free what nothing refers to, down to the system: freed tensors otherwise stay with the C library."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@functools.cache
def _malloc_trim() -> Any:
    """glibc's, or None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    return getattr(ctypes.CDLL(None), "malloc_trim", None)


def _model_class(name: str) -> Any:
    if name == SHARED_PREFIX:
        from synth_eval.harness.shared_prefix.model import SharedPrefixLM

        return SharedPrefixLM
    if name == PLAIN:
        from synth_eval.harness.adapters import AdapterLM

        return AdapterLM
    from lm_eval.api.registry import get_model

    return get_model(name)


def _check_tokenizer_files(checkpoint: Checkpoint) -> None:
    """For a folder without tokenizer transformers reports unknown file names, or makes an empty one."""
    folder = Path(str(checkpoint.path))
    if not folder.is_dir() or {"tokenizer", "gguf_file"} & set(checkpoint.model_args):
        return
    if not any(next(folder.glob(pattern), None) for pattern in _TOKENIZER_FILES):
        raise CheckpointError(
            f"{checkpoint.name}: cannot be loaded: no tokenizer in {folder}: save it there, or name one with "
            "model_args: {tokenizer: ...}"
        )


def _silence(model: Any) -> None:
    """No progress bars of lm-eval's own: it passes `disable` itself, so TQDM_DISABLE does not reach them."""
    for name in ("loglikelihood", "loglikelihood_rolling", "generate_until"):
        method = getattr(model, name, None)
        if method is not None and "disable_tqdm" in inspect.signature(method).parameters:
            setattr(model, name, functools.partial(method, disable_tqdm=True))


def _set_template(model: Any, checkpoint: Checkpoint) -> None:
    """Let the model apply the template that the checkpoint names; lm_eval itself logs that one and applies another."""
    wanted, tokenizer = checkpoint.apply_chat_template, getattr(model, "tokenizer", None)
    if not wanted or tokenizer is None or not hasattr(tokenizer, "chat_template"):  # its class has a way of its own
        return
    problem = lacking_template(wanted, tokenizer.chat_template)
    if problem and not (wanted is True and "chat_template" in (getattr(model, "chat_template_args", None) or {})):
        raise CheckpointError(f"{checkpoint.name}: apply_chat_template: its tokenizer {problem}")
    if isinstance(wanted, str):
        model.chat_template_args = {**(getattr(model, "chat_template_args", None) or {}), "chat_template": wanted}


def _check_weights(model: Any, checkpoint: Checkpoint) -> None:
    """NaN weights score every choice NaN; a token that is not embedded fails in the middle of a task."""
    import torch

    inner = getattr(model, "model", None)
    if not isinstance(inner, torch.nn.Module):
        return
    for name, finite in _finite_weights(inner):
        if not finite:
            raise CheckpointError(
                f"{checkpoint.name}: weight {name} has NaN or infinite values; was training unstable?"
            )
    embeddings = inner.get_input_embeddings() if hasattr(inner, "get_input_embeddings") else None
    tokenizer = getattr(model, "tokenizer", None)
    if embeddings is not None and tokenizer is not None and hasattr(embeddings, "num_embeddings"):
        highest = max(tokenizer.get_vocab().values(), default=0)
        if highest >= embeddings.num_embeddings:  # Gemma 3: names for image tokens, which no text has
            embeddings.register_forward_pre_hook(functools.partial(_check_tokens, highest))


def _finite_weights(inner: Any) -> Iterator[tuple[str, bool]]:
    """Each weight's name, and whether all of it is finite; what `parallelize` keeps elsewhere is read part by part."""
    import torch

    for place, module in inner.named_modules():
        elsewhere = any(parameter.is_meta for parameter in module.parameters(recurse=False))
        if elsewhere:
            from accelerate.utils import align_module_device
        with align_module_device(module) if elsewhere else nullcontext():
            for name, parameter in module.named_parameters(recurse=False):
                yield f"{place}.{name}" if place else name, bool(torch.isfinite(parameter).all())


def _check_tokens(highest: int, embeddings: Any, inputs: tuple[Any, ...]) -> None:
    """Refuse a prompt with a token that the model does not embed; on a GPU it would end the process."""
    used = int(inputs[0].max()) if inputs and inputs[0].numel() else 0
    if used >= embeddings.num_embeddings:
        raise CheckpointError(
            f"the tokenizer has token ids up to {highest}, the model embeds only {embeddings.num_embeddings}, and a "
            f"prompt has token {used}; is it another checkpoint's tokenizer?"
        )


# Read the next checkpoint's weights into the system's file cache while the present one is scored.
#
# Loading the model itself in a thread was tried and left out, see docs/runs.md.

BLOCK = 4 << 20  # bytes
SPARE = 2.0  # read ahead only what fits this many times into the memory that is available


class ReadAhead:
    """Reads one checkpoint's weights at a time, in a thread that dies with the process."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, path: str | None) -> None:
        """Begin with the next checkpoint; one that is still being read is given up."""
        self.stop()
        files = _files(path)
        free = available_memory()
        if not files or free is None or sum(file.stat().st_size for file in files) * SPARE > free:
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._read, args=(files,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _read(self, files: list[Path]) -> None:
        try:
            for file in files:
                with file.open("rb", buffering=0) as opened:
                    while not self._stop.is_set() and opened.read(BLOCK):
                        pass
        except OSError:
            return  # loading the checkpoint will report it


def available_memory() -> int | None:
    """Bytes that can be used without swapping; None where the system does not report it (it is not Linux)."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    stated = next((line for line in lines if line.startswith("MemAvailable:")), "")
    return int(stated.split()[1]) * 1024 if stated else None


def _files(path: str | None) -> list[Path]:
    if path is None or not os.path.isdir(path):
        return []
    try:
        return weight_files(Path(path))
    except SynthEvalError:
        return []
