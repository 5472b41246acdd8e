import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.text import parse_quantity, written_quantity


@pytest.mark.parametrize(
    ("written", "count"),
    [("410M", 4.1e8), ("1.4B", 1.4e9), ("10B", 1e10), ("160k", 1.6e5), ("70m", 7e7), ("2T", 2e12), ("3G", 3e9),
     ("281_000", 281e3), ("1e6", 1e6), (" 70 M ", 7e7), (281000, 281e3), (1.5, 1.5)],
)  # fmt: skip
def test_suffixes(written, count):
    assert parse_quantity(written) == pytest.approx(count, rel=1e-12)


@pytest.mark.parametrize("written", ["", "big", "10X", "-3M", "0", 0, "nan", "inf", float("nan"), "1.4.5B", "M", True])
def test_unreadable(written):
    with pytest.raises(ValueError, match="count"):
        parse_quantity(written)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 10**6), st.sampled_from("kKmMbBgGtT"))
def test_suffix_is_a_factor_and_ignores_case(number, suffix):
    assert parse_quantity(f"{number}{suffix}") == parse_quantity(f"{number}{suffix.swapcase()}")
    assert parse_quantity(f"{number}{suffix}") / parse_quantity(number) == pytest.approx(
        {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}[suffix.lower()]
    )


@pytest.mark.parametrize(
    ("count", "written"),
    [(1e10, "10B"), (4.1e8, "410M"), (2.5e12, "2.5T"), (3932160.0, "3.93216M"), (512.0, "512"), (1500.0, "1.5k")],
)
def test_written(count, written):
    assert written_quantity(count) == written


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 10**10))
def test_what_is_written_is_read_again(count):
    assert parse_quantity(written_quantity(float(count))) == pytest.approx(count, rel=1e-9)
