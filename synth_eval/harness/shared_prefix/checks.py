"""Is shared-prefix scoring right for a model? What is compared with standard scoring, when, and how exactly."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch

from synth_eval.harness.environment import one_line
from synth_eval.harness.shared_prefix.attention import Attention, UnsupportedError, without_adapter
from synth_eval.harness.shared_prefix.passes import PassRunner

if TYPE_CHECKING:
    from synth_eval.harness.shared_prefix.model import SharedPrefixLM

CHECK_SHARE = 0.005
"""Tokens of spot checks over tokens of scoring. One row takes about twice as long a token as many together."""

TOKENS_OF_SMALL_PASS = 24
HEADER, CONTEXTS, CHOICE = 18, (4, 5), 2  # tokens of the requests at load; the header is worth a cache

Request = tuple[Any, list[int], list[int]]  # lm-eval's: the strings (or None), context tokens, continuation tokens


class SelfCheck:
    """Compares shared-prefix with standard scoring: at load, and while a model scores.

    While it scores: the longest request of a call, if it is longer than any that was compared before (a window that was
    overlooked shows there or nowhere). Then requests drawn from those that were scored since the last check, each as
    likely as the others, as often as `CHECK_SHARE` allows; and one at the end of a task (`SharedPrefixLM.confirm`). A
    check looks at one request, so it finds what is wrong with many; when one fails, the whole task is scored again.

    What can be wrong is the mask or the positions, not the rounding. So at load, and for the longest requests, models
    in bfloat16 and float16 compute in float32 on both sides, where the two must agree to 1e-4 as everywhere else.
    """

    def __init__(self, lm: SharedPrefixLM) -> None:
        self._lm = lm
        self._longest = 0  # tokens of the longest request that was compared
        self._work = 0  # tokens put through the model since the last check
        self._scored = 0  # requests since then
        self._sample: tuple[Request, float] | None = None  # one of them, with its log-likelihood
        self._random = random.Random(0)
        self._window_known = False
        self._native = lm.model.dtype == torch.float32 and lm.mixed_precision_dtype is None
        quantised = bool(getattr(lm.model, "is_quantized", False))
        self._widens = not quantised and not any(weight.is_meta for weight in lm.model.parameters())

    @property
    def begun(self) -> bool:
        """Whether any request was compared while scoring."""
        return self._longest > 0

    def ways_at_load(self, ways: Sequence[Attention]) -> list[Attention]:
        """Those of the ways to mask that give the numbers of standard scoring on a few short requests.

        Raises
        ------
        UnsupportedError : none does.
        """
        lm = self._lm
        requests = requests_at_load(_vocabulary(lm), lm.tokenizer.all_special_ids, longest=lm.max_length)
        try:
            with self._exactly() as exact:
                expected = [self._alone(request) for request in requests]
        except Exception:  # whatever a model's own code raises when its weights are float32
            if self._native:
                raise
            self._widens = exact = False
            expected = [self._alone(request) for request in requests]
        with self._exactly():
            found = {way: self._problem_of_way(way, requests, expected, exact=exact) for way in ways}
        agreeing = [way for way, problem in found.items() if problem is None]
        if not agreeing:
            raise UnsupportedError(str(found[ways[-1]]))
        return agreeing

    def _problem_of_way(
        self, way: Attention, requests: Sequence[Request], expected: Sequence[float], *, exact: bool
    ) -> str | None:
        """Scored in passes that build on a cache and, where items get rows of their own, without one."""
        lm, whole = self._lm, self._lm.tokens_per_pass
        sizes = {min(whole, TOKENS_OF_SMALL_PASS), *([whole] if lm.rows else [])}
        try:
            for lm.tokens_per_pass in sorted(sizes):
                for request, ours, plain in zip(requests, lm.likelihoods(requests, way), expected, strict=True):
                    problem = _problem(ours, plain, len(request[2]), exact=exact)
                    if problem is not None:
                        return problem
        except Exception as error:
            return one_line(error)
        finally:
            lm.tokens_per_pass = whole
        return None

    def ways_beyond_window(self, ways: Sequence[Attention], longest: int) -> list[Attention]:
        """The first of the ways whose masks are the model's own beyond its window, once a request is so long.

        Raises
        ------
        UnsupportedError : none is.
        """
        windows = [way.window for way in ways if way.window is not None]
        if self._window_known or not windows or longest <= min(windows):
            return list(ways)
        self._window_known = True
        model, device = without_adapter(self._lm.model), self._lm.device
        with torch.no_grad(), self._exactly():
            for way in ways:
                try:
                    if PassRunner(model, way, device=device).sees_as_the_model(min(windows)):
                        return [way]
                except Exception as error:
                    raise UnsupportedError(f"its window could not be looked into ({one_line(error)})") from error
        raise UnsupportedError("what it sees beyond its window is not what its configuration says")

    def saw(self, request: Request, likelihood: float) -> None:
        """A request was scored."""
        self._scored += 1
        if self._random.random() * self._scored < 1:
            self._sample = request, likelihood

    def after_step(self, tokens: int) -> None:
        """So many tokens went through the model: compare one request if that is worth it by now."""
        self._work += tokens
        if self._sample is not None and length(self._sample[0]) <= CHECK_SHARE * self._work:
            self.confirm()

    def confirm(self) -> None:
        """Compare one of the requests that were scored since the last check, if there are any."""
        if self._sample is not None:
            request, likelihood = self._sample
            plain = self._alone(request)
            self._compare(request, likelihood, plain, exact=self._native)

    def longest(self, request: Request, likelihood: float) -> None:
        """Compare the longest request of a call, if it is longer than those that were compared."""
        if length(request) <= self._longest:
            return
        with self._exactly() as exact:
            plain = self._alone(request)
            if exact and not self._native:
                likelihood = self._lm.likelihoods([request])[0]
        self._compare(request, likelihood, plain, exact=exact)

    @contextmanager
    def _exactly(self) -> Iterator[bool]:
        """Inside, both ways compute in float32; False where they cannot (quantised or offloaded weights)."""
        if not self._widens:
            yield self._native
            return
        mixed, self._lm.mixed_precision_dtype = self._lm.mixed_precision_dtype, None
        try:
            with in_float32(self._lm.model):
                yield True
        finally:
            self._lm.mixed_precision_dtype = mixed

    def _alone(self, request: Request) -> float:
        """As ``hf`` scores a row, by the model's own masks and positions; without logits that nobody needs."""
        lm = self._lm
        given = torch.tensor([lm.given(request[1], request[2])], device=lm.device)
        with torch.no_grad(), lm.autocast():
            logits = lm.model(input_ids=given, logits_to_keep=len(request[2])).logits[0]
        likelihoods = torch.log_softmax(logits, dim=-1, dtype=torch.float32)
        return float(likelihoods.gather(1, torch.tensor(request[2], device=logits.device)[:, None]).double().sum())

    def _compare(self, request: Request, likelihood: float, plain: float, *, exact: bool) -> None:
        problem = _problem(likelihood, plain, len(request[2]), exact=exact)
        if problem is not None:
            self._lm.fall_back(problem)
        self._longest = max(self._longest, length(request))
        self._work = self._scored = 0
        self._sample = None


def length(request: Request) -> int:
    """Tokens of a request, context and continuation."""
    return len(request[1]) + len(request[2])


def tolerance(likelihood: float, tokens: int, *, exact: bool) -> float:
    """How far two ways of computing a log-likelihood may differ, in nats.

    1e-4 in float32, plus what rounding leaves in the sum of a long text; in bfloat16 and float16 a tenth a token
    (errors of tokens add like a random walk) and 2% of the sum, which lm-eval may round to the model's own type.
    """
    if exact:
        return 1e-4 + 1e-6 * abs(likelihood)
    return 0.1 * math.sqrt(tokens) + 0.02 * abs(likelihood)


def _problem(likelihood: float, plain: float, tokens: int, *, exact: bool) -> str | None:
    difference = abs(plain - likelihood)
    if difference <= tolerance(plain, tokens, exact=exact):
        return None
    return f"the self-check differs by {difference:.2g} ({likelihood:.6g} for {plain:.6g})"


def _vocabulary(lm: SharedPrefixLM) -> int:
    """How many token ids both the tokenizer and the embeddings know."""
    embedded: int = getattr(lm.model.get_input_embeddings(), "num_embeddings", len(lm.tokenizer))
    return min(embedded, len(lm.tokenizer))


def requests_at_load(tokens: int, special: Sequence[int], *, longest: int) -> list[Request]:
    """Two contexts after one header, and a text that is scored whole, of random tokens.

    Parameters
    ----------
    tokens : size of the vocabulary; ids in ``special`` are left out.
    longest : most tokens that the model takes.
    """
    draw = random.Random(0)
    usable = [token for token in draw.sample(range(tokens), min(tokens, 256)) if token not in set(special)]

    def some(number: int) -> list[int]:
        return [draw.choice(usable) for _ in range(number)]

    header = some(max(1, min(HEADER, longest - max(CONTEXTS) - CHOICE)))
    requests: list[Request] = [(None, header + some(number), some(CHOICE)) for number in CONTEXTS]
    return [*requests, (None, some(1), some(len(header)))]


@contextmanager
def in_float32(model: torch.nn.Module) -> Iterator[None]:
    """Inside, a model of any floating type computes in float32, with its own weights.

    Rounding in bfloat16 hides what a wrong mask or position does to a log-likelihood; in float32 nothing is hidden. A
    layer's weights (a member of a ModuleList) are float32 only while it runs, so there is no second model in memory.
    """
    layers = _outermost_layers(model)
    inside = {id(tensor) for layer in layers for tensor in _tensors(layer)}
    with ExitStack() as whole:
        whole.callback(_widened([tensor for tensor in _tensors(model) if id(tensor) not in inside]))
        for layer in layers:
            waiting: list[Callable[[], None]] = []

            def widen(module: torch.nn.Module, _: Any, waiting: list[Callable[[], None]] = waiting) -> None:
                waiting.append(_widened(list(_tensors(module))))

            def narrow(*_: Any, waiting: list[Callable[[], None]] = waiting) -> None:
                waiting.pop()()

            whole.callback(layer.register_forward_pre_hook(widen).remove)
            whole.callback(layer.register_forward_hook(narrow, always_call=True).remove)
        yield


def _outermost_layers(module: torch.nn.Module) -> list[torch.nn.Module]:
    if isinstance(module, torch.nn.ModuleList):
        return list(module)
    return [layer for child in module.children() for layer in _outermost_layers(child)]


def _tensors(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Floating parameters and buffers that are narrower than float32, each once."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.dtype in (torch.bfloat16, torch.float16):
            yield tensor


def _widened(tensors: Sequence[torch.Tensor]) -> Callable[[], None]:
    """Widen to float32; returns what undoes it, to the bit."""
    narrow = [tensor.data for tensor in tensors]
    for tensor in tensors:
        tensor.data = tensor.data.float()

    def undo() -> None:
        for tensor, data in zip(tensors, narrow, strict=True):
            tensor.data = data

    return undo
