"""Choice items: what an answer may be, the forms that choices come in, prompts, and every mistake with its line."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.data.choices import choice_sample, clue, fill, gold
from synth_eval.data.records import OwnDataError
from synth_eval.types import OwnTask

PERU = {"question": "Capital of Peru?", "choices": ["Quito", "Lima", "La Paz"], "answer": 1}


def task(folder: Path, records: list, **options) -> OwnTask:
    (folder / "exam.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    fixed = {"field": "question", "amount": 100, "files": (f"{folder}/exam.jsonl",)}
    return OwnTask("exam", "choice", folder, **{**fixed, **options})


def rows(folder: Path, *records: dict, **options):
    """In the order of the file."""
    items = choice_sample(task(folder, list(records), **options)).items
    return sorted(items, key=lambda row: int(row.where.rsplit(":", 1)[1]))


def refused(folder: Path, *records: dict, **options) -> str:
    with pytest.raises(OwnDataError) as caught:
        choice_sample(task(folder, list(records), **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("answer", [1, 1.0, "1", "B", "b", "(B)", "B.", "Lima", " Lima "])
def test_an_answer_is_an_index_a_letter_or_the_text(tmp_path, answer):
    (row,) = rows(tmp_path, PERU | {"answer": answer})
    assert (row.choices[row.answer], row.prompt, row.where) == ("Lima", "Capital of Peru?", "exam.jsonl:1")


def test_counting_may_begin_at_one(tmp_path):
    assert [r.answer for r in rows(tmp_path, PERU, PERU | {"answer": "3"}, index_from=1)] == [0, 2]


def test_items_may_have_different_numbers_of_choices(tmp_path):
    two = {"question": "Is it?", "choices": ["Yes", "No"], "answer": "No"}
    assert [(len(r.choices), r.answer) for r in rows(tmp_path, PERU, two)] == [(3, 1), (2, 1)]


@pytest.mark.parametrize(
    ("choices", "answer", "options"),
    [
        ({"A": "Quito", "B": "Lima"}, "B", {}),
        ({"x1": "Quito", "x2": "Lima"}, "x2", {}),
        ({"text": ["Quito", "Lima"], "label": ["1", "2"]}, "2", {}),  # the form of ARC on the hub
    ],
)
def test_choices_with_labels(tmp_path, choices, answer, options):
    (row,) = rows(tmp_path, {"question": "?", "choices": choices, "answer": answer}, **options)
    assert row.choices[row.answer] == "Lima"


def test_one_field_a_choice(tmp_path):
    record = {"q": "?", "a": "Quito", "b": "Lima", "c": None, "key": "B"}
    options = {"field": "q", "choices": ("a", "b", "c"), "answer": "key"}
    (row,) = rows(tmp_path, record, **options)
    assert (row.choices, row.answer) == (("Quito", "Lima"), 1)
    assert "a choice is None" in refused(tmp_path, record | {"b": None, "c": "Lima"}, **options)


def test_true_and_false_choose_among_yes_and_no(tmp_path):
    record = {"question": "?", "choices": ["no", "yes"], "answer": True}
    assert [r.answer for r in rows(tmp_path, record, record | {"answer": False})] == [1, 0]
    assert "the answer is true, and not one choice reads true or yes" in refused(tmp_path, PERU | {"answer": True})


def test_letters_and_texts_that_look_alike_are_settled_by_the_whole_file(tmp_path):
    blood = {"question": "Which group gives to all?", "choices": ["O", "A", "B"], "answer": "A"}
    # alone, "A" is the text of a choice: the second
    assert [r.answer for r in rows(tmp_path, blood)] == [1]
    # beside an answer that is no text of a choice, it is a letter: the first
    assert [r.answer for r in rows(tmp_path, blood, PERU | {"answer": "B"})] == [0, 1]


def test_numbers_as_choices(tmp_path):
    record = {"question": "2 + 2?", "choices": [3, 4, 4.5], "answer": "4"}
    (row,) = rows(tmp_path, record)
    assert (row.choices, row.answer) == (("3", "4", "4.5"), 1)


def test_the_prompt_may_use_any_field_and_show_the_choices(tmp_path):
    (row,) = rows(
        tmp_path, PERU | {"topic": "maps", "year": 2020},
        prompt="{topic} {year} {{!}}\n{question}\n{choices}\nAnswer:", letters=True,
    )  # fmt: skip
    assert row.prompt == "maps 2020 {!}\nCapital of Peru?\nA. Quito\nB. Lima\nC. La Paz\nAnswer:"
    assert (row.question, row.choices, row.answer) == ("Capital of Peru?", ("A", "B", "C"), 1)


@given(st.text(), st.lists(st.text(), min_size=2, max_size=4))
def test_braces_in_the_data_are_left_alone(question, choices):
    filled = fill("{question}|{note}", {"note": "{question}"}, question=question, choices=choices)
    assert filled == f"{question}|{{question}}"


def test_what_occurs_twice_is_asked_once(tmp_path):
    sample = choice_sample(task(tmp_path, [PERU, PERU, PERU | {"choices": ["Lima", "Quito"], "answer": 0}]))
    assert (len(sample.items), sample.of) == (2, 3)


def test_examples_stay_in_order_and_are_all_taken(tmp_path):
    shots = [PERU | {"question": f"{i}?"} for i in range(5)]
    (tmp_path / "dev.jsonl").write_text("".join(json.dumps(record) + "\n" for record in shots))
    sample = choice_sample(task(tmp_path, [PERU], examples=(f"{tmp_path}/dev.jsonl",)))
    assert [row.question for row in sample.examples] == ["0?", "1?", "2?", "3?", "4?"]
    assert sample.sha256 != choice_sample(task(tmp_path, [PERU])).sha256


def test_parquet(tmp_path):
    pq.write_table(pa.table({k: [v] for k, v in PERU.items()}), tmp_path / "exam.parquet")
    sample = choice_sample(task(tmp_path, [], files=(f"{tmp_path}/exam.parquet",)))
    assert (sample.items[0].answer, sample.items[0].where) == (1, "exam.parquet, row 1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": 3}, "the answer 3 is out of range: 3 choices are 0 to 2 (see index_from)"),
        ({"answer": -1}, "the answer -1 is out of range"),
        ({"answer": "3"}, "the answer '3' is none of the 3 choices (neither A to C, nor their text)"),
        ({"answer": "D"}, "the answer 'D' is none of the 3 choices"),
        ({"answer": None}, "the answer is None: give the index, letter or text of one choice"),
        ({"answer": [1]}, "the answer is [1]: give"),
        ({"choices": ["Lima"]}, "1 choice: an item needs two or more"),
        ({"choices": []}, "0 choices: an item needs two or more"),
        ({"choices": "Lima"}, "the choices (choices) are a str, not a list"),
        ({"choices": ["Lima", ""]}, "choice 2 is empty"),
        ({"choices": ["Lima", "Quito", "Lima "]}, "choices 1 and 3 are the same ('Lima')"),
        ({"choices": ["Lima", None]}, "a choice is None: choices must be text"),
        ({"choices": ["Lima", "\ud800"]}, "the choice holds half a character"),
        ({"question": ""}, "the question (question) is empty"),
        ({"question": 5}, "the question (question) is no text"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, change, message):
    assert refused(tmp_path, PERU, PERU | change).startswith(f"exam.jsonl:2: {message}")
    assert len(choice_sample(task(tmp_path, [PERU, PERU | change], skip_unusable=True)).items) == 1


@pytest.mark.parametrize("field", ["question", "choices", "answer"])
def test_a_missing_field(tmp_path, field):
    record = {name: value for name, value in PERU.items() if name != field}
    there = ", ".join(record)
    assert refused(tmp_path, PERU, record) == (
        f"exam.jsonl:2: the field {field!r} is missing (there are {there}): name the right one in the manifest; "
        "correct it, or set skip_unusable: true"
    )


def test_no_item(tmp_path):
    assert refused(tmp_path).startswith("exam: no item in ")


@given(st.lists(st.text(min_size=1).map(str.strip), min_size=2, max_size=6, unique=True), st.data())
def test_the_three_ways_to_answer_agree(texts, data):
    # letters and digits among the texts make a lone answer ambiguous: those are another test's
    texts = [f"{text}!!" for text in texts]
    position = data.draw(st.integers(0, len(texts) - 1))
    labels = "ABCDEF"[: len(texts)]
    answers = [position, str(position), labels[position], texts[position]]
    read = [clue(answer, texts, labels, index_from=0) for answer in answers]
    assert {gold(each, as_text=each.text is not None) for each in read} == {position}
