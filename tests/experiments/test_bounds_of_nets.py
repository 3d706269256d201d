"""What the studies of bounds share: samples, slopes, rank correlations, and what they say of known numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from prefit.errors import InputError
from prefit.experiments import StudyOptions, bounds_of_nets, bounds_vs_noise, bounds_vs_samples, bounds_vs_width
from prefit.experiments.bounds_of_nets import Family, Measured, drawn, pool
from prefit.experiments.rank import rank_correlation
from prefit.reports.figures.curves import Axis
from prefit.theory.bounds import ROWS

WIDTHS = np.array([128.0, 256.0, 512.0, 1024.0])


@pytest.fixture(scope="module")
def digits():
    return pool(StudyOptions())


def made(axis, **values) -> Measured:
    """A family whose bounds are these (points, seeds)."""
    names = [name for name in values if name != "test_error"]
    error = values.get("test_error", np.full((axis.size, 2), 0.1))
    facts = {key: np.full((axis.size, 2), 0.5) for key in bounds_of_nets.FACTS} | {"test_error": error}
    both = {f"{name}.{what}": values[name] for name in names for what in ("value", "part")}
    ones = dict.fromkeys(names, True)
    return Measured(Family(1), axis, facts | both, dict.fromkeys(names, "derived"), ones, ones)


# Samples --------------------------------------------------------------------------------------------------------------


def test_a_sample_and_its_test_examples_are_apart_and_of_the_seed(digits):
    one, again, other = (drawn(digits, 300, seed) for seed in (1, 1, 2))
    assert one.train.n == 300
    assert one.test.n == 900
    assert not set(one.train.rows) & set(one.test.rows)
    np.testing.assert_array_equal(one.train.X, again.train.X)
    assert set(one.train.rows) != set(other.train.rows)
    expected = 300 * 300 / digits.train.n  # of two independent draws, rows in both
    assert abs(len(set(one.train.rows) & set(other.train.rows)) - expected) < 4 * np.sqrt(expected)


def test_noise_redraws_the_portion_that_is_named_and_leaves_the_inputs(digits):
    clean, noisy = drawn(digits, 600, 3), drawn(digits, 600, 3, 0.5)
    for before, after in ((clean.train, noisy.train), (clean.test, noisy.test)):
        np.testing.assert_array_equal(before.X, after.X)
        changed = float((before.labels != after.labels).mean())
        assert abs(changed - 0.25) < 4 * np.sqrt(0.25 / before.n)  # half of those redrawn are what they were


def test_a_sample_that_leaves_no_test_examples_is_refused(digits):
    assert drawn(digits, 1796, 0).test.n == 1
    with pytest.raises(InputError, match="Take fewer"):
        drawn(digits, 1797, 0)


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setattr("prefit.experiments.options.find_spec", lambda name: None)


def test_every_bound_is_evaluated_unless_posteriors_are_left_out():
    pytest.importorskip("torch")
    every, asked, quick = (bounds_of_nets.names_of_rows(StudyOptions(pac_bayes=one)) for one in (None, True, False))
    assert every == asked == [name for name, _ in ROWS]
    assert [name for name in every if name not in quick] == ["dziugaite2017"]


def test_without_torch_posteriors_are_left_out_and_that_is_told(without_torch):
    assert "dziugaite2017" not in bounds_of_nets.names_of_rows(StudyOptions())
    assert "Without torch deeper nets and dziugaite2017 are left out" in bounds_of_nets.what_ran(StudyOptions(), "")[1]
    with pytest.raises(InputError, match="--pac-bayes needs torch"):
        StudyOptions(pac_bayes=True)


@pytest.mark.parametrize(("seeds", "says"), [(1, "nothing shows"), (2, "hardly known"), (3, None)])
def test_few_seeds_are_warned_of(seeds, says):
    told = bounds_of_nets.what_ran(StudyOptions(pac_bayes=False, seeds=seeds), "n = 50")
    assert f"n = 50; {seeds} seed" in told[0]
    assert "δ = 0.05" in told[0]
    assert [says in sentence for sentence in told[2:]] == ([True] if says else [])


def test_widths_are_told_once_where_they_are_the_same():
    assert bounds_of_nets.by_depth({1: 1024, 2: 256, 3: 256}) == "1,024 (L = 1), 256 (L = 2 and 3)"
    assert bounds_of_nets.by_depth({1: 64, 2: 64}) == "64"


# Figures --------------------------------------------------------------------------------------------------------------


def test_a_bound_keeps_its_colour_and_no_two_are_drawn_alike():
    """Colours repeat after seven names; dash or another figure tells those apart."""
    names = [name for name in bounds_of_nets.COLOURED if name != bounds_of_nets.ERROR]
    own = {name: name not in ("valleperez2018", "dziugaite2017", "arora2018", "arora2019_wide") for name in names}
    one = made(WIDTHS, **{name: np.ones((4, 2)) for name in names})
    kinds = {name: "order" if name == "caogu2020_order" else "derived" for name in names}
    applies = dict.fromkeys(names, True) | {"caogu2020_measured": False}
    one = replace(one, own=own, kinds=kinds, applies=applies)
    for chart in (bounds_of_nets.values_figure(one, Axis("m")), bounds_of_nets.growth_figure(one, Axis("m"))):
        lines = [layer["encoding"] for layer in chart.to_dict()["layer"] if "strokeDash" in layer["encoding"]]
        domain, dashes = lines[0]["color"]["scale"]["domain"], lines[0]["strokeDash"]["scale"]["range"]
        assert domain[: len(bounds_of_nets.COLOURED)] == list(bounds_of_nets.COLOURED)
        drawn_names = lines[0]["color"]["legend"]["values"]
        looks = [(domain.index(name) % 7, tuple(dashes[domain.index(name)])) for name in drawn_names]
        assert len(set(looks)) == len(looks) > 5


# Rank correlation -----------------------------------------------------------------------------------------------------


def test_the_rank_correlation_is_spearmans():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    for ties in (False, True):
        x = rng.integers(0, 5, 40).astype(float) if ties else rng.standard_normal(40)
        y = x + rng.standard_normal(40)
        assert rank_correlation(x, y) == pytest.approx(spearmanr(x, y).statistic, rel=1e-12)
    assert rank_correlation(x, np.exp(x)) == pytest.approx(1.0)
    assert rank_correlation(x, -x) == pytest.approx(-1.0)
    assert rank_correlation(x, np.ones(40)) is None


# What is said of known numbers ----------------------------------------------------------------------------------------


def test_the_exponents_are_those_that_were_put_in():
    rng = np.random.default_rng(1)
    flat = 3.0 * np.exp(0.01 * rng.standard_normal((4, 2)))
    rising = 5.0 * WIDTHS[:, None] ** 0.5 * np.exp(0.01 * rng.standard_normal((4, 2)))
    one = made(WIDTHS, caogu2020=flat, bartlett2017=rising, arora2019_wide=np.full((4, 2), 2.0))
    rows = {
        row[1]: dict(zip(bounds_vs_width.slopes_table([one]).columns, row, strict=True)) for row in _width_rows(one)
    }
    assert rows["caogu2020"]["complexity"] == pytest.approx(0.0, abs=0.03)
    assert rows["caogu2020"]["stated"] == 0.0
    assert rows["bartlett2017"]["complexity"] == pytest.approx(0.5, abs=0.03)
    assert rows["bartlett2017"]["stated"] == 0.5
    assert rows["arora2019_wide"]["complexity"] == 0.0
    told = bounds_vs_width.told([one])
    assert "caogu2020 +0.0" in told[0] or "caogu2020 -0.0" in told[0]
    assert "smallest bound on the widest nets' own error is arora2019_wide, 2" in told[1]


def test_deep_nets_that_end_below_the_width_are_told():
    one = made(WIDTHS, caogu2020=np.ones((4, 2)))
    deep = replace(one, family=Family(2))
    ends = bounds_vs_width._capped([one, deep], StudyOptions(width=4096))
    assert ends == ["Nets of L ≥ 2 end at m = 1,024, below --width 4,096: --full takes them on."]
    assert bounds_vs_width.widest(Family(2), StudyOptions(width=16_384, full=True)) == 16_384
    for asked in (StudyOptions(), StudyOptions(width=512), StudyOptions(width=4096, full=True)):
        assert bounds_vs_width._capped([one, deep], asked) == []


def _width_rows(one):
    return bounds_vs_width.slopes_table([one]).rows


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_products_of_frobenius_norms_grow_with_the_depth_and_spectral_ones_do_not(depth):
    """Norms of nets at their start, the growth between m = 128 and 512 against what is stated."""
    rng = np.random.default_rng(2)
    ratios = {}
    for kind in ("fro", 2):
        products = []
        for m in (128, 512):
            sizes = [8, *[m] * depth]
            layers = [rng.standard_normal((b, a)) * np.sqrt(2 / b) for a, b in pairwise(sizes)]
            products.append(np.sqrt(m) * np.prod([np.linalg.norm(A, kind) for A in layers]))
        ratios[kind] = np.log(products[1] / products[0]) / np.log(4)
    assert ratios["fro"] == pytest.approx(bounds_vs_width.predicted("golowich2018", depth)[0], abs=0.05)
    assert ratios[2] == pytest.approx(bounds_vs_width.predicted("bartlett2017", depth)[0], abs=0.15)


def test_a_bound_tells_random_labels_if_it_grows_by_more_than_its_scatter():
    portions = np.array(bounds_vs_noise.PORTIONS)
    grows = (1.0 + portions)[:, None] * np.array([1.0, 1.02])
    same = np.ones((6, 2)) * np.array([1.0, 3.0])
    scatters = np.vstack([np.ones((5, 2)), [[0.5, 3.0]]])
    error = np.column_stack([0.05 + 0.45 * portions] * 2)
    one = made(portions, grows=grows, same=same, scatters=scatters, test_error=error)
    assert [bounds_vs_noise.tells(one, name) for name in ("grows", "same", "scatters")] == [True, False, False]
    rows = bounds_vs_noise.ranks_table([one]).rows
    assert rows[0][1] == "grows"
    assert rows[0][4] > 0.98
    assert "Larger on random labels: grows. Not so: same, scatters." in bounds_vs_noise.told([one])[0]


def test_what_falls_with_the_sample_is_told_with_its_exponent():
    sizes = np.array([50.0, 100.0, 200.0, 400.0])
    one = made(sizes, falls=7.0 * sizes[:, None] ** -0.5 * np.ones(2), rises=sizes[:, None] ** 0.25 * np.ones(2))
    told = bounds_vs_samples.told([one])[0]
    assert "bounds that fall: falls -0.50; of those that do not: rises +0.25" in told
    rows = {row[1]: row for row in bounds_vs_samples.slopes_table([one]).rows}
    assert rows["falls"][4] == pytest.approx(-0.5)


def test_one_size_is_told_to_have_no_exponents():
    one = made(np.array([50.0]), falls=np.ones((1, 2)), test_error=np.full((1, 2), 0.1))
    one = replace(one, values={**one.values, "radius": np.full((1, 2), 4.0)})
    assert "n = 50: the test error is 0.100, τ√m 4. One size has no exponents" in bounds_vs_samples.told([one])[0]
    assert str(bounds_vs_samples.slopes_table([one])).count("n = 50") == 1


def test_bounds_without_a_value_at_every_net_are_left_out():
    gap = np.ones((4, 2))
    gap[1, 0] = np.nan
    one = made(WIDTHS, whole=np.ones((4, 2)), gap=gap)
    assert one.known == ["whole"]
