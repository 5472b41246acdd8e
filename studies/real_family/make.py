"""Make a family of checkpoints from a real pretrained model: gsm8k with growing shares of solutions that it wrote.

    python -m studies.real_family.make --model FOLDER --data FOLDER --out FOLDER [--seed 0] [--seed 1]

From the pretrained model one checkpoint a ratio and seed, each trained on the same questions in the same order for the
same steps; `ratio` of the questions come with a solution that the checkpoint of ratio 0 sampled, the rest with the
published one. Nested: what is self-written at ratio 0.3 is so at 0.6 as well. What is done already (a batch of samples,
a checkpoint) is not done again, so an interrupted run goes on. docs/real-family.md says what was found.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

RATIOS = (0.0, 0.3, 0.6, 1.0)
LONGEST = 128  # tokens of a question with its published solution; longer ones are left out
BATCH = 2
EPOCHS = 1
LEARNING_RATE = 3e-4
WARM_UP = 10  # steps; then linear decay to zero
FROZEN_SHARE = 2 / 3  # of the layers, from below, and the embeddings: nearly halves the cost of a step
SAMPLED_TOKENS = 90
SAMPLED_TOGETHER = 40
HELD_OUT = 40  # test questions on which each checkpoint's loss is measured


@dataclass(frozen=True)
class Problem:
    """A word problem with one worked solution that ends in `#### number`."""

    question: str
    solution: str
    finished: bool = True
    """False: the sampled solution was cut at SAMPLED_TOKENS and gets no end-of-text token."""

    @property
    def prompt(self) -> str:
        return f"Question: {self.question}\nAnswer:"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="the pretrained model, a Hugging Face folder")
    parser.add_argument("--data", type=Path, required=True, help="holds gsm8k/ and strategyqa/ as JSONL")
    parser.add_argument("--out", type=Path, required=True, help="checkpoints and samples go here")
    parser.add_argument("--seed", type=int, action="append", help="may be given several times; default 0 and 1")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(chosen.model)
    gsm8k = chosen.data / "gsm8k"
    train = [p for p in read_problems(gsm8k / "train.jsonl") if length(p, tokenizer) <= LONGEST]
    test = [p for p in read_problems(gsm8k / "test.jsonl") if length(p, tokenizer) <= LONGEST]
    write_texts(test[HELD_OUT:], chosen.data / "strategyqa", folder=chosen.out / "text")
    test = test[:HELD_OUT]
    for seed in chosen.seed or [0, 1]:
        order = question_order(train, tokenizer, seed=seed)
        self_written: list[Problem] = []
        for ratio in RATIOS:
            folder = chosen.out / f"ratio_{ratio:g}_seed_{seed}"
            mixed = mix(train, self_written, ratio=ratio, seed=seed)
            train_checkpoint(chosen.model, [mixed[i] for i in order], test, seed=seed, ratio=ratio, folder=folder)
            if ratio == 0:
                samples = chosen.out / f"self_written_seed_{seed}.jsonl"
                self_written = sample_solutions(folder, train, seed=seed, file=samples)


def read_problems(file: Path) -> list[Problem]:
    """Published problems; the calculator marks `<<48/2=24>>` are taken out, as they are no text that one writes."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Problem(row["question"].strip(), re.sub(r"<<.*?>>", "", row["answer"]).strip()) for row in rows]


def write_texts(problems: list[Problem], strategyqa: Path, *, folder: Path) -> None:
    """Texts for `domains:` of the manifest: unseen problems with published solutions, and sentences of plain facts."""
    texts = {
        "gsm8k_test": [f"{problem.prompt} {problem.solution}" for problem in problems],
        "facts": [
            " ".join(json.loads(line)["facts"])
            for file in sorted(strategyqa.glob("*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines()
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in texts.items():
        lines = [json.dumps({"text": text}) + "\n" for text in rows]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


def final_number(solution: str) -> float | None:
    """The number after the last `####`, or None where there is none."""
    found = re.findall(r"####\s*\$?(-?[\d,]*\.?\d+)", solution)
    return float(found[-1].replace(",", "")) if found else None


def encoded(problem: Problem, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], int]:
    """Token ids of the whole text, and how many of them are the prompt, on which no loss is taken."""
    prompt = tokenizer(problem.prompt).input_ids
    whole = prompt + tokenizer(f" {problem.solution}").input_ids
    return whole + [tokenizer.eos_token_id] * problem.finished, len(prompt)


def length(problem: Problem, tokenizer: PreTrainedTokenizerBase) -> int:
    return len(encoded(problem, tokenizer)[0])


def question_order(problems: list[Problem], tokenizer: PreTrainedTokenizerBase, *, seed: int) -> list[int]:
    """Indices of the training questions, step after step; questions of a step are of similar length."""
    generator = random.Random(f"order {seed}")
    steps: list[list[int]] = []
    for _ in range(EPOCHS):
        shuffled = generator.sample(range(len(problems)), len(problems))
        for start in range(0, len(shuffled), 16 * BATCH):
            window = sorted(shuffled[start : start + 16 * BATCH], key=lambda i: length(problems[i], tokenizer))
            full = len(window) // BATCH * BATCH
            steps += [window[i : i + BATCH] for i in range(0, full, BATCH)]
    generator.shuffle(steps)
    return [i for step in steps for i in step]


def mix(published: list[Problem], self_written: list[Problem], *, ratio: float, seed: int) -> list[Problem]:
    """The problems in their order, a nested random share of them with the self-written solution."""
    shuffled = random.Random(f"mix {seed}").sample(range(len(published)), len(published))
    chosen = set(shuffled[: round(ratio * len(published))])
    return [self_written[i] if i in chosen else problem for i, problem in enumerate(published)]


def padded(rows: list[tuple[list[int], int]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Input ids, attention mask and labels (-100 on prompt and padding), padded on the right."""
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full((len(rows), longest), -100)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for row, (tokens, prompt) in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, prompt : len(tokens)] = ids[row, prompt : len(tokens)]
        mask[row, : len(tokens)] = 1
    return ids, mask, labels


def solution_loss(model: PreTrainedModel, rows: list[tuple[list[int], int]]) -> tuple[torch.Tensor, int]:
    """Summed negative log-likelihood of the solutions in nats, and their tokens; the head sees no prompt."""
    ids, mask, labels = padded(rows)
    hidden = model.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state[:, :-1]
    targets = labels[:, 1:]
    asked = targets != -100
    logits = model.lm_head(hidden[asked])
    return torch.nn.functional.cross_entropy(logits, targets[asked], reduction="sum"), int(asked.sum())


def train_checkpoint(
    model_folder: Path, examples: list[Problem], test: list[Problem], *, seed: int, ratio: float, folder: Path
) -> None:
    """Fine-tune the upper layers on the examples in their order; `training.json`, written last, says it is done."""
    if (folder / "training.json").is_file():
        return
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    rows = [encoded(problem, tokenizer) for problem in examples]
    steps = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
    model.requires_grad_(False)
    for layer in model.model.layers[round(FROZEN_SHARE * len(model.model.layers)) :]:
        layer.requires_grad_(True)
    model.model.norm.requires_grad_(True)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / WARM_UP, (len(steps) - step) / (len(steps) - WARM_UP))
    )
    before = held_out_loss(model, tokenizer, test) if ratio == 0 else None
    wall, cpu = time.time(), time.process_time()
    losses = []
    model.train()
    for number, step in enumerate(steps):
        loss, tokens = solution_loss(model, step)
        (loss / tokens).backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()) / tokens)
        if number % 20 == 0:
            print(f"{folder.name} step {number} of {len(steps)}: loss {losses[-1]:.3f}", flush=True)
    record = {
        "ratio": ratio,
        "seed": seed,
        "steps": len(steps),
        "questions": len(examples),
        "training_tokens": sum(len(ids) for ids, _ in rows),
        "loss_first_20": sum(losses[:20]) / len(losses[:20]),
        "loss_last_20": sum(losses[-20:]) / len(losses[-20:]),
        "held_out_loss_before": before,
        "held_out_loss": held_out_loss(model, tokenizer, test),
        "cpu_seconds": round(time.process_time() - cpu),
        "wall_seconds": round(time.time() - wall),
    }
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


@torch.inference_mode()
def held_out_loss(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, test: list[Problem]) -> float:
    """Mean negative log-likelihood of published test solutions, nats a token."""
    model.eval()
    rows = sorted((encoded(problem, tokenizer) for problem in test), key=lambda row: len(row[0]))
    parts = [solution_loss(model, rows[i : i + 8]) for i in range(0, len(rows), 8)]
    return float(sum(loss for loss, _ in parts)) / sum(tokens for _, tokens in parts)


@torch.inference_mode()
def sample_solutions(folder: Path, problems: list[Problem], *, seed: int, file: Path) -> list[Problem]:
    """One solution a question at temperature 1, in the order of `problems`; batches already in `file` are kept."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    known = {row["question"]: row for row in map(json.loads, lines)}
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    order = sorted(range(len(problems)), key=lambda i: len(problems[i].prompt))
    batches = [order[i : i + SAMPLED_TOGETHER] for i in range(0, len(order), SAMPLED_TOGETHER)]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    for number, batch in enumerate(batches):
        if all(problems[i].question in known for i in batch):
            continue
        torch.manual_seed(1_000 * seed + number)
        start = time.process_time()
        inputs = tokenizer([problems[i].prompt for i in batch], return_tensors="pt", padding=True)
        written = model.generate(
            **inputs, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=SAMPLED_TOKENS
        )[:, inputs.input_ids.shape[1] :]
        new = [sampled_row(problems[i], ids.tolist(), tokenizer) for i, ids in zip(batch, written, strict=True)]
        known |= {row["question"]: row for row in new}
        with file.open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in new)
        spent = time.process_time() - start
        print(f"{file.stem}: batch {number + 1} of {len(batches)}, {spent:.0f} s CPU", flush=True)
    rows = [known[problem.question] for problem in problems]
    return [Problem(row["question"], row["solution"], row["finished"]) for row in rows]


def sampled_row(problem: Problem, ids: list[int], tokenizer: PreTrainedTokenizerBase) -> dict[str, object]:
    finished = tokenizer.eos_token_id in ids
    kept = ids[: ids.index(tokenizer.eos_token_id)] if finished else ids
    solution = tokenizer.decode(kept, skip_special_tokens=True).strip()
    right = final_number(solution)
    return {
        "question": problem.question,
        "solution": solution,
        "finished": finished,
        "right": right is not None and right == final_number(problem.solution),
        "published": problem.solution,
    }


if __name__ == "__main__":
    main()
