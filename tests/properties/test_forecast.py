"""Whatever the data and the options, the forecast ends in one honest document."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import prefit
import prefit.jobs.problem
from prefit.data.coding import code
from tests.gram.problems import NAMES, exactly, near
from tests.jobs.documents import check
from tests.naive import forms


@st.composite
def tables(draw):
    """(X, y, distinct and free of conflict): small data with everything that makes trouble."""
    n, d, classes = draw(st.integers(3, 24)), draw(st.integers(1, 6)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**30)))
    X = rng.standard_normal((n, d))
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n)])[:n]
    plain = d > 1
    for trouble in draw(
        st.lists(st.sampled_from(["copy", "multiple", "conflict", "near", "opposite", "integer"]), max_size=3)
    ):
        i, j = rng.choice(n, 2, replace=False)
        if trouble == "near" and d > 1:
            X[i] = near(X[j], 10.0 ** rng.uniform(-14, -3), rng)
        elif trouble == "integer":
            X = np.rint(3 * X) + (np.rint(3 * X) == 0).all(axis=1, keepdims=True)
            plain = False
        else:
            X[i] = X[j] * {"multiple": 3.0, "opposite": -1.0}.get(trouble, 1.0)
            plain = plain and trouble == "opposite"
    return X, y, plain and len(set(y.tolist())) > 1


OPTIONS = st.fixed_dictionaries(
    {
        "kernel": st.sampled_from(NAMES),
        "draws": st.integers(0, 3),
        "worst": st.booleans(),
        "normalize": st.booleans(),
        "ridge": st.sampled_from([None, 0.1]),
        "step_size": st.sampled_from([None, None, 1e-3, 0.5, 3.0, 1e3]),
        "resolve_spectrum": st.booleans(),
        "bias": st.booleans(),
        "labels": st.sampled_from(["true", "true", "random", "worst"]),
        "label_noise": st.sampled_from([0.0, 0.0, 0.5]),
    }
)


def forecast_by(path, X, y, **options):
    before = prefit.jobs.problem.EXACT_UP_TO
    prefit.jobs.problem.EXACT_UP_TO = before if path == "exact" else 4
    try:
        return prefit.forecast(X, y, **options)
    finally:
        prefit.jobs.problem.EXACT_UP_TO = before


@settings(max_examples=250)
@given(table=tables(), options=OPTIONS, path=st.sampled_from(["exact", "tiled"]))
def test_a_forecast_ends_in_a_document(table, options, path):
    X, y, _ = table
    if len(set(y.tolist())) > 1:
        check(forecast_by(path, X, y, task="classes", **options))


@settings(max_examples=100)
@given(table=tables(), kernel=st.sampled_from(NAMES), path=st.sampled_from(["exact", "tiled"]))
def test_the_interval_of_the_document_holds_the_truth_at_sixty_digits(table, kernel, path):
    X, y, plain = table
    if not plain:
        return
    form = forecast_by(path, X, y, task="classes", kernel=kernel, draws=1).entry("true").quadratic_form
    try:
        exact = forms.exact_form(forms.exact_gram(X, exactly(kernel)), code(y, len(set(y.tolist()))))
    except ValueError:
        assert form.upper is None  # singular: more opposite pairs than dimensions
        return
    assert form.lower <= exact
    assert form.upper is None or exact <= form.upper
