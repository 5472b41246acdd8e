"""From published records to items, by hand."""

from __future__ import annotations

from collections import Counter

import pytest
from public_data import bbh_records, gsm8k_records, squad_records, trivia_records

from synth_eval.data import public_items as items
from synth_eval.data.public_items import BadRecord


def test_gsm8k_as_a_choice_keeps_the_published_answer() -> None:
    (record,) = gsm8k_records(1)
    (item,) = items.gsm8k_choice_items([record])
    assert item["question"] == record["question"]
    assert item["choices"][item["answer"]] == record["answer"].rpartition("#### ")[2]


def test_gsm8k_written_out_shows_solutions_without_calculator_marks() -> None:
    (item,) = items.gsm8k_generate_items([{"question": "Two and two?", "answer": "2+2 = <<2+2=4>>4.\n#### 1,004"}])
    assert item == {"question": "Two and two?", "solution": "2+2 = 4.\n#### 1,004", "answers": ["1004", "1,004"]}


def test_strategyqa_is_yes_or_no() -> None:
    made = items.strategyqa_items([{"question": "Is it?", "answer": True}, {"question": "Was it?", "answer": False}])
    assert [item["choices"][item["answer"]] for item in made] == ["yes", "no"]


def test_bbh_is_continued_with_the_text_of_an_option() -> None:
    (item,) = items.bbh_items(bbh_records(2)[1:])
    assert item["question"] == "Case 1: three birds on a branch. The jay is first."
    assert item["choices"] == ["The owl is first", "The jay is first", "The robin is first"]
    assert item["answer"] == 1


def test_trivia_keeps_questions_with_four_different_choices_once() -> None:
    good = trivia_records(3, "world")
    spoiled = [
        {"question": "True?", "choices": ["True", "False"], "answer": 0},
        {"question": "Same?", "choices": ["a", "A ", "b", "c"], "answer": 0},
        {"question": "Blank?", "choices": ["", "a", "b", "c"], "answer": 1},
        {**good[0], "question": good[0]["question"].upper()},
    ]
    test, shots = items.opentriviaqa_items({"world": [*good, *spoiled]})
    assert sorted(item["question"] for item in test) == sorted(record["question"] for record in good)
    assert shots == []


def test_trivia_categories_take_turns_and_examples_are_no_test_items() -> None:
    records = {category: trivia_records(520, category) for category in ("history", "world")}
    test, shots = items.opentriviaqa_items(records)
    assert (len(test), len(shots)) == (1_000, 32)
    assert Counter(item["form"] for item in test[:100]) == {"history": 50, "world": 50}
    assert not {item["question"] for item in test} & {item["question"] for item in shots}


def test_the_sample_does_not_depend_on_the_order_of_the_file() -> None:
    records = trivia_records(600, "world")
    assert items.opentriviaqa_items({"world": records}) == items.opentriviaqa_items({"world": records[::-1]})


def test_nq_open_keeps_every_answer_and_drops_the_question_mark() -> None:
    (item,) = items.nq_open_items([{"question": "who was it?", "answer": ["Ada", "Ada L."]}])
    assert item == {"question": "who was it", "answers": ["Ada", "Ada L."]}
    many = [{"question": f"number {i}", "answer": [str(i)]} for i in range(1_200)]
    assert len(items.nq_open_items(many)) == 1_000


def test_squad_offers_other_answers_of_the_passage() -> None:
    made = items.squad_items(squad_records(6))
    assert len(made) == 30
    for item in made:
        passage, _, question = item["question"].partition("\n\nQuestion: ")
        drawer = question.partition("drawer ")[2][0]
        assert f"drawer {drawer} holds {item['choices'][item['answer']]} stamps" in passage
        assert len(set(item["choices"])) == 4
        assert all(choice in passage for choice in item["choices"])


def test_squad_leaves_out_passages_with_too_few_answers() -> None:
    assert items.squad_items(squad_records(1)[:3]) == []


def test_squad_answers_are_right_about_as_often_as_wrong() -> None:
    # Within a passage each answer is right once and wrong three times out of four: text says nothing.
    made = items.squad_items(squad_records(200))
    right = Counter(item["choices"][item["answer"]] for item in made)
    offered = Counter(choice for item in made for choice in item["choices"])
    assert sum(right.values()) / sum(offered.values()) == 0.25
    assert max(right.values()) == 1


def test_domain_documents_are_bounded_distinct_and_sampled() -> None:
    long = "word " * 2_000
    (item,) = items.domain_items([{"text": long}, {"text": f"  {long}"}])
    assert item["text"] == ("word " * 800).strip()
    assert len(item["text"]) <= items.LONGEST_DOCUMENT
    assert len(items.domain_items([{"text": f"Document {i}."} for i in range(300)])) == items.DOMAIN_DOCUMENTS


@pytest.mark.parametrize(
    ("make", "record", "says"),
    [
        (items.gsm8k_choice_items, {"question": "How many?", "answer": "five"}, "record 2: no '#### number'"),
        (items.gsm8k_choice_items, {"answer": "#### 5"}, "record 2: no text in its field 'question'; it has answer"),
        (items.strategyqa_items, {"question": "Is it?", "answer": "yes"}, "record 2: answer 'yes' is neither"),
        (
            items.bbh_items,
            {"input": "Three birds.\nOptions:\n(A) owl", "target": "(B)"},
            "the target '\\(B\\)' is none",
        ),
        (items.bbh_items, {"input": "Three birds.", "target": "(A)"}, "no options"),
        (items.nq_open_items, {"question": "who", "answer": []}, "no list of texts"),
        (items.squad_items, {"context": "c", "question": "q", "answers": {"text": []}}, "no answers.text"),
        (items.domain_items, {"text": " "}, "no text in its field 'text'"),
    ],
)
def test_a_bad_record_is_named(make, record, says) -> None:
    good = {
        items.gsm8k_choice_items: gsm8k_records(1)[0],
        items.strategyqa_items: {"question": "Is it?", "answer": True},
        items.bbh_items: bbh_records(1)[0],
        items.nq_open_items: {"question": "who", "answer": ["Ada"]},
        items.squad_items: squad_records(1)[0],
        items.domain_items: {"text": "fine"},
    }[make]
    with pytest.raises(BadRecord, match=says):
        make([good, record])


@pytest.mark.parametrize(("choices", "answer"), [("abcd", 0), (["a", "b"], 2), (["a", "b"], True), (["a", 1], 0)])
def test_a_bad_trivia_record_is_named(choices, answer) -> None:
    with pytest.raises(BadRecord, match="world: record 1"):
        items.opentriviaqa_items({"world": [{"question": "Which?", "choices": choices, "answer": answer}]})
