"""How numbers are written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefit.documents import Interval, numbers
from prefit.documents.forecast import StepsTo


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.38019, "0.380"),
        (7.2345, "7.23"),
        (722.716, "723"),
        (74_515.23, "74,500"),
        (1.23456e7, "1.23e7"),
        (1.2e-5, "1.20e-5"),
        (-0.5, "-0.500"),
        (None, "none"),
    ],
)
def test_a_number_has_three_significant_digits(value, text):
    assert numbers.number(value) == text


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (0.380190, 0.380231, "0.38019 to 0.38024"),
        (0.3, 0.5, "0.300 to 0.500"),
        (722.7160, 722.7161, "722.71600 to 722.71610"),
        (0.38019, 0.38019, "0.380"),
        (0.0, 0.5, "0 to 0.500"),
        (1.0e-5, 3.0e-5, "1.00e-5 to 3.00e-5"),
        (1.2e7, 1.21e7, "1.200e7 to 1.210e7"),
    ],
)
def test_an_interval_shows_the_digits_that_tell_its_ends_apart(lower, upper, text):
    assert numbers.interval(Interval(lower=lower, upper=upper, status="certified")) == text


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_a_shown_interval_contains_the_true_one(lower, width):
    upper = lower + width
    shown = numbers.interval(Interval(lower=lower, upper=upper, status="certified"))
    ends = [Decimal(end.replace(",", "")) for end in shown.split(" to ")]
    if len(ends) == 2:
        assert ends[0] <= Decimal(repr(lower))
        assert ends[1] >= Decimal(repr(upper))


def test_what_has_no_end_says_so():
    infinite = Interval(lower=None, upper=None, status="infinite")
    assert numbers.interval(infinite) == "infinite"
    assert numbers.interval(Interval(lower=0.5, upper=None, status="estimated")) == "about 0.500 or more"


def test_an_exact_number_is_shown_as_one():
    assert numbers.interval(Interval(lower=1.796148493, upper=1.796148498, status="exact")) == "1.80"


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [(5, 5, "5"), (1200, 1300, "1,200 to 1,300"), (10**6, None, "1,000,000 or more"), (None, None, "never")],
)
def test_steps_are_written_in_full(lower, upper, text):
    assert numbers.steps_range(StepsTo(lower=lower, upper=upper)) == text


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (6.5812, 0.0213, "6.581 ± 0.021"),
        (6.5812, None, "6.58"),
        (6.5812, 0.0, "6.58"),
        (216_541.3, 812.2, "216,541 ± 812"),
        (0.5, 0.7, "0.500 ± 0.70"),
    ],
)
def test_a_mean_ends_where_its_spread_does(mean, std, text):
    assert numbers.mean_and_spread(mean, std) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 s"),
        (7.7e-5, "under 0.01 s"),
        (0.421, "0.42 s"),
        (4.2, "4.2 s"),
        (61.04, "61.0 s"),
        (200, "3 min 20 s"),
        (7300, "2 h 1 min"),
    ],
)
def test_durations_have_units(value, text):
    assert numbers.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.021, "2.1%"), (0.5, "50%"), (0.4971, "49.7%"), (0, "0%"), (1, "100%"), (0.09, "9%")]
)
def test_portions_are_percentages(value, text):
    assert numbers.percent(value) == text


def test_invisible_characters_are_written_out():
    assert numbers.printable("a\x1b[31m\n\u202eb\u2028é界") == "a\\x1b[31m\\n\\u202eb\\u2028é界"
