"""The certified interval holds yᵀK⁻¹y: over sizes, dimensions, near-duplicates, kernels and kinds of labels."""

import mpmath
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.data.coding import code
from prefit.data.distinct import distinct_inputs, unit_rows
from prefit.gram import FloatCosines, Gram, Workers, dense_gram, tiled_gram
from prefit.kernels import kernel_named
from prefit.spectra import BlockLanczos, certify, eigensystem, verified_floor
from tests.gram.problems import NAMES, SLOW, exactly, inputs
from tests.naive import forms

WORKERS = Workers(1)
UNIT = 2.0**-53


@st.composite
def problems(draw, largest=40):
    """(X, Y, kernel): n ≤ 40 rows in d ≤ 8, some of them nearly copies with 1 − s down to 1e-9."""
    n, d = draw(st.integers(2, largest)), draw(st.integers(2, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**30)))
    gaps = draw(st.lists(st.floats(-9.0, -1.0), max_size=min(4, n // 2)))
    X = inputs(rng, n, d, [10.0**gap for gap in gaps])
    kind = draw(st.sampled_from(["signs", "classes", "real"]))
    if kind == "real":
        Y = rng.uniform(-1.0, 1.0, (n, draw(st.integers(1, 2))))
    else:
        classes = 2 if kind == "signs" else draw(st.integers(3, 5))
        Y = code(rng.integers(0, classes, n), classes)
    return X, Y, draw(st.sampled_from(NAMES))


def dense(X, name):
    return dense_gram(FloatCosines(unit_rows(X)[0]), kernel_named(name))


def exact_interval(X, Y, name):
    """The exact path: (lower, upper, certified floor, gram)."""
    gram = dense(X, name)
    K = gram.operator.K
    system = eigensystem(K.copy())
    deviation = float(gram.spread(np.ones((gram.n, 1))).max()) + 4 * UNIT * gram.diagonal * gram.n
    floor = max(gram.floor.smallest(), verified_floor(K, float(system.values[0]), deviation))
    solve = system.labels(Y).apply(lambda values: 1.0 / np.maximum(values, gram.n * UNIT * values[-1]))
    return *certify(gram, Y, solve, floor).total(), floor, gram


def lanczos_interval(X, Y, name, steps):
    """The tiled path: approximate solutions from a few steps."""
    gram = tiled_gram(FloatCosines(unit_rows(X)[0]), kernel_named(name), WORKERS, side=8)  # several tiles at n = 40
    Z = np.zeros_like(Y)
    for j in range(Y.shape[1]):
        block = BlockLanczos(Y[:, j : j + 1])
        while block.steps < steps and not block.finished:
            block.absorb(gram.operator.matmat(block.current()))
        Z[:, j : j + 1] = block.basis() @ block.solve()
    return certify(gram, Y, Z).total()


def twin(X, Y, name):
    """The literal float64 answer, and a bound on its own rounding through the slope of the kernel near s = 1."""
    K = forms.gram(X, SLOW[name][0])
    values, V = np.linalg.eigh(K)
    n, U, e = len(X), unit_rows(X)[0], 20 * UNIT
    off = float(np.abs(U @ U.T - np.eye(n)).max())
    entry = 4 * kernel_named(name).diagonal * (e + min(e / np.sqrt(max(1.0 - min(off, 1.0) ** 2, e)), np.sqrt(e)))
    change = n * (entry + 8 * UNIT * values[-1])
    coordinates = (V.T @ Y) ** 2
    if change >= 0.5 * values[0]:
        return None, None
    form = float((coordinates / values[:, None]).sum())
    return form, float((coordinates / values[:, None] ** 2).sum()) * 2.0 * change


def truth(X, Y, name):
    return forms.exact_form(forms.exact_gram(X, exactly(name)), Y)


@settings(max_examples=1500)
@given(problem=problems(), steps=st.integers(1, 12))
def test_both_intervals_hold_the_literal_answer_to_its_own_rounding(problem, steps):
    X, Y, name = problem
    low, high, _, _ = exact_interval(X, Y, name)
    rough_low, rough_high = lanczos_interval(X, Y, name, steps)
    assert low <= high
    assert rough_low <= rough_high
    form, rounding = twin(X, Y, name)
    if form is None or not (low <= form <= high and rough_low <= form <= rough_high):
        if form is not None:
            assert max(low, rough_low) - rounding <= form <= min(high, rough_high) + rounding
        exact = truth(X, Y, name)
        assert low <= exact <= high
        assert rough_low <= exact <= rough_high


@settings(max_examples=350)
@given(problem=problems(largest=16), steps=st.integers(1, 8))
def test_both_intervals_hold_the_truth_at_sixty_digits(problem, steps):
    X, Y, name = problem
    low, high, _, _ = exact_interval(X, Y, name)
    rough_low, rough_high = lanczos_interval(X, Y, name, steps)
    exact = truth(X, Y, name)
    assert low <= exact <= high
    assert rough_low <= exact <= rough_high


@settings(max_examples=250)
@given(problem=problems(largest=14))
def test_no_floor_is_above_the_least_eigenvalue_at_sixty_digits(problem):
    X, _, name = problem
    _, _, floor, gram = exact_interval(X, np.ones((len(X), 1)), name)
    A = forms.exact_gram(X, exactly(name))
    assert floor == 0.0 or forms.exceeds(A, floor)
    assert forms.exceeds(A, gram.floor.best_rows())


@settings(max_examples=150)
@given(problem=problems(), steps=st.integers(2, 8))
def test_the_exact_interval_is_narrow_unless_inputs_nearly_coincide(problem, steps):
    X, Y, name = problem
    low, high, floor, gram = exact_interval(X, Y, name)
    loosest = float(gram.deviation.max()) * gram.n / max(floor, 1e-300)
    assert high - low <= 1e-9 * high or high - low <= 50.0 * loosest * high


# What must not change it ----------------------------------------------------------------------------------------------


def agree(one, two):
    """Two intervals of the same number share a point."""
    return one[0] <= two[1] and two[0] <= one[1]


@settings(max_examples=100)
@given(problem=problems(largest=25), seed=st.integers(0, 2**20))
def test_order_of_the_rows_does_not_matter(problem, seed):
    X, Y, name = problem
    order = np.random.default_rng(seed).permutation(len(X))
    assert agree(exact_interval(X, Y, name), exact_interval(X[order], Y[order], name))


@settings(max_examples=100)
@given(problem=problems(largest=25), seed=st.integers(0, 2**20))
def test_signs_and_order_of_the_features_do_not_matter(problem, seed):
    """Rotations that floating point carries out exactly."""
    X, Y, name = problem
    rng = np.random.default_rng(seed)
    rotated = X[:, rng.permutation(X.shape[1])] * rng.choice([-1.0, 1.0], X.shape[1])
    assert agree(exact_interval(X, Y, name), exact_interval(rotated, Y, name))


@settings(max_examples=60)
@given(n=st.integers(2, 25), d=st.integers(2, 8), name=st.sampled_from(NAMES), seed=st.integers(0, 2**20))
def test_a_rotation_changes_it_by_rounding_only(n, d, name, seed):
    rng = np.random.default_rng(seed)
    X, Y = inputs(rng, n, d), rng.choice([-1.0, 1.0], (n, 1))
    Q, _ = np.linalg.qr(rng.standard_normal((d, d)))
    (low, high, floor, gram), turned = exact_interval(X, Y, name), exact_interval(X @ Q, Y, name)
    slack = 100 * n * float(gram.deviation.max()) / max(floor, 1e-300) * high
    assert low - slack <= turned[1]
    assert turned[0] <= high + slack


@settings(max_examples=100)
@given(problem=problems(largest=25), powers=st.lists(st.integers(-300, 300), min_size=25, max_size=25))
def test_the_length_of_a_row_does_not_matter(problem, powers):
    X, Y, name = problem
    scaled = np.ldexp(X, np.array(powers[: len(X)])[:, None])
    assert exact_interval(X, Y, name)[:2] == exact_interval(scaled, Y, name)[:2]


@settings(max_examples=100)
@given(problem=problems(largest=20), scale=st.sampled_from([1.0, 2.0, 3.0, 0.7, 1e-5]))
def test_a_second_copy_with_the_same_label_leaves_it_unchanged(problem, scale):
    X, Y, name = problem
    twice, labels = np.vstack([X, X[:1] * scale]), np.vstack([Y, Y[:1]])
    found = distinct_inputs(unit_rows(twice)[0])
    assert found.merged == 1
    assert not found.in_conflict(labels).size
    first = found.first
    assert np.array_equal(found.values(labels), labels[first])
    assert exact_interval(X, Y, name)[:2] == exact_interval(twice[first], found.values(labels), name)[:2]


@settings(max_examples=50)
@given(problem=problems(largest=20), scale=st.sampled_from([1.0, 2.0, 3.0, 0.7, 1e-5]))
def test_a_second_copy_with_another_label_is_a_conflict(problem, scale):
    X, Y, _ = problem
    found = distinct_inputs(unit_rows(np.vstack([X, X[:1] * scale]))[0])
    assert found.in_conflict(np.vstack([Y, Y[:1] + 0.5])).tolist() == [0]


def test_the_twin_itself_is_only_good_to_its_rounding_at_near_duplicates():
    """Why the twin alone does not decide: at 1 − s = 1e-9 it misses the truth by more than the interval's width."""
    rng = np.random.default_rng(0)
    X, Y = inputs(rng, 20, 4, [1e-9, 1e-9]), rng.choice([-1.0, 1.0], (20, 1))
    exact, (form, rounding) = truth(X, Y, "two-layer"), twin(X, Y, "two-layer")
    low, high, _, _ = exact_interval(X, Y, "two-layer")
    assert low <= exact <= high
    with mpmath.workdps(30):
        assert abs(form - exact) <= rounding
    assert isinstance(dense(X, "two-layer"), Gram)
