"""The spectral norm by products alone."""

import numpy as np
import pytest

from prefit.training import norms


@pytest.mark.parametrize("shape", [(40, 7), (7, 40), (60, 50), (1, 30), (30, 1)])
@pytest.mark.parametrize("direct", [1024, 4])
def test_it_is_the_largest_singular_value(shape, direct, monkeypatch):
    monkeypatch.setattr(norms, "DIRECT", direct)
    D = np.random.default_rng(3).standard_normal(shape)
    assert norms.spectral_norm(D) == pytest.approx(np.linalg.norm(D, 2), rel=1e-5)
    assert norms.spectral_norm(np.zeros(shape)) == 0.0
