"""From blocks to the growth part: what is pooled, fitted, extrapolated, left out, and said."""

import numpy as np
import pytest

from prefit.documents import Interval
from prefit.documents.growth import Bracket, GrowthBlock
from prefit.jobs.growing import growth_of, growth_sentence, subset_sentence

NOTHING = Interval(lower=None, upper=None, status="infinite")


def certified(value):
    return Interval(lower=value * 0.9999, upper=value * 1.0001, status="certified")


def block(n, seed=0, **changed):
    scatter = 1 + 0.5 / np.sqrt(n) * np.random.default_rng([n, seed]).standard_normal()
    values = {
        "n": n,
        "quadratic_form": certified(2.0 * n**0.6 * scatter),
        "complexity": certified(2.0 * n**-0.2 * scatter),
        "random_complexity": certified(5.0),
        "random_mean": 5.0,
        "steps_to": {"0.1": Bracket(lower=int(10 * n**0.5 * scatter), upper=int(10 * n**0.5 * scatter) + 2)},
        "error": round(0.5 * n**-0.3 * 5000) / 5000,
        "measured_on": 5000,
        "bound": 0.7,
    }
    return GrowthBlock(**(values | changed))


def levels(**changed):
    return [[block(n, i, **changed) for i in range(m)] for n, m in ((100, 8), (200, 4), (400, 2), (800, 1))]


def growth(blocks, n=800, beyond=1600, classes=True, source="the test split"):
    return growth_of(n, beyond, blocks, classes, source, [])


def test_every_number_gets_a_law_that_reaches_one_octave():
    part = growth(levels())
    expected = {"quadratic_form": 0.6, "complexity": -0.2, "random_complexity": 0.0, "steps_0.1": 0.5, "error": -0.3}
    assert {fit.quantity for fit in part.fits} == set(expected)
    for fit in part.fits:
        ahead = fit.extrapolated
        assert ahead.n == 1600
        assert ahead.status == "estimated"
        assert ahead.lower <= ahead.value <= ahead.upper
        assert abs(fit.exponent - expected[fit.quantity]) <= 4 * fit.exponent_error + 1e-9
        assert fit.line.n[-1] == pytest.approx(1600)
        assert all(
            low <= v <= high for low, v, high in zip(fit.line.lower, fit.line.value, fit.line.upper, strict=True)
        )


def test_a_single_block_has_the_pooled_scatter():
    part = growth(levels())
    errors = [size.complexity.std_error / size.complexity.mean for size in part.sizes]
    assert errors[-1] / errors[0] == pytest.approx(1.0, rel=1e-9), "8 blocks of 100, or one of 800"
    assert errors[-1] == pytest.approx(0.5 / np.sqrt(800), rel=0.6)


def test_ends_of_a_size_are_the_outermost_of_its_blocks():
    part = growth(levels())
    for size in part.sizes:
        assert size.complexity.lower == min(b.complexity.lower for b in size.blocks)
        assert size.complexity.upper == max(b.complexity.upper for b in size.blocks)


def test_an_error_that_the_largest_size_lacks_is_extrapolated_to_it():
    blocks = [*levels()[:3], [block(800, error=None, measured_on=0)]]
    part = growth(blocks, source="other examples")
    assert part.fit("error").extrapolated.n == 800
    assert part.fit("complexity").extrapolated.n == 1600
    assert growth_sentence(part).startswith("Taking all 800 examples instead of 400 should bring the error")


def test_few_wrong_answers_give_no_law_but_a_reason():
    part = growth(levels(error=0.0004))
    assert part.fit("error").extrapolated is None
    assert part.fit("error").reason.startswith("Only 2 wrong answers were seen")
    assert growth_sentence(part).startswith("Doubling the data to 1,600 examples should bring the complexity")


def test_an_infinite_complexity_gives_no_law_but_a_reason():
    part = growth(levels(quadratic_form=NOTHING, complexity=NOTHING, error=None), source="none")
    assert part.sizes[0].complexity is None
    assert part.fit("complexity").reason == "The complexity is known at 0 sizes; a law takes 3."
    assert part.fit("complexity").exponent is None
    assert growth_sentence(part).startswith("What more data would bring cannot be said. The complexity")


def test_labels_that_are_all_zero_give_no_law():
    part = growth(levels(quadratic_form=certified(0.0), complexity=certified(0.0)))
    assert "is 0 at some size" in part.fit("complexity").reason


def test_an_interval_that_would_tell_nothing_is_not_given():
    blocks = [[block(n, error=e, measured_on=60)] * 2 for n, e in ((100, 0.5), (200, 0.1), (400, 0.3))]
    fit = growth(blocks, n=400).fit("error")
    assert fit.extrapolated is None
    assert fit.reason == "The 95% interval at 1,600 examples would span more than a factor of 100."
    assert fit.line.n[-1] == pytest.approx(400)


def test_an_error_never_passes_one():
    blocks = [[block(n, i, error=0.8, measured_on=50) for i in range(2)] for n in (100, 200, 400)]
    assert growth(blocks, n=400).fit("error").extrapolated.upper <= 1.0


def test_a_real_loss_is_no_portion():
    part = growth(levels(error=1.7), classes=False)
    assert part.error_kind == "mean |f(x) - y|"
    assert part.fit("error").extrapolated.value == pytest.approx(1.7)
    assert "from 1.70 to 1.70" in growth_sentence(part)


@pytest.mark.parametrize(
    ("n", "beyond", "begin", "end"),
    [
        (800, 1600, "Doubling the data to 1,600 examples", ")."),
        (1600, 1600, "Taking all 1,600 examples instead of 800", ")."),
        (6400, 1600, "Taking 1,600 of the 6,400 examples instead of 800", "What all would do lies further than one"),
    ],
)
def test_the_sentence_says_of_how_many_examples_it_speaks(n, beyond, begin, end):
    part = growth(levels(), n=n, beyond=beyond)
    told = growth_sentence(part)
    assert told.startswith(begin)
    assert "(estimate; 95% interval" in told
    assert end in told
    assert subset_sentence(part) == f"This forecast is of 800 of the {n:,} examples, a random subset."
