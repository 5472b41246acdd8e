from __future__ import annotations

import pytest

from synth_eval.lab.corpus import documents
from synth_eval.lab.recipe import MIX
from synth_eval.skills import SKILLS
from synth_eval.skills.items import split_of

STORIES = ["synth_arithmetic", "synth_deduction", "synth_tracking", "synth_lookup"]


@pytest.mark.parametrize("name", STORIES)
def test_no_training_document_holds_a_test_or_few_shot_item(name: str) -> None:
    text = documents({name: 1.0}, key="any", characters=600_000)
    skill = SKILLS[name]
    asked = {item.question for item in (*skill.test_items(), *skill.train_items())}
    # Documents begin with the story; a question is the story and a cloze.
    for document in text:
        words = document.split(" ")
        assert not any(" ".join(words[:n]) in asked for n in range(5, len(words)))


@pytest.mark.parametrize("name", STORIES)
def test_stories_of_items_lie_in_their_own_split(name: str) -> None:
    def story(question: str) -> str:
        return question if name == "synth_arithmetic" else question[: question.rindex(".") + 1]

    assert all(split_of(story(item.question)) == "test" for item in SKILLS[name].test_items())
    assert all(split_of(story(item.question)) == "train" for item in SKILLS[name].train_items())


def test_equal_keys_give_equal_text_and_longer_begins_with_shorter() -> None:
    short = documents(MIX, key="a", characters=20_000)
    long = documents(MIX, key="a", characters=60_000)
    assert long[: len(short)] == short
    assert documents(MIX, key="b", characters=20_000) != short


def test_any_leading_part_has_the_mix() -> None:
    text = documents({"synth_recall": 3.0, "synth_arithmetic": 1.0}, key="a", characters=50_000)
    for part in (text[: len(text) // 4], text):
        recall = sum(len(d) for d in part if "Now" not in d)
        assert recall / sum(map(len, part)) == pytest.approx(0.75, abs=0.02)


def test_a_share_of_zero_is_left_out() -> None:
    text = documents({"synth_recall": 0.0, "synth_arithmetic": 1.0}, key="a", characters=5_000)
    assert all("Now" in d for d in text)
