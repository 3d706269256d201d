"""A label measure integrates, adds up, and takes one more atom."""

import numpy as np
import pytest

from prefit.spectra import SpectralMeasure, combine, eigensystem
from tests.spectra.problems import inverse, matrix


def test_it_integrates_functions_of_its_nodes():
    measure = SpectralMeasure(np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.0, 4.0]))
    assert measure.integrate(inverse) == 5.0
    assert measure.mass == 9.0


def test_measures_add_up_in_the_order_of_their_nodes():
    one, two = SpectralMeasure(np.array([1.0, 3.0]), np.ones(2)), SpectralMeasure(np.array([2.0]), np.array([5.0]))
    assert combine([one, two]).nodes.tolist() == [1.0, 2.0, 3.0]
    assert combine([one, two]).weights.tolist() == [1.0, 5.0, 1.0]


def test_an_atom_adds_its_mass_and_nothing_adds_nothing():
    measure = SpectralMeasure(np.array([1.0]), np.array([2.0]))
    assert measure.with_atom(3.0).nodes.tolist() == [0.0, 1.0]
    assert measure.with_atom(3.0).mass == 5.0
    assert measure.with_atom(0.0) is measure


@pytest.mark.parametrize("columns", [1, 3])
def test_an_eigendecomposition_gives_quadratic_forms_and_functions_of_the_matrix(columns):
    A, values, V = matrix(30)
    Y = np.random.default_rng(1).standard_normal((30, columns))
    labels = eigensystem(A).labels(Y)
    assert labels.exact
    assert labels.measure().integrate(inverse) == pytest.approx(np.trace(Y.T @ np.linalg.solve(A, Y)), rel=1e-9)
    assert sum(m.integrate(inverse) for m in labels.column_measures()) == pytest.approx(
        labels.measure().integrate(inverse)
    )
    exp = (V * np.exp(values)) @ V.T @ Y
    assert np.allclose(labels.apply(np.exp), exp, rtol=1e-9)
    many = labels.apply_many(lambda x: np.stack([np.exp(x), x], axis=1))
    assert np.allclose(many[:, :, 0], exp, rtol=1e-9)
    assert np.allclose(many[:, :, 1], A @ Y, atol=1e-11)


def test_an_eigendecomposition_knows_both_ends():
    A, values, _ = matrix(30)
    labels = eigensystem(A).labels(np.ones((30, 1)))
    assert labels.largest == pytest.approx(values[-1])
    assert labels.smallest == (pytest.approx(values[0]), 0.0)
    assert np.allclose(A @ labels.top_vector(), values[-1] * labels.top_vector())
    assert np.allclose(A @ labels.bottom_vector(), values[0] * labels.bottom_vector(), atol=1e-12)
