"""Tokens are made once, and shared by what a tokenizer does rather than by its name."""

from __future__ import annotations

from pathlib import Path

from tiny_models import character_tokenizer
from transformers import AutoTokenizer

from synth_eval.harness.shared_prefix.tokens import RECENT_TEXTS, TokenMemo, tokenizer_key


def test_a_pair_is_encoded_once() -> None:
    asked: list[tuple[str, str]] = []

    def encode(context: str, continuation: str) -> tuple[list[int], list[int]]:
        asked.append((context, continuation))
        return [1, 2], [70_000]

    memo = TokenMemo()
    for _ in range(2):
        assert memo.pair("a", "b", encode) == ([1, 2], [70_000])
    assert memo.pair("ab", "", encode) == ([1, 2], [70_000])  # another pair of the same text
    assert asked == [("a", "b"), ("ab", "")]


def test_the_last_texts_are_remembered_and_cannot_be_spoiled() -> None:
    asked: list[str] = []

    def encode(text: str) -> list[int]:
        asked.append(text)
        return [len(text)]

    memo = TokenMemo()
    memo.text("a", encode).append(5)
    assert memo.text("a", encode) == [1]
    assert asked == ["a"]
    for index in range(RECENT_TEXTS):
        memo.text(f"text {index}", encode)
    memo.text("a", encode)
    assert asked.count("a") == 2  # 64 later texts have pushed it out


def test_the_key_follows_content(tmp_path: Path) -> None:
    key = tokenizer_key(character_tokenizer())
    character_tokenizer().save_pretrained(tmp_path / "renamed")
    assert tokenizer_key(AutoTokenizer.from_pretrained(tmp_path / "renamed")) == key
    assert tokenizer_key(character_tokenizer(bos=True)) != key
    more = character_tokenizer()
    more.add_tokens(["new"])
    assert tokenizer_key(more) != key
