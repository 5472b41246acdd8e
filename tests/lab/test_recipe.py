from __future__ import annotations

import pytest

from synth_eval.errors import ManifestError
from synth_eval.lab.recipe import Recipe, recipe_from


def test_defaults_are_the_miniature_recipe() -> None:
    assert recipe_from({"recipe": "miniature"}, where="x.yaml") == Recipe()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"recipe": "huge"}, "there is no recipe 'huge'"),
        ({"hiden": 64}, "did you mean 'hidden'"),
        ({"hidden": "64"}, "hidden must be int"),
        ({"tokens": 0}, "tokens must be above 0"),
        ({"gate": 1}, "gate must be bool"),
        ({"layers": True}, "layers must be int"),
        ({"hidden": 63}, "multiple of heads"),
        ({"vocabulary": 200}, "at least 300"),
        ({"mix": {"synth_typing": 1.0}}, "there is no skill 'synth_typing'"),
        ({"mix": {"synth_recall": -1}}, "at least 0"),
        ({"mix": {"synth_recall": 0}}, "all shares are 0"),
        ({"mix": []}, "mix must map"),
    ],
)
def test_mistakes_are_named_in_one_line(options: dict[str, object], said: str) -> None:
    with pytest.raises(ManifestError, match=said) as caught:
        recipe_from(options, where="x.yaml")
    assert str(caught.value).startswith("x.yaml: lab: ")
    assert "\n" not in str(caught.value)


def test_the_key_changes_with_what_shapes_the_models_and_with_nothing_else() -> None:
    key = Recipe().key()
    assert Recipe(base="elsewhere").key() == key
    assert Recipe(tokens=1).key() != key
    assert Recipe(mix={"synth_recall": 1.0}).key() != key
    assert Recipe(mix=dict(Recipe().mix)).key() == key
