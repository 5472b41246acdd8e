"""`hf-shared-prefix`: lm-eval's `hf` model that puts each distinct token prefix through the network once.

Same token sequences and, within 1e-4 in float32, the same log-likelihoods as `hf`. See plan.py for how requests become
passes, attention.py for the models that cannot be scored so, checks.py for how often the two are compared.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from lm_eval.api.registry import register_model
from lm_eval.models.utils import has_bos_prefix
from lm_eval.models.utils_hf import clear_torch_cache
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from numpy.typing import NDArray
from tqdm import tqdm

from synth_eval.harness.adapters import AdapterLM
from synth_eval.harness.shared_prefix.attention import (
    Attention,
    UnsupportedError,
    attention_share,
    attention_ways,
    without_adapter,
)
from synth_eval.harness.shared_prefix.batches import Batch, plan_steps
from synth_eval.harness.shared_prefix.checks import Request, SelfCheck, length
from synth_eval.harness.shared_prefix.passes import PassRunner, Scores
from synth_eval.harness.shared_prefix.plan import Pass
from synth_eval.harness.shared_prefix.tokens import TokenMemo, requests_key

logger = logging.getLogger(__name__)

NAME = "hf-shared-prefix"
TOKENS_PER_PASS = {"cpu": 512, "cuda": 4096}
MIN_TOKENS_PER_PASS = 32
STEPS_AHEAD = {"cuda": 2}
"""Steps given to the device before the results of one are read, so that it never waits for the host."""

ROWS_FROM = 0.5
"""Work of attention over that of the layers' matrices from which items get rows of their own. Measured: 1.3 for the
miniature family, rows 1.8 times faster; .17 for SmolLM2-135M, rows 1.1 to 1.3 times slower."""

PASSES_PER_BATCH = {"cpu": 2, "cuda": 8}
"""Tokens of a batch of rows over those of a pass. A GPU takes as long for 4,096 tokens of a small model as for 16,384:
the host needs 20 ms to start the kernels of 30 layers (benchmarks/gpu.md)."""

FILLED = {"cuda": 0.5}
"""Share of these tokens below which padding costs a GPU less than one more batch."""

LOGITS_SHARE = 0.25  # of a GPU's free memory, for the logits of a batch whose every token is scored
PAIRS_AT_ONCE, TEXTS_AT_ONCE = 1024, 256  # tokenised together

Answer = tuple[float, bool]


@register_model(NAME)
class SharedPrefixLM(AdapterLM):
    """lm-eval's ``HFLM`` with shared-prefix scoring.

    Parameters
    ----------
    tokens_per_pass : most tokens in one forward pass; halved when memory runs out. Default by device.
    self_check : compare with standard scoring, at load and now and then (`SelfCheck`), and fall back to it for good
        where the two differ.
    options : what ``HFLM`` takes. ``batch_size`` is for generation and for models that fall back to standard scoring.

    Attributes
    ----------
    fallback_reason : why this model falls back to standard scoring, None if it does not.
    rows : whether items get rows of their own, beside passes of many items in one row.
    memo : tokens of contexts and choices. Models whose `tokenizer_key`, add_bos_token and prefix_token_id are the same
        may be given one object.
    """

    def __init__(
        self, pretrained: Any, *, tokens_per_pass: int | None = None, self_check: bool = True, **options: Any
    ) -> None:
        super().__init__(pretrained, **options)
        self.tokens_per_pass = tokens_per_pass or TOKENS_PER_PASS.get(self.device.type, 512)
        self.memo = TokenMemo()
        self.fallback_reason: str | None = None
        on_gpu = self.device.type == "cuda"  # where rows were always faster than packing
        self.rows = on_gpu or attention_share(self.model, tokens=self.tokens_per_pass) > ROWS_FROM
        self._rows_on_cache = on_gpu
        self._encoded: dict[str, list[int]] = {}
        self._check: SelfCheck | None = None
        self._ways: list[Attention] = []  # what the masks may have to be; the first is used
        try:
            if self.world_size > 1:
                raise UnsupportedError("it runs in several processes")
            self._ways = attention_ways(without_adapter(self.model), backend=self.backend)
            if self_check:
                self._check = SelfCheck(self)
                self._ways = self._check.ways_at_load(self._ways)
        except UnsupportedError as reason:
            self.fall_back(str(reason))

    def _encode_pair(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        return self.memo.pair(context, continuation, super()._encode_pair)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **options: Any) -> list[int]:
        """As ``HFLM.tok_encode``; the context of an item's choices is encoded once."""
        if add_special_tokens is not None or options:
            return list(super().tok_encode(string, add_special_tokens, **options))
        if string in self._encoded:
            return self._encoded[string]
        return self.memo.text(string, super().tok_encode)

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[Answer]:
        """Log-likelihoods of continuations in nats, and whether each is the greedy one; tokenised many at a time."""
        pairs = dict.fromkeys(request.args for request in requests)
        unknown = [pair for pair in pairs if pair[0] and not self.memo.knows(*pair)]
        for begin in range(0, len(unknown) if self.backend == "causal" else 0, PAIRS_AT_ONCE):
            some = unknown[begin : begin + PAIRS_AT_ONCE]
            # what lm-eval encodes for a pair: spaces that end the context belong to the continuation
            self._encode_together([text for context, rest in some for text in (context.rstrip(), context + rest)])
            for pair in some:
                self._encode_pair(*pair)
        self._encoded = {}
        return list(super().loglikelihood(requests, disable_tqdm=disable_tqdm))

    def _encode_together(self, texts: Sequence[str]) -> None:
        """Let `tok_encode` know these texts and no others: a fast tokenizer reads them in parallel."""
        self._encoded = {}
        if not getattr(self.tokenizer, "is_fast", False):
            return
        distinct = [text for text in dict.fromkeys(texts) if text]
        special = self.tokenizer.decode(self.prefix_token_id)
        plain = {} if self.add_bos_token is None else {"add_special_tokens": self.add_bos_token}
        for has_bos, options in ((False, plain), (True, {"add_special_tokens": False})):  # chat templates begin with it
            some = [text for text in distinct if has_bos_prefix(text, special) == has_bos]
            coded = self.tokenizer(some, return_attention_mask=False, **options)["input_ids"] if some else []
            self._encoded |= dict(zip(some, coded, strict=True))

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of whole texts in nats; the windows of all texts are scored together."""
        if self.fallback_reason is not None:
            return list(super().loglikelihood_rolling(requests, disable_tqdm=disable_tqdm))
        windows: list[Request] = []
        owners: list[int] = []
        for owner, request in enumerate(requests):
            if owner % TEXTS_AT_ONCE == 0:
                texts = [each.args[0] for each in requests[owner : owner + TEXTS_AT_ONCE]]
                self._encode_together([text for text in texts if not self.memo.knows_document(text)])
            rolling = get_rolling_token_windows(
                token_list=self.memo.document(request.args[0], self.tok_encode),
                prefix_token=self.prefix_token_id,
                max_seq_len=self.max_length,
                context_len=1,
            )
            cut = [(None, *make_disjoint_window(window)) for window in rolling]
            windows += cut
            owners += [owner] * len(cut)
        self._encoded = {}
        totals = [0.0] * len(requests)
        answers = self._loglikelihood_tokens(windows, disable_tqdm=disable_tqdm)
        for owner, (likelihood, _) in zip(owners, answers, strict=True):
            totals[owner] += likelihood
        for request, total in zip(requests, totals, strict=True):
            self.cache_hook.add_partial("loglikelihood_rolling", request.args, total)
        return totals

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        """As ``HFLM.generate_until``: left-padded batches sorted by length; halves the batch when memory runs out."""
        while True:
            try:
                return list(super().generate_until(requests, disable_tqdm=disable_tqdm))
            except Exception as error:
                batch: Any = self.batch_size
                if not _out_of_memory(error) or not isinstance(batch, int) or batch == 1:
                    raise
                self.batch_size_per_gpu = batch // 2
            clear_torch_cache()
            logger.warning("%s: out of memory; generating in batches of %d", NAME, self.batch_size_per_gpu)

    def _loglikelihood_tokens(
        self, requests: Sequence[Request], disable_tqdm: bool = False, override_bs: int | None = None
    ) -> list[Answer]:
        if self.fallback_reason is not None:
            return self.standard(requests, disable_tqdm=disable_tqdm, override_bs=override_bs)
        self._warn_of_cuts(requests)
        self._look_beyond_window(requests)
        answers: dict[int, Answer] = {}
        bar = tqdm(total=len(requests), disable=disable_tqdm or self.rank != 0, desc="Running loglikelihood requests")
        with bar:
            while len(answers) < len(requests) and self.fallback_reason is None:
                try:
                    self._score_missing(requests, answers, bar)
                    continue
                except Exception as error:
                    self._recover(error)
                clear_torch_cache()  # here, where no traceback holds the tensors of the failed pass any more
        if self.fallback_reason is not None:  # by the self-check
            return self.standard(requests, disable_tqdm=disable_tqdm, override_bs=override_bs)
        return [answers[index] for index in range(len(requests))]

    def _score_missing(self, requests: Sequence[Request], answers: dict[int, Answer], bar: Any) -> None:
        """Score the requests without an answer, step by step."""
        missing = [index for index in range(len(requests)) if index not in answers]
        pairs = [requests[index][1:] for index in missing]
        longest = max(range(len(missing)), key=lambda owner: length(requests[missing[owner]]))
        left = np.array([len(scored) for _, scored in pairs])
        total = np.zeros(len(missing))
        greedy = np.ones(len(missing), dtype=bool)
        for step, likelihoods, likeliest in self._scored(pairs, self._ways[0]):
            np.add.at(total, step.owners, likelihoods)
            np.logical_and.at(greedy, step.owners, likeliest)
            np.subtract.at(left, step.owners, 1)
            finished = [int(owner) for owner in dict.fromkeys(step.owners.tolist()) if left[owner] == 0]
            if self._check is not None:
                for owner in finished:
                    self._check.saw(requests[missing[owner]], float(total[owner]))
                if longest in finished:
                    self._check.longest(requests[missing[longest]], float(total[longest]))
                self._check.after_step(step.tokens.size)
                if self.fallback_reason is not None:
                    return
            for owner in finished:
                self._answer(requests, missing[owner], (float(total[owner]), bool(greedy[owner])), answers)
            bar.update(len(finished))

    def given(self, context: list[int], scored: list[int]) -> list[int]:
        """What lm-eval gives the model: the last max_length + 1 tokens, without the very last."""
        return (context + scored)[-(self.max_length + 1) : -1]

    def _plan(self, pairs: Sequence[tuple[list[int], list[int]]], per_batch: int) -> list[Pass | Batch]:
        return plan_steps(
            [self.given(context, scored) for context, scored in pairs],
            [scored for _, scored in pairs],
            tokens_per_pass=self.tokens_per_pass,
            rows=self.rows,
            rows_on_cache=self._rows_on_cache,
            passes_per_batch=per_batch,
            filled=FILLED.get(self.device.type, 0.0),
        )

    def _passes_per_batch(self) -> int:
        most = PASSES_PER_BATCH.get(self.device.type, 2)
        if self.device.type != "cuda":
            return most
        free = torch.cuda.mem_get_info(self.device)[0] + torch.cuda.memory_reserved(self.device)
        free -= torch.cuda.memory_allocated(self.device)
        logits = self.tokens_per_pass * max(self.vocab_size, getattr(self.config, "vocab_size", 0)) * 2  # bytes a pass
        return max(2, min(most, int(LOGITS_SHARE * free / logits)))

    def _scored(
        self, pairs: Sequence[tuple[list[int], list[int]]], way: Attention
    ) -> Iterator[tuple[Pass | Batch, NDArray[np.float64], NDArray[np.bool_]]]:
        """Each step with its results; a GPU works on the next steps while the results of one are read."""
        per_batch = self._passes_per_batch()
        sizes = (self.max_length, self.tokens_per_pass, int(self.rows), int(self._rows_on_cache), per_batch)
        steps = self.memo.steps(requests_key(pairs, *sizes), lambda: self._plan(pairs, per_batch))
        runner = PassRunner(without_adapter(self.model), way, device=self.device)
        waiting: deque[tuple[Pass | Batch, Scores]] = deque()
        for step in steps:
            with torch.no_grad(), self.autocast():
                waiting.append((step, runner.run(step)))
            if len(waiting) > STEPS_AHEAD.get(self.device.type, 0):
                yield _read(*waiting.popleft())
        while waiting:
            yield _read(*waiting.popleft())

    def _answer(self, requests: Sequence[Request], index: int, answer: Answer, answers: dict[int, Answer]) -> None:
        answers[index] = answer
        if requests[index][0] is not None:
            self.cache_hook.add_partial("loglikelihood", requests[index][0], answer)

    def _look_beyond_window(self, requests: Sequence[Request]) -> None:
        if self._check is not None and requests:
            longest = min(max(length(request) for request in requests) - 1, self.max_length)
            try:
                self._ways = self._check.ways_beyond_window(self._ways, longest)
            except UnsupportedError as reason:
                self.fall_back(str(reason))

    def _warn_of_cuts(self, requests: Sequence[Request]) -> None:
        """One line if prompts are cut, as lm-eval cuts them; a request that cannot be scored is an error."""
        most = self.max_length
        cuts = []
        for _, context, continuation in requests:
            if not 0 < len(continuation) <= most or not context:
                raise ValueError(
                    f"a request has {len(context)} tokens of context and {len(continuation)} to score; "
                    f"both must be above 0, and the model takes {most}"
                )
            if len(context) + len(continuation) > most + 1:
                cuts.append(len(context) + len(continuation) - most - 1)
        if cuts:
            logger.warning(
                "%s: %d of %d prompts are too long and cut from the left, by up to %d tokens",
                NAME, len(cuts), len(requests), max(cuts),
            )  # fmt: skip

    def _recover(self, error: Exception) -> None:
        """Make passes smaller when out of memory; fall back to standard scoring if the first pass fails otherwise."""
        if _out_of_memory(error) and self.tokens_per_pass > MIN_TOKENS_PER_PASS:
            self.tokens_per_pass = max(self.tokens_per_pass // 2, MIN_TOKENS_PER_PASS)
            logger.warning("%s: out of memory; going on with %d tokens a pass", NAME, self.tokens_per_pass)
        elif self._check is not None and not self._check.begun and not _out_of_memory(error):  # in its first passes
            self.fall_back(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'in its forward'}")
        else:
            raise error

    def standard(self, requests: Sequence[Request], **options: Any) -> list[Answer]:
        """As lm-eval's ``hf`` scores requests of tokens."""
        return list(super()._loglikelihood_tokens(list(requests), **options))

    def likelihoods(self, requests: Sequence[Request], way: Attention | None = None) -> list[float]:
        """By shared prefixes, without checks."""
        total = np.zeros(len(requests))
        for step, likelihoods, _ in self._scored([request[1:] for request in requests], way or self._ways[0]):
            np.add.at(total, step.owners, likelihoods)
        return [float(value) for value in total]

    def confirm(self) -> None:
        """Compare one of the requests that no check has confirmed yet with standard scoring: for the end of a task."""
        if self._check is not None and self.fallback_reason is None:
            self._check.confirm()

    def fall_back(self, reason: str) -> None:
        """Use standard scoring from now on."""
        self.fallback_reason = reason
        logger.warning("%s: %s falls back to standard scoring: %s", NAME, self.config.model_type, reason)

    def autocast(self) -> Any:
        return torch.autocast(
            device_type=self.device.type,
            dtype=self.mixed_precision_dtype,
            enabled=self.mixed_precision_dtype is not None,
        )


def _read(step: Pass | Batch, scores: Scores) -> tuple[Pass | Batch, NDArray[np.float64], NDArray[np.bool_]]:
    likelihoods, likeliest = scores
    return step, likelihoods.double().cpu().numpy(), likeliest.cpu().numpy()


def _out_of_memory(error: BaseException) -> bool:
    """Also PyTorch's allocator for CPUs, which raises a bare RuntimeError."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and ("can't allocate memory" in str(error) or "out of memory" in str(error))
    )
