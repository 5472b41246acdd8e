"""Has a base model learned every skill? Copying a fact is learned all or nothing, and some seeds miss it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synth_eval.skills import SKILLS
from synth_eval.types import ChoiceItem

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

ROWS = 256
SEEDS = 10  # of few-shot items: about 600 a skill
EASY_SEEDS = 4


def accuracy_by_level(
    model: GPTNeoXForCausalLM, tokenizer: PreTrainedTokenizerFast, items: Sequence[ChoiceItem]
) -> dict[int, float]:
    """Share of items whose right answer is the likeliest continuation, by level.

    The same question that lm-eval asks, without its machinery: sum of log-probabilities of " " + choice.
    """
    import torch

    rows: list[tuple[list[int], int]] = []  # token ids, length of the answer
    for item in items:
        context = tokenizer.encode(item.question)
        for choice in item.choices:
            whole = tokenizer.encode(f"{item.question} {choice}")
            rows.append((whole, len(whole) - len(context)))
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    scores = [0.0] * len(rows)
    with torch.inference_mode():
        for start in range(0, len(order), ROWS):
            chunk = order[start : start + ROWS]
            longest = max(len(rows[i][0]) for i in chunk)
            inputs = torch.tensor([rows[i][0] + [0] * (longest - len(rows[i][0])) for i in chunk])
            log_probs = model(input_ids=inputs, use_cache=False).logits.log_softmax(-1)
            for row, i in enumerate(chunk):
                ids, answer = rows[i]
                span = torch.arange(len(ids) - answer, len(ids))
                scores[i] = float(log_probs[row, span - 1, torch.tensor(ids)[span]].sum())
    right: dict[int, list[bool]] = {}
    scored = iter(scores)
    for item in items:
        mine = [next(scored) for _ in item.choices]
        right.setdefault(item.level, []).append(mine.index(max(mine)) == item.answer)
    return {level: sum(hits) / len(hits) for level, hits in sorted(right.items())}


def shortfalls(model: GPTNeoXForCausalLM, tokenizer: PreTrainedTokenizerFast) -> dict[str, str]:
    """Skills that the model does not do clearly better than their best shallow heuristic -> the numbers in words.

    Judged on few-shot items of several seeds, never on test items. Clearly: by more than two standard errors.
    """
    missed = {}
    for name, skill in SKILLS.items():
        items = list({item.question: item for seed in range(SEEDS) for item in skill.train_items(seed)}.values())
        by_level = accuracy_by_level(model, tokenizer, items)
        weight = {level: sum(item.level == level for item in items) for level in by_level}
        accuracy = sum(by_level[level] * weight[level] for level in by_level) / len(items)
        bar = skill.SHALLOW + 2 * (skill.SHALLOW * (1 - skill.SHALLOW) / len(items)) ** 0.5
        if accuracy <= bar:
            missed[name] = f"{name} {accuracy:.2f} (shallow heuristic {skill.SHALLOW:.2f})"
    return missed


def easy_accuracy(model: GPTNeoXForCausalLM, tokenizer: PreTrainedTokenizerFast, skill: str) -> float:
    """Accuracy on few-shot items of level 1."""
    items = [item for seed in range(EASY_SEEDS) for item in SKILLS[skill].train_items(seed) if item.level == 1]
    return accuracy_by_level(model, tokenizer, items)[1]
