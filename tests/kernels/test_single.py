"""Kernel values in float32: near those of float64, at the ends too."""

import numpy as np
import pytest

from prefit.kernels import kernel_named
from prefit.kernels.single import evaluate_piece

NEAR = np.float32(1.0) - np.float32(2.0) ** -np.arange(1, 25, dtype=np.float32)
COSINES = np.concatenate([np.linspace(-1, 1, 20_001, dtype=np.float32), NEAR, -NEAR, np.float32([0.0, 0.5, -0.5])])


def single(kernel, cosines):
    values, recipe = np.empty_like(cosines), kernel.recipe
    sigma, total = np.empty_like(cosines), np.empty_like(cosines)
    weights = recipe.weights.astype(np.float32)
    evaluate_piece(cosines, values, sigma, total, weights, recipe.backward, recipe.forward)
    return values


@pytest.mark.parametrize("name", ["two-layer", "conjugate:1", "standard-ntk:1"])
def test_one_layer_is_right_to_float32_everywhere(name):
    kernel = kernel_named(name)
    errors = np.abs(single(kernel, COSINES) - kernel(COSINES.astype(np.float64)))
    assert errors.max() <= 2.0**-21 * kernel.diagonal


@pytest.mark.parametrize("name", ["ntk:2", "ntk:3", "conjugate:3", "standard-ntk:2"])
def test_more_layers_are_right_to_float32_away_from_one_and_to_its_root_there(name):
    kernel = kernel_named(name)
    errors = np.abs(single(kernel, COSINES) - kernel(COSINES.astype(np.float64)))
    assert errors[np.abs(COSINES) < 0.999].max() <= 2.0**-19 * kernel.diagonal
    assert errors.max() <= 2.0**-12 * kernel.diagonal


def test_cosines_beyond_one_by_rounding_are_cut():
    kernel = kernel_named("two-layer")
    beyond = np.float32([1.0000001, -1.0000001])
    assert single(kernel, beyond).tolist() == [0.5, 0.0]
