"""A domain's sample: its size, its seed, what a long document gives, and what does not change it."""

import hashlib
import json
import random
import tracemalloc
from pathlib import Path

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.data.domains import Reservoir, domain_sample, pieces
from synth_eval.data.records import OwnDataError
from synth_eval.types import OwnTask


def domain(base: Path, *files: str, **options) -> OwnTask:
    return OwnTask("mine", "rolling", base, tuple(str(base / file) for file in files), **options)


def write(path: Path, texts: list[str]) -> None:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))


def test_everything_is_there_if_the_sample_is_large_enough(tmp_path):
    write(tmp_path / "a.jsonl", ["one", "two"])
    (tmp_path / "b.txt").write_text("three")
    sample = domain_sample(domain(tmp_path, "a.jsonl", "b.txt"))
    assert {(d.text, d.where) for d in sample.documents} == {
        ("one", "a.jsonl:1"), ("two", "a.jsonl:2"), ("three", "b.txt:1"),
    }  # fmt: skip
    assert (sample.of, sample.sources, sample.left_out) == (3, 3, 0)
    text = "".join(f"{d.text}\0" for d in sample.documents)
    assert sample.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_the_sample_does_not_depend_on_order_names_or_number_of_files(tmp_path):
    texts = [f"text {i}" for i in range(100)]
    write(tmp_path / "a.jsonl", texts)
    random.Random(1).shuffle(texts)
    write(tmp_path / "x.jsonl", texts[:30])
    write(tmp_path / "y.jsonl", texts[30:])
    one = domain_sample(domain(tmp_path, "a.jsonl", amount=20))
    two = domain_sample(domain(tmp_path, "x.jsonl", "y.jsonl", amount=20))
    assert [d.text for d in one.documents] == [d.text for d in two.documents]
    assert one.sha256 == two.sha256
    assert len({d.text for d in one.documents}) == 20
    other = domain_sample(domain(tmp_path, "a.jsonl", amount=20, seed=1))
    assert {d.text for d in other.documents} != {d.text for d in one.documents}
    # the first half of a sample of 20 is the sample of 10
    small = domain_sample(domain(tmp_path, "a.jsonl", amount=10))
    assert [d.text for d in small.documents] == [d.text for d in one.documents][:10]


def test_what_differs_in_white_space_alone_counts_once(tmp_path):
    write(tmp_path / "a.jsonl", ["the same text", "the  same\ntext", " the same text ", "another", "The same text"])
    sample = domain_sample(domain(tmp_path, "a.jsonl"))
    assert len(sample.documents) == 3
    assert sample.of == 5


def test_first_pieces_come_before_second_ones(tmp_path):
    long = "\n".join(f"{i:09d}" for i in range(50))  # 10 characters a line: 5 lines a piece of at most 50
    write(tmp_path / "a.jsonl", [long, *(f"short {i}" for i in range(4))])
    five = domain_sample(domain(tmp_path, "a.jsonl", amount=5, max_characters=50))
    assert five.sources == 5
    seven = domain_sample(domain(tmp_path, "a.jsonl", amount=7, max_characters=50))
    assert (len(seven.documents), seven.sources) == (7, 5)
    second, third = seven.documents[5:]
    assert second.text.splitlines()[0] == "000000005"
    assert second.where == "a.jsonl:1 from character 51"
    assert third.text.splitlines()[0] == "000000010"


def test_text_files_say_the_line_of_a_piece(tmp_path):
    (tmp_path / "a.txt").write_text("".join(f"{i:09d}\n" for i in range(20)))
    places = {d.text[:9]: d.where for d in domain_sample(domain(tmp_path, "a.txt", max_characters=50)).documents}
    assert places == {"000000000": "a.txt:1", "000000005": "a.txt:6", "000000010": "a.txt:11", "000000015": "a.txt:16"}


@given(st.text(alphabet="ab \n", max_size=400), st.integers(50, 120))
def test_pieces_are_parts_of_the_text_of_bounded_length(text, longest):
    end = 0
    for start, piece in pieces(text, longest=longest):
        assert start >= end  # none overlaps the one before
        assert text[start : start + len(piece)] == piece
        assert piece.strip()
        assert len(piece) <= longest
        end = start + len(piece)
    kept = sum(len("".join(piece.split())) for _, piece in pieces(text, longest=longest))
    # what is lost is less than half a piece, at the end
    assert len("".join(text.split())) - kept < longest / 2


def test_pieces_by_hand():
    text = "a" * 30 + "\n" + "b" * 30 + " " + "c" * 80
    # the line ends at 30, within the second half of the first 50 characters; the word at 61, within that of the next
    # 50 (31 to 81); then 50 characters of c, and of the 30 left at least 25 are enough
    assert list(pieces(text, longest=50)) == [
        (0, "a" * 30), (31, "b" * 30 + " "), (62, "c" * 50), (112, "c" * 30),
    ]  # fmt: skip
    assert list(pieces("a" * 74, longest=50)) == [(0, "a" * 50)]
    assert list(pieces("\n\nshort\n", longest=50)) == [(2, "short")]


def test_nothing_to_draw(tmp_path):
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(OwnDataError, match=r"^mine: no document in .*a\.jsonl"):
        domain_sample(domain(tmp_path, "a.jsonl"))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), max_size=300), st.integers(1, 30))
def test_a_draw_is_the_smallest_hashes(stream, size):
    draw = Reservoir(size, seed=5)
    tier = {}
    for content, level in stream:
        draw.offer(str(content), content, tier=level)
        tier[content] = min(level, tier.get(content, level))
    by_hash = sorted(tier, key=lambda c: (tier[c], hashlib.sha256(f"5\0{c}".encode()).digest()))
    assert draw.chosen() == by_hash[:size]


def test_every_document_has_the_same_chance():
    # 40 seeds draw 50 of 100: a document is drawn 20 times, SD sqrt(40 / 4) = 3.2; none is 5 SD away
    times = [0] * 100
    for seed in range(40):
        draw = Reservoir(50, seed=seed)
        for i in range(100):
            draw.offer(str(i), i)
        for i in draw.chosen():
            times[i] += 1
    assert sum(times) == 40 * 50
    assert all(4 < n < 36 for n in times)


def test_memory_does_not_grow_with_the_data(tmp_path):
    with (tmp_path / "a.jsonl").open("w") as file:
        for i in range(20_000):
            file.write(json.dumps({"text": f"{i} " + "x" * 500}) + "\n")  # 10 MB
    tracemalloc.start()
    domain_sample(domain(tmp_path, "a.jsonl", amount=100))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6


def test_a_dataset_of_the_hub(tmp_path, monkeypatch):
    # a folder stands for the hub: `datasets` reads org/name from the working directory if it is there
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "my-org" / "notes"
    folder.mkdir(parents=True)
    (folder / "validation.jsonl").write_text('{"note": "one"}\n{"note": "two"}\n')
    task = OwnTask("clinic", "rolling", tmp_path, hub="my-org/notes", split="validation", field="note")
    sample = domain_sample(task)
    assert {(d.text, d.where) for d in sample.documents} == {
        ("one", "my-org/notes:validation, row 1"), ("two", "my-org/notes:validation, row 2"),
    }  # fmt: skip
    with pytest.raises(OwnDataError, match=r"my-org/notes:validation: the field 'text' is missing \(there are note\)"):
        domain_sample(OwnTask("clinic", "rolling", tmp_path, hub="my-org/notes", split="validation"))
    with pytest.raises(OwnDataError, match=r'^clinic: the dataset my-org/notes:dev cannot be loaded: .*"dev"'):
        domain_sample(OwnTask("clinic", "rolling", tmp_path, hub="my-org/notes", split="dev", field="note"))
