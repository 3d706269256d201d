"""A target function from text to document: norms, matrices and projections from files, the check, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

import prefit
from prefit.errors import InputError


def learn(text, **options):
    return prefit.learnable(text, **({"kernel": "two-layer,ntk:2", "threads": 1} | options))


def test_the_example_of_the_page():
    found = learn("2*t^2 - t1*t2", dimension=10)
    first = found.kernels[0]
    assert (first.name, first.learnable, first.missing_terms) == ("two-layer", True, [])
    assert first.norm == pytest.approx(math.sqrt(2 * math.pi * 4.5), rel=1e-9)
    assert first.norm > first.sphere_norm >= first.sphere_lower
    assert first.paper_norm == pytest.approx(6 * 2 * math.sqrt(1.25), rel=1e-9)
    assert (first.samples, first.samples_by) == (7098, "sphere")
    assert found.notes[0] == "t is another name of t1."
    assert found.kernels[1].paper_reason == "the theorem is about the two-layer kernel"


def test_the_cubic_is_not_learnable_with_one_hidden_layer():
    found = learn("t^3 + t^2", kernel=["two-layer", "conjugate:1", "ntk:2"])
    assert [one.learnable for one in found.kernels] == [False, False, True]
    assert [term.text for term in found.kernels[0].missing_terms] == ["t1^3"]
    assert "second hidden layer mends it" in found.kernels[0].missing_terms[0].reason
    assert found.kernels[0].samples is None
    assert "Not learnable with two-layer and conjugate:1: t1^3." in found.summary[1]


def test_a_constant_is_learnable_and_asks_for_the_dimension():
    without, within = learn("1 + t^2").kernels[0], learn("1 + t^2", dimension=5).kernels[0]
    assert (without.norm, without.samples, without.learnable) == (None, None, True)
    assert without.norm_by_dimension.root == pytest.approx(math.sqrt(2 * math.pi), rel=1e-9)
    assert within.sphere_norm <= without.norm_by_dimension.base + without.norm_by_dimension.root * math.sqrt(5)
    assert "--dimension" in without.norm_reason
    assert within.sphere_norm > 0
    assert within.samples_by == "sphere"


def test_nothing_is_needed_for_the_function_0():
    found = learn("t - t", dimension=3)
    assert [(one.norm, one.samples, one.out_of_reach) for one in found.kernels] == [(0.0, 0, False)] * 2
    assert "no example is needed" in found.summary[0]


def test_ranges_of_depths_are_kernels():
    assert [one.name for one in learn("t^2", kernel="ntk:1..3").kernels] == ["ntk:1", "ntk:2", "ntk:3"]


def test_what_asks_for_too_many_examples_is_out_of_reach():
    found = learn("cos(20*t)")
    assert [(one.learnable, one.out_of_reach) for one in found.kernels] == [(True, True)] * 2
    assert not any(one.out_of_reach for one in learn("t^2").kernels)


def test_a_number_from_the_growing_bound_says_where_it_holds():
    found = learn("sqrt(1.01 + t^2)", kernel="two-layer", dimension=50)
    one = found.kernels[0]
    assert (one.norm, one.samples_by) == (None, "dimension")
    assert one.bound(50) == pytest.approx(one.norm_by_dimension.base + one.norm_by_dimension.root * math.sqrt(50))
    assert "on the sphere of dimension 50" in found.summary[0]


def test_a_kernel_whose_examples_grow_leads_where_the_others_are_out_of_reach():
    found = learn("sqrt(1.01 + t^2)", kernel="two-layer,conjugate:1")
    assert found.summary[0].startswith("Learnable with two-layer, from a number of examples that grows with the dim")
    assert "The 6.09·10⁹ examples that conjugate:1 takes" in found.summary[0]
    assert learn("1 + t^2").summary[0].startswith("Learnable: with ntk:2, ")


def test_portions_add_up_and_name_what_carries_the_norm():
    found = learn("t + t^6", dimension=10).kernels[0]
    assert sum(found.degrees.portion) == pytest.approx(1.0)
    assert sum(found.harmonics.portion) == pytest.approx(1.0)
    assert found.degrees.degree == [1, 6]
    assert found.degrees.portion[1] == pytest.approx(83.7758 / 87.7758, rel=1e-5)
    np.testing.assert_allclose(np.array(found.degrees.amount) / found.degrees.kernel, [4.0, 83.7758], rtol=1e-5)


@pytest.mark.parametrize("text", ["2*t^2 - t1*t2", "cos(t) - 1", "exp(t/2)"])
def test_the_check_stays_below_the_norm_and_grows_towards_it(text):
    found = learn(text, kernel="ntk:2", dimension=4, check=True, check_samples=240)
    checked, norm = found.check.kernels[0], found.kernels[0].sphere_norm ** 2
    assert found.check.holds
    assert checked.n == [15, 30, 60, 120, 240]
    assert checked.lower == sorted(checked.lower)
    assert 0.85 * norm < checked.lower[-1] <= checked.upper[-1] <= norm * (1 + 1e-9)


def test_the_check_of_what_is_missing_grows_beyond_every_norm():
    found = learn("t^3", kernel="two-layer", dimension=5, check=True, check_samples=256)
    low = found.check.kernels[0].lower
    assert found.kernels[0].sphere == "infinite"
    assert low[-1] > 3 * low[-3] > 6 * low[-5]


def test_the_check_chooses_a_dimension_and_says_so():
    found = learn("t1*t2", kernel="two-layer", check=True, check_samples=20)
    assert found.dimension == found.check.dimension == 5
    assert "The check chose the dimension d = 5" in found.notes[-1]


def test_matrices_and_projections_come_from_files_and_arrays(tmp_path):
    A = np.array([[2.0, -1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    np.save(tmp_path / "A.npy", A)
    (tmp_path / "b.csv").write_text("1, 0, 0\n0; 1; 0\n")
    by_file = learn("quad(A)", matrix=[f"A={tmp_path / 'A.npy'}"])
    by_array = learn("x'Bx", matrix={"B": A})
    by_rows = learn("2*t1^2 - t1*t2", projections=tmp_path / "b.csv")
    norms = [one.kernels[0].sphere_norm for one in (by_file, by_array, by_rows)]
    assert norms == pytest.approx([norms[0]] * 3, rel=1e-12)
    assert [one.dimension for one in (by_file, by_array, by_rows)] == [3, 3, 3]
    checked = learn("quad(A) - x'Bx + t2", matrix={"A": A, "B": A.T}, check=True, check_samples=32, kernel="ntk:2")
    assert checked.check.holds
    assert checked.kernels[0].sphere_norm == pytest.approx(
        learn("t", dimension=3, kernel="ntk:2").kernels[0].sphere_norm
    )


def test_longer_projections_cost_more():
    found = learn("t^4", projections=np.array([[2.0, 0.0, 0.0]]))
    assert found.kernels[0].norm == pytest.approx(16 * learn("t^4").kernels[0].norm, rel=1e-9)
    assert not found.target.orthonormal


BAD = [
    ({"kernel": "wide"}, "kernel must be"),
    ({"kernel": ""}, "--kernel"),
    ({"dimension": 1}, "--dimension"),
    ({"dimension": 1.5}, "--dimension"),
    ({"epsilon": 0}, "--epsilon"),
    ({"delta": 1}, "--delta"),
    ({"check": True, "check_samples": 3}, "--check-samples must be"),
    ({"check_samples": 50}, "--check-samples is of --check"),
    ({"check_samples": 1000}, "--check-samples is of --check"),
    ({"device": "cuda"}, "--device"),
    ({"dimension": 2, "text": "t1*t2*t3"}, "no room for 3"),
    ({"text": "quad(A)"}, "--matrix A=FILE"),
    ({"text": "quad(A)", "matrix": {"Q": np.eye(2)}}, "the matrix A, and not Q, which --matrix gives"),
    ({"matrix": np.eye(3)}, "does not name"),
    ({"text": "quad(A)", "matrix": np.ones((2, 3))}, "must be square"),
    ({"text": "quad(A)", "matrix": np.array([[1.0, 2.0], [np.nan, 3.0]])}, "row 1 (counted from 0) has nan"),
    ({"text": "quad(A)", "matrix": np.diag([1e101, 0.0])}, "row 0 (counted from 0) has 1e+101"),
    ({"text": "quad(A)", "matrix": {"a": np.eye(2)}}, "capital letters"),
    ({"text": "quad(A)+t3", "matrix": np.eye(2)}, "up to t2"),
    ({"text": "quad(A)", "matrix": np.eye(3), "dimension": 4}, "--matrix A is for inputs of 3 features"),
    ({"text": "quad(A)+quad(B)", "matrix": {"A": np.eye(2), "B": np.eye(3)}}, "one d"),
    ({"text": "quad(A)+t", "matrix": np.eye(3), "projections": np.ones((1, 4))}, "one d"),
    ({"projections": "there-is-none.npy"}, "no file"),
    ({"projections": [["a", "b"]]}, "real numbers"),
    ({"projections": np.ones((1, 1))}, "at least 2 features"),
    ({"text": "t2", "projections": np.ones((1, 3))}, "which has 1 row. Give"),
    ({"temperature": 1}, "takes no option"),
]


@pytest.mark.parametrize(("options", "told"), BAD)
def test_what_does_not_fit_is_refused_in_one_line(options, told):
    options = dict(options)
    with pytest.raises(InputError) as refused:
        learn(options.pop("text", "t1^2"), **options)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n1,2\n", "line 1"),
        ("1,2\n3\n", "line 2 has 1 number, the first row has 2."),
        ("", "shape"),
        ("1,2\n\n3,nan\n", "line 3 has nan"),
        ("1,-inf\n3,1\n", "line 1 has -inf"),
        ("1,2,3\n4,5,6\n", "must be square"),
    ],
)
def test_texts_that_are_no_matrix_are_refused_with_file_and_line(tmp_path, content, told):
    path = tmp_path / "m.csv"
    path.write_text(content)
    with pytest.raises(InputError) as refused:
        learn("quad(A)", matrix=str(path))
    assert told in str(refused.value)
    assert "m.csv'" in str(refused.value)


@pytest.mark.parametrize("option", ["matrix", "projections"])
def test_a_dimension_that_a_file_contradicts_names_the_file(tmp_path, option):
    path = tmp_path / "m.txt"
    path.write_text("1 0\n0 1\n")
    text = "quad(A)" if option == "matrix" else "t^2"
    with pytest.raises(InputError, match="--dimension is 5, but --") as refused:
        learn(text, dimension=5, **{option: str(path)})
    assert "m.txt') is for inputs of 2 features" in str(refused.value)


def test_matrices_of_two_dimensions_are_both_named(tmp_path):
    path = tmp_path / "b.npy"
    np.save(path, np.ones((1, 4)))
    with pytest.raises(InputError) as refused:
        learn("quad(A)+t", matrix=np.eye(3), projections=path)
    assert "--matrix A is for inputs of 3 features, --projections (" in str(refused.value)
    assert "b.npy') for 4." in str(refused.value)
