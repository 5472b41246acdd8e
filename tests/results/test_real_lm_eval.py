"""What real lm-eval writes is read back, and its own aggregates can be recomputed from the items."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from synth_eval.results import checkpoint_fingerprint, find_results, read_results, read_samples

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The one model's output, its aggregates, and its samples by task."""
    root = tmp_path_factory.mktemp("lm_eval")
    script = Path(__file__).with_name("run_tiny_lm_eval.py")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HOME": str(root / "hub")}
    done = subprocess.run(
        [sys.executable, str(script), str(root)], env=environment, capture_output=True, text=True, check=False, cwd=root
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (output,) = find_results(root / "out")
    samples = {task: read_samples(file) for task, file in output.samples.items()}
    return root, output, read_results(output.results[0]), samples


def argmax_is_gold(samples, divide_by=None):
    divide_by = divide_by or [np.ones(len(row)) for row in samples.choice_logliks]
    hits = [
        np.argmax(np.array(row) / n) == gold for row, n, gold in zip(samples.choice_logliks, divide_by, samples.gold)
    ]
    return np.mean(hits)


def test_everything_is_found(run):
    root, output, results, samples = run
    assert output.name == results.model == str(root / "model")
    assert set(samples) == set(results.tasks) == {
        "tiny_choice", "tiny_numbers", "tiny_pronouns", "tiny_text", "tiny_last_word", "tiny_free",
    }  # fmt: skip
    assert {task: s.skipped for task, s in samples.items()} == dict.fromkeys(samples, 0)
    assert {task: len(s.doc_id) for task, s in samples.items()} == {
        task: result.n_samples for task, result in results.tasks.items()
    }
    assert results.tasks["tiny_choice"].category == "reasoning"
    assert not results.tasks["tiny_choice"].is_group
    assert results.lm_eval_version.startswith("0.4.")
    assert len(checkpoint_fingerprint(root / "model")) == 16


def test_accuracies_are_reproduced(run):
    _, _, results, samples = run
    choice, numbers = samples["tiny_choice"], samples["tiny_numbers"]
    aggregate = results.tasks["tiny_choice"]
    assert {len(row) for row in choice.choice_logliks} == {2, 3, 4}  # and not twice as many, despite acc_mutual_info
    assert argmax_is_gold(choice) == pytest.approx(aggregate.metric("acc").value)
    by_bytes = argmax_is_gold(choice, [np.array(row) for row in choice.choice_bytes])
    assert by_bytes == pytest.approx(aggregate.metric("acc_bytes").value)
    assert choice.choice_bytes[8] == (1, 7, 5, 3)  # "a", "the box", "été", "  7"
    assert choice.level == (1,) * 4 + (2,) * 4 + (3,) * 4
    assert argmax_is_gold(numbers) == pytest.approx(results.tasks["tiny_numbers"].metric("acc").value)
    assert argmax_is_gold(samples["tiny_pronouns"]) == results.tasks["tiny_pronouns"].metric("acc").value
    assert samples["tiny_pronouns"].gold == (0, 1, 0, 1, 0, 1)
    # "answer" is the text of a choice: 1, 2, 3, 1 ... among 3, 0, 1, 2
    assert numbers.gold == (2, 3, 0, 2, 3, 0, 2, 3)


def test_bits_per_byte_are_reproduced(run):
    _, _, results, samples = run
    text = samples["tiny_text"]
    bits = -sum(text.loglik) / sum(text.n_bytes) / np.log(2)
    assert bits == pytest.approx(results.tasks["tiny_text"].metric("bits_per_byte").value)
    last = samples["tiny_last_word"]
    perplexity = np.exp(-np.mean(last.loglik))
    assert perplexity == pytest.approx(results.tasks["tiny_last_word"].metric("perplexity").value)
    assert last.n_bytes[0] == len(" apples.")


def test_generated_texts_and_hashes(run):
    _, output, _, samples = run
    assert samples["tiny_free"].kind == "generation"
    assert len(set(samples["tiny_free"].texts)) > 1
    # lm-eval's own hashes are those we compute where they are missing
    rows = [json.loads(line) for line in output.samples["tiny_choice"].read_text().splitlines()]
    stripped = output.folder.parent / "samples_tiny_choice.jsonl"
    for row in rows:
        row.pop("doc_hash")
        row.pop("prompt_hash")
    stripped.write_text("".join(json.dumps(row) + "\n" for row in rows))
    again = read_samples(stripped)
    assert again.doc_hash == samples["tiny_choice"].doc_hash
    assert again.prompt_hash == samples["tiny_choice"].prompt_hash
