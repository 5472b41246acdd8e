"""Families over tokens: the budget is part of the cell, the name and the baseline."""

from pathlib import Path

import pytest

from synth_eval.errors import ManifestError
from synth_eval.manifest import curves, is_over_tokens, load_family

TWO_BUDGETS = """family: f
checkpoints:
  - {path: a, ratio: 0, size: 70M, tokens: 1B}
  - {path: b, ratio: 0.5, size: 70M, tokens: 1B}
  - {path: c, ratio: 0, size: 70M, tokens: 4B}
  - {path: d, ratio: 0.5, size: 70M, tokens: 4B}
"""


def loaded(folder: Path, text: str):
    for name in "abcd":
        (folder / name).mkdir(exist_ok=True)
    (folder / "checkpoints.yaml").write_text(text)
    return load_family(folder / "checkpoints.yaml")


def test_each_budget_has_its_own_curve(tmp_path):
    family = loaded(tmp_path, TWO_BUDGETS)
    assert is_over_tokens(family)
    found = [(c.tokens, [b.name for b in c.baselines], [o.name for o in c.others]) for c in curves(family)]
    assert found == [
        (1e9, ["70M-1Bt-self-r0-it1-s0"], ["70M-1Bt-self-r0.5-it1-s0"]),
        (4e9, ["70M-4Bt-self-r0-it1-s0"], ["70M-4Bt-self-r0.5-it1-s0"]),
    ]


def test_tokens_that_tell_nothing_apart_split_no_curve(tmp_path):
    # the mix ran a little longer than its baseline: still one curve, and names without tokens
    text = "family: f\ncheckpoints:\n  - {path: a, ratio: 0, tokens: 1B}\n  - {path: b, ratio: .5, tokens: 1.01B}\n"
    family = loaded(tmp_path, text)
    assert not is_over_tokens(family)
    (curve,) = curves(family)
    assert curve.tokens is None
    assert [c.name for c in (*curve.baselines, *curve.others)] == ["self-r0-it1-s0", "self-r0.5-it1-s0"]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("tokens: 4B}\n  - {path: d", "tokens: 1000M}\n  - {path: d", 5, "lines 3 and 5 are the same cell"),
        (", tokens: 4B}\n  - {path: d", "}\n  - {path: d", 5, "no tokens, in a family with several token budgets"),
        ("c, ratio: 0,", "c, ratio: 0.3,", 5, "source self, 4B tokens: add one"),
    ],
)
def test_mistakes_name_their_line(tmp_path, old, new, line, said):
    assert old in TWO_BUDGETS
    with pytest.raises(ManifestError) as caught:
        loaded(tmp_path, TWO_BUDGETS.replace(old, new))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'checkpoints.yaml'}:{line}: ") or f":{line}" in message.split(" ")[0]
    assert said in message
    assert "\n" not in message


def test_natural_data_of_a_budget_serve_the_sources_of_that_budget(tmp_path):
    text = TWO_BUDGETS.replace("b, ratio: 0.5,", "b, ratio: 0.5, source: textbook,").replace(
        "d, ratio: 0.5,", "d, ratio: 0.5, source: textbook,"
    )
    found = [(c.tokens, [b.path for b in c.baselines]) for c in curves(loaded(tmp_path, text))]
    assert found == [(1e9, [str(tmp_path / "a")]), (4e9, [str(tmp_path / "c")])]


def test_a_grid_over_tokens(tmp_path):
    for tokens in ("1B", "4B"):
        for ratio in ("0", "0.5"):
            (tmp_path / f"r{ratio}-{tokens}").mkdir()
    text = "family: f\ngrid: {path: 'r{ratio}-{tokens}', ratio: [0, 0.5], tokens: [1B, 4B]}\n"
    family = loaded(tmp_path, text)
    assert [(c.tokens, c.ratio) for c in family.checkpoints] == [(1e9, 0), (1e9, 0.5), (4e9, 0), (4e9, 0.5)]
    one = loaded(tmp_path, "family: f\ngrid: {path: 'r{ratio}-1B', ratio: [0, 0.5], tokens: 1B}\n")
    assert {c.tokens for c in one.checkpoints} == {1e9}
