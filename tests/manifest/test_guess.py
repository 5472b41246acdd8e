"""Places guessed from the names that people give to checkpoints."""

import pytest

from synth_eval.manifest.guess import Guess, guess_places, shared_places


@pytest.mark.parametrize(
    ("names", "ratios"),
    [
        (["r00", "r10", "r100"], [0.0, 0.1, 1.0]),
        (["r0", "r0.3", "r1"], [0.0, 0.3, 1.0]),
        (["r0", "r1", "r5", "r10"], [0.0, 0.01, 0.05, 0.1]),  # beside 10, 1 is one per cent
        (["x/ratio_0.25", "x/ratio_0.5"], [0.25, 0.5]),
        (["llama-30pct", "llama-0pct"], [0.3, 0.0]),
        (["mix-synth20", "mix-synth0"], [0.2, 0.0]),
        (["50-synthetic", "0-synthetic"], [0.5, 0.0]),
        (["human", "synthetic_0.4"], [0.0, 0.4]),
        (["lora-r16-synth10", "lora-r16-synth0"], [0.1, 0.0]),  # 16 is the adapter's rank
        (["lora-r16-a", "lora-r16-b"], [None, None]),
        (["r16-a", "r16-b"], [None, None]),  # the same in all: no ratio
        (["final", "other10"], [None, None]),
        (["ratio300", "ratio0"], [None, 0.0]),  # no share
        (["baseline/r50", "baseline/r0"], [0.5, 0.0]),  # a number counts before a word
    ],
)
def test_ratios(names, ratios):
    assert [guess.ratio for guess in guess_places(names)] == ratios


def test_the_other_parts_of_a_place():
    (guess,) = guess_places(["Runs/Pythia-1.4B/textbook/Ratio0.3/iter2/seed_3/10B-tokens"])
    assert guess == Guess(0.3, "1.4B", 2, 3, "textbook", "10B")


@pytest.mark.parametrize("name", ["", "0b", "s", "it0", "seed1.5", "\n", "💾", "r" * 10_000])
def test_names_that_say_nothing(name):
    assert guess_places([name]) == (Guess(),)


def test_shared_places_are_found():
    guesses = guess_places(["a/r0", "a/r10", "b/r10", "c"])
    assert list(shared_places(guesses)) == [(1, 2)]
