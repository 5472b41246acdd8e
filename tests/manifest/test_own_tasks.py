"""`domains`, `choice_tasks`, `training_text` of checkpoints.yaml: short and long forms, every mistake in a line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.errors import ManifestError
from synth_eval.manifest import load_family
from synth_eval.types import OwnTask

TWO = "checkpoints:\n  - {path: a, ratio: 0}\n  - {path: b, ratio: 0.5}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "data/legal"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("data/legal/one.jsonl", "data/legal/two.txt", "data/exam.jsonl", "data/dev.jsonl"):
        (tmp_path / name).touch()
    return tmp_path


def family(folder: Path, text: str, **options):
    (folder / "checkpoints.yaml").write_text(f"family: f\n{text}\n{TWO}")
    return load_family(folder / "checkpoints.yaml", **options)


def refused(folder: Path, text: str, **options) -> str:
    with pytest.raises(ManifestError) as caught:
        family(folder, text, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{folder}/checkpoints.yaml:")


def test_short_forms(folder):
    found = family(
        folder,
        "domains:\n  legal: data/legal/*\n  both: [data/legal/one.jsonl, data/legal/two.txt]\n"
        "  clinic: my-org/notes:validation:note\nchoice_tasks: {exam: data/exam.jsonl}",
    )
    assert found.own_tasks == (
        OwnTask("legal", "rolling", folder, (f"{folder}/data/legal/*",), category="domain"),
        OwnTask(
            "both", "rolling", folder, (f"{folder}/data/legal/one.jsonl", f"{folder}/data/legal/two.txt"),
            category="domain",
        ),
        OwnTask(
            "clinic", "rolling", folder, hub="my-org/notes", split="validation", field="note", category="domain"
        ),
        OwnTask(
            "exam", "choice", folder, (f"{folder}/data/exam.jsonl",), field="question", amount=1000,
            prompt="Question: {question}\nAnswer:",
        ),
    )  # fmt: skip
    assert found.tasks == ("synth_suite", "legal", "both", "clinic", "exam")  # added by themselves
    assert found.categories == {"legal": "domain", "both": "domain", "clinic": "domain"}


def test_long_forms(folder):
    found = family(
        folder,
        """tasks: [exam, synth_recall]
categories: {exam: retrieval, plain: reasoning}
training_text: [train/*.jsonl, /corpus/all.txt]
domains:
  notes: {hub: my-org/notes, subset: en, field: body, documents: 50, max_characters: 300, seed: 7, category: medicine}
choice_tasks:
  plain: data/exam.jsonl
  exam:
    files: data/exam.jsonl
    question: q
    choices: [a, b, c]
    answer: key
    index_from: 1
    prompt: "{q_before} {question}\\n{choices}\\nAnswer:"
    score: letter
    examples: data/dev.jsonl
    items: 30
    seed: 2
    category: reasoning
    skip_unusable: true""",
    )
    notes, plain, exam = found.own_tasks
    assert (notes.hub, notes.subset, notes.split, notes.field) == ("my-org/notes", "en", "test", "body")
    assert (notes.amount, notes.max_characters, notes.seed) == (50, 300, 7)
    assert plain.category is None
    assert (exam.field, exam.choices, exam.answer, exam.index_from) == ("q", ("a", "b", "c"), "key", 1)
    assert (exam.letters, exam.amount, exam.seed, exam.skip_unusable) == (True, 30, 2, True)
    assert exam.examples == (f"{folder}/data/dev.jsonl",)
    assert found.tasks == ("exam", "synth_recall", "notes", "plain")  # a task that is named is not added again
    # the long form's own category wins; `categories` is for tasks that carry none
    assert found.categories == {"exam": "reasoning", "plain": "reasoning", "notes": "medicine"}
    assert found.training_text == (f"{folder}/train/*.jsonl", "/corpus/all.txt")


def test_files_need_not_be_there_where_results_are_read(folder):
    found = family(folder, "domains: {legal: gone/*.jsonl}", folders_needed=False)
    assert found.own_tasks[0].files == (f"{folder}/gone/*.jsonl",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("domains: {legal: gone/*.jsonl}", "2: legal: no file fits gone/*.jsonl (looked for "),
        ("domains:\n  ok: data/legal/*\n  legal:\n    files: gone.txt", "5: legal: no such file: gone.txt (looked "),
        ("domains: {legal: data/legal}", "2: legal: data/legal is a folder: write data/legal/*.jsonl, for example"),
        ("choice_tasks: {exam: [data/exam.jsonl, b.jsonl]}", "2: exam: no such file: b.jsonl "),
        ("domains: {legal: {feild: text, files: data/legal/*}}", "2: unknown key 'feild' in domains.legal: did you"),
        ("choice_tasks: {exam: {anwser: a, files: x}}", "2: unknown key 'anwser' in choice_tasks.exam: did you m"),
        ("domains: {legal: {documents: 5}}", "2: a domain has either files or hub: write files: data/*.jsonl, or hub"),
        ("domains: {legal: {files: data/legal/*, hub: a/b}}", "2: a domain has either files or hub"),
        ("domains: {legal: {files: data/legal/*, documents: 0}}", "2: domains.legal.documents is 0, and the smallest"),
        ("domains: {legal: {files: data/legal/*, max_characters: 9}}", "2: domains.legal.max_characters is 9, and the"),
        ("domains: {legal: 3}", "2: domains.legal must be a mapping: write {key: value} (it is '3')"),
        ("domains: {synth_legal: data/legal/*}", "2: synth_legal: names that begin with synth_ are the suite's"),
        ("domains: {le/gal: data/legal/*}", "2: the name 'le/gal' is no file name"),
        ("domains: {x: data/legal/*}\nchoice_tasks: {x: data/exam.jsonl}", "3: x is a domain, too: give the two diff"),
        ("choice_tasks: {x: {files: data/exam.jsonl, prompt: 'Answer:'}}", "2: choice_tasks.x.prompt: it must contain"),
        ("choice_tasks: {x: {files: data/exam.jsonl, prompt: '{question'}}", "2: choice_tasks.x.prompt: expected '}'"),
        ("choice_tasks: {x: {files: data/exam.jsonl, prompt: '{question} '}}", "2: choice_tasks.x.prompt: it ends wi"),
        (r"choice_tasks: {x: {files: data/exam.jsonl, prompt: '{question}\nA:'}}", r"2: choice_tasks.x.prompt: '\n' "),
        ("choice_tasks: {x: {files: data/exam.jsonl, score: letter}}", "2: score: letter asks for A, B ...: show them"),
        ("choice_tasks: {x: {files: data/exam.jsonl, index_from: 2}}", "2: choice_tasks.x.index_from is 2: write 0 or"),
        (
            "defaults: {num_fewshot: 5}\nchoice_tasks: {x: data/exam.jsonl}",
            "3: num_fewshot 5 needs examples that are not asked: add examples: FILE to x",
        ),
    ],
)  # fmt: skip
def test_mistakes(folder, text, message):
    assert refused(folder, text).startswith(message)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(["domains", "choice_tasks", "training_text"]),
)
def test_anything_is_read_or_refused_in_one_line(tmp_path_factory, value, key):
    import json

    folder = tmp_path_factory.mktemp("any")
    said = ""
    try:
        family(folder, f"{key}: {json.dumps(value)}", folders_needed=False)
    except ManifestError as error:
        said = str(error)
    assert "\n" not in said
