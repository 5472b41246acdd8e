"""Run by test_real_lm_eval.py in a process of its own: lm-eval on a tiny random GPT-NeoX, output in its native layout.

Usage: python run_tiny_lm_eval.py FOLDER
"""

import json
import os
import sys
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
LINES = ["Anna has two red apples.", "Where is the ball? In the box.", "Naïve café, 3 + 4 = 7.", "The sky is blue."]
CHOICES = ["a", "the box", "été", "  7"]
QUESTION = {"doc_to_text": "{{question}}\nAnswer:", "doc_to_choice": "choices"}


def build_model(folder: Path) -> None:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<|end|>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(LINES, trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", bos_token="<|end|>").save_pretrained(
        folder
    )
    torch.manual_seed(0)
    config = GPTNeoXConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=256, initializer_range=0.2, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    GPTNeoXForCausalLM(config).save_pretrained(folder)


def write_tasks(folder: Path) -> None:
    folder.mkdir()
    items = [
        {"question": f"{text} Question {i}?", "choices": CHOICES[: 2 + i], "answer": i % 2, "level": 1 + i}
        for i in range(3)
        for text in LINES
    ]
    numbers = [{"question": f"{i} + 1 =", "choices": ["3", "0", "1", "2"], "answer": str(i % 3 + 1)} for i in range(8)]
    texts = [{"text": f"{first} {second}"} for first in LINES for second in LINES]
    pronouns = [{"contexts": [f"Ann {i}", f"Bob {i}"], "end": "ran home.", "answer": i % 2} for i in range(6)]
    for name, rows in {"choice": items, "numbers": numbers, "text": texts, "pronouns": pronouns}.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    metrics = ["acc", "acc_norm", "acc_bytes"]
    task(folder, "tiny_choice", "choice", ["acc", "acc_bytes", "acc_mutual_info"], **QUESTION, doc_to_target="answer")
    # a field that holds text: lm-eval looks for the choice that reads so, though it logs "1" as it logs an index
    task(folder, "tiny_numbers", "numbers", metrics, **QUESTION, doc_to_target="answer")
    task(
        folder,
        "tiny_pronouns",
        "pronouns",
        ["acc"],
        doc_to_text="answer",
        doc_to_choice="contexts",
        doc_to_target="end",
    )
    rolling = ["word_perplexity", "byte_perplexity", "bits_per_byte"]
    task(folder, "tiny_text", "text", rolling, kind="loglikelihood_rolling", doc_to_text="", doc_to_target="{{text}}")
    last = {
        "kind": "loglikelihood",
        "doc_to_text": "{{text.split(' ')[0]}}",
        "doc_to_target": " {{text.split(' ')[-1]}}",
    }
    task(folder, "tiny_last_word", "text", ["perplexity", "acc"], **last)
    free = {"kind": "generate_until", "doc_to_text": "{{text}}", "doc_to_target": "{{text}}"}
    task(folder, "tiny_free", "text", ["exact_match"], **free, generation_kwargs={"until": ["\n"], "max_gen_toks": 4})


def task(folder: Path, name: str, data: str, metrics: list[str], *, kind: str = "multiple_choice", **more) -> None:
    import yaml

    config = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / f"{data}.jsonl")}},
        "test_split": "test",
        "output_type": kind,
        "metric_list": [{"metric": metric} for metric in metrics],
        "metadata": {"version": 1.0, "category": "reasoning"},
        **more,
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))


def main(root: Path) -> None:
    import datasets
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    datasets.config.HF_DATASETS_CACHE = str(root / "cache")
    build_model(root / "model")
    write_tasks(root / "tasks")
    names = sorted(file.stem for file in (root / "tasks").glob("*.yaml"))
    tracker = EvaluationTracker(output_path=str(root / "out"))
    results = simple_evaluate(
        model="hf",
        model_args={"pretrained": str(root / "model"), "dtype": "float32"},
        tasks=names,
        task_manager=TaskManager(include_path=str(root / "tasks"), include_defaults=False),
        batch_size=8,
        device="cpu",
        bootstrap_iters=0,
        log_samples=True,
        evaluation_tracker=tracker,
    )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for name in names:
        tracker.save_results_samples(task_name=name, samples=samples[name])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
