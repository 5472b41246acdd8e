"""`mauve` of checkpoints.yaml: what it becomes, and every mistake in a line."""

from pathlib import Path

import pytest

from synth_eval.errors import ManifestError
from synth_eval.manifest import load_family
from synth_eval.types import ReferenceText

TWO = "checkpoints:\n  - {path: a, ratio: 0}\n  - {path: b, ratio: 0.5}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "reader", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "reader/config.json").touch()
    for name in ("one.jsonl", "two.jsonl"):
        (tmp_path / name).touch()
    return tmp_path


def reference(folder: Path, text: str, **options) -> ReferenceText | None:
    (folder / "checkpoints.yaml").write_text(f"family: f\n{text}\n{TWO}")
    return load_family(folder / "checkpoints.yaml", **options).mauve


def test_the_short_form_and_the_long_one(folder: Path) -> None:
    assert reference(folder, "") is None
    assert reference(folder, "mauve: {reference: one.jsonl, model: reader}") == ReferenceText(
        files=(f"{folder}/one.jsonl",), base=folder, model=folder / "reader"
    )
    long = "reference: ['*.jsonl'], model: ./reader, field: body, texts: 200, longest: 64, seed: 3, skip_unusable: true"
    assert reference(folder, f"mauve: {{{long}}}") == ReferenceText(
        (f"{folder}/*.jsonl",), folder, folder / "reader", "body", 200, 64, 3, True
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mauve: {reference: one.jsonl}", "model"),
        ("mauve: {model: reader}", "reference"),
        ("mauve: {reference: none.jsonl, model: reader}", "no such file: none.jsonl"),
        ("mauve: {reference: one.jsonl, model: empty}", "mauve.model empty holds no config.json"),
        ("mauve: {reference: one.jsonl, model: org/name}", "mauve.model org/name holds no config.json"),
        ("mauve: {reference: one.jsonl, model: reader, texts: 99}", "100"),
        ("mauve: {reference: one.jsonl, model: reader, length: 99}", "length"),
    ],
)
def test_mistakes_are_named_with_their_line(folder: Path, text: str, says: str) -> None:
    with pytest.raises(ManifestError) as caught:
        reference(folder, text)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{folder}/checkpoints.yaml:2")
    assert says in message


def test_where_results_are_read_nothing_has_to_be_there(folder: Path) -> None:
    found = reference(folder, "mauve: {reference: none.jsonl, model: nowhere}", folders_needed=False)
    assert found is not None
    assert found.model == folder / "nowhere"
