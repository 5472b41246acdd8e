"""studies/real_family/make.py, its parts by hand and the whole of it on a tiny random model."""

import json
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import character_tokenizer

from studies.real_family import make as made


@pytest.mark.parametrize(
    ("solution", "number"),
    [
        ("3 + 4 = 7\n#### 7", 7.0),
        ("#### 1,200", 1200.0),
        ("#### $0.5", 0.5),
        ("#### -3", -3.0),
        ("#### 1\n#### 2", 2.0),
        ("it is 7", None),
        ("####", None),
    ],
)
def test_final_number(solution, number):
    assert made.final_number(solution) == number


def test_the_calculator_marks_are_taken_out(tmp_path):
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps({"question": " How many? ", "answer": "4*2 = <<4*2=8>>8 eggs\n#### 8"}) + "\n")
    (problem,) = made.read_problems(file)
    assert problem.prompt + " " + problem.solution == "Question: How many?\nAnswer: 4*2 = 8 eggs\n#### 8"


def test_only_a_finished_solution_ends_with_the_end_of_text():
    tokenizer = character_tokenizer()
    whole, prompt = made.encoded(made.Problem("a", "b"), tokenizer)
    assert prompt == len("Question: a\nAnswer:")
    assert len(whole) == prompt + len(" b") + 1
    assert whole[-1] == tokenizer.eos_token_id
    assert made.encoded(made.Problem("a", "b", finished=False), tokenizer) == (whole[:-1], prompt)


@given(n=st.integers(1, 60), seed=st.integers(0, 5), ratios=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_larger_share_holds_the_smaller_one(n, seed, ratios):
    published = [made.Problem(f"q{i}", "published") for i in range(n)]
    own = [made.Problem(f"q{i}", "own") for i in range(n)]
    smaller, larger = (
        {i for i, p in enumerate(made.mix(published, own, ratio=ratio, seed=seed)) if p.solution == "own"}
        for ratio in sorted(ratios)
    )
    assert smaller <= larger
    assert len(larger) == round(max(ratios) * n)
    mixed = made.mix(published, own, ratio=ratios[0], seed=seed)
    assert [p.question for p in mixed] == [p.question for p in published]


def test_each_question_is_asked_at_most_once_an_epoch():
    problems = [made.Problem("q" * (1 + i % 7), "s") for i in range(75)]
    order = made.question_order(problems, character_tokenizer(), seed=0)
    # windows of 16 * 2 questions: 32 + 32 + 11, of which the last loses one to make whole steps of 2
    assert len(order) == len(set(order)) == 74


def test_loss_is_that_of_the_solution_alone():
    """Against transformers' own loss with the prompt masked, one row at a time."""
    model = llama()
    rows = [([5, 6, 7, 8, 9], 3), ([5, 6, 7], 1)]
    total, tokens = made.solution_loss(model, rows)
    expected = 0.0
    for ids, prompt in rows:
        labels = torch.tensor([[-100] * prompt + ids[prompt:]])
        expected += float(model(input_ids=torch.tensor([ids]), labels=labels).loss.detach()) * (len(ids) - prompt)
    assert tokens == 4
    assert float(total.detach()) == pytest.approx(expected, rel=1e-5)


def llama(layers=3):
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = character_tokenizer()
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=layers,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=256,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.eos_token_id,
        )
    ).eval()


def test_makes_a_family_and_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    model, data, out = tmp_path / "model", tmp_path / "data", tmp_path / "out"
    llama().save_pretrained(model)
    character_tokenizer().save_pretrained(model)
    for name in ("gsm8k", "strategyqa"):
        (data / name).mkdir(parents=True)
    rows = [json.dumps({"question": f"{i}+1?", "answer": f"#### {i + 1}"}) + "\n" for i in range(60)]
    (data / "gsm8k" / "train.jsonl").write_text("".join(rows[:24]))
    (data / "gsm8k" / "test.jsonl").write_text("".join(rows))
    (data / "strategyqa" / "validation.jsonl").write_text(json.dumps({"facts": ["Ice melts.", "Rain falls."]}) + "\n")
    arguments = ["make.py", f"--model={model}", f"--data={data}", f"--out={out}", "--seed=0"]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(made, "SAMPLED_TOKENS", 8)
    monkeypatch.setattr(made, "SAMPLED_TOGETHER", 10)
    made.main()

    folders = [out / f"ratio_{ratio}_seed_0" for ratio in ("0", "0.3", "0.6", "1")]
    records = [json.loads((folder / "training.json").read_text()) for folder in folders]
    assert [record["ratio"] for record in records] == [0, 0.3, 0.6, 1]
    assert {record["steps"] for record in records} == {12}  # 24 questions, two a step
    samples = [json.loads(line) for line in (out / "self_written_seed_0.jsonl").read_text().splitlines()]
    assert len({row["question"] for row in samples}) == 24
    assert [json.loads(line)["text"] for line in (out / "text" / "facts.jsonl").open()] == ["Ice melts. Rain falls."]
    assert len((out / "text" / "gsm8k_test.jsonl").read_text().splitlines()) == 60 - made.HELD_OUT

    before, after = weights(model), weights(folders[0])
    assert torch.equal(before["model.layers.1.mlp.up_proj.weight"], after["model.layers.1.mlp.up_proj.weight"])
    assert not torch.equal(before["model.layers.2.mlp.up_proj.weight"], after["model.layers.2.mlp.up_proj.weight"])

    # the last batch of samples and one checkpoint are lost: made again, the same, and nothing else is touched
    kept = (out / "self_written_seed_0.jsonl").read_text().splitlines(keepends=True)
    (out / "self_written_seed_0.jsonl").write_text("".join(kept[:20]))
    lost = weights(folders[2])
    (folders[2] / "training.json").unlink()
    untouched = (folders[3] / "model.safetensors").stat().st_mtime_ns
    capsys.readouterr()
    made.main()
    assert (out / "self_written_seed_0.jsonl").read_text() == "".join(kept)
    assert all(torch.equal(lost[name], value) for name, value in weights(folders[2]).items())
    assert (folders[3] / "model.safetensors").stat().st_mtime_ns == untouched
    assert "ratio_1_seed_0" not in capsys.readouterr().out


def weights(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")
