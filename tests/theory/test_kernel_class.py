"""Losses and bounds against one example at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.jobs.bounding import mean_ramp
from prefit.theory import kernel_class as theory
from tests.naive import bounds


def test_losses_are_those_of_the_slow_twins():
    rng = np.random.default_rng(0)
    y, F = rng.choice([-1.0, 1.0], (50, 1)), rng.normal(0, 2, (50, 1))
    assert theory.binary_ramp(y, F) == pytest.approx(
        [bounds.binary_ramp(a, b) for a, b in zip(y[:, 0], F[:, 0], strict=True)]
    )
    code = np.where(rng.uniform(size=50) < 0.3, 0.75, -0.25)
    slow = [bounds.column_ramp(a, b, 4) for a, b in zip(code, F[:, 0], strict=True)]
    assert theory.column_ramp(code, F[:, 0], 4) == pytest.approx(slow)
    labels, outputs = rng.integers(0, 4, 50), rng.normal(0, 1, (50, 4))
    slow = [bounds.margin_ramp(a, list(b)) for a, b in zip(labels, outputs, strict=True)]
    assert theory.margin_ramp(labels, outputs) == pytest.approx(slow)
    assert theory.absolute_loss(y, F) == pytest.approx(np.minimum(1, np.abs(y - F))[:, 0])


def test_losses_are_nought_at_the_code_and_at_least_the_error():
    rng = np.random.default_rng(1)
    labels, F = rng.integers(0, 3, 40), rng.normal(0, 1, (40, 3))
    code = np.eye(3)[labels] - 1 / 3
    assert not theory.margin_ramp(labels, code).any()
    assert theory.column_ramp(code[:, 1], code[:, 1], 3).max() < 1e-15
    assert np.all(theory.margin_ramp(labels, F) >= (F.argmax(axis=1) != labels))
    assert np.all(theory.column_ramp(code[:, 1], F[:, 1], 3) >= ((F[:, 1] >= 0.5 - 1 / 3) != (labels == 1)))


@pytest.mark.parametrize("slope", [2.0, 4.0, 4.0 * np.sqrt(10)])
@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("norm", [0.0, 0.1, 0.25, 0.2500001, 3.0, 1000.0])
def test_the_bound_is_the_formula(norm, bounded, slope):
    family = theory.KernelClass(200, 0.05, 0.5, slope=slope, grid=0.25, bounded=bounded)
    slow = bounds.bound(0.0, norm, 200, 0.05, 0.5, slope, 0.25, bounded)
    assert float(family.beyond_loss(norm)) == pytest.approx(slow, rel=1e-14)
    assert family.at_convergence(norm**2) == pytest.approx(slow, rel=1e-14)


def test_the_papers_bound_is_its_three_terms():
    value = theory.paper_bound(722.716, 10_000, 0.01, 0.0153)
    terms = (
        np.sqrt(2 * 722.716 / 1e4),
        5 / 100,
        3 * np.sqrt(np.log(6 * (np.ceil(np.sqrt(1e4 / 0.0153)) + 1) / 0.01) / 2e4),
    )
    assert value == pytest.approx(sum(terms))
    assert value == pytest.approx(0.507, abs=0.001)  # docs/proofs.md P7


@settings(max_examples=200)
@given(
    margins=st.lists(st.one_of(st.floats(-5, 5), st.sampled_from([0.0, 0.5, 1.0, 2.0])), min_size=1, max_size=30),
    scales=st.lists(st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.7, 16.0]), min_size=1, max_size=5),
)
def test_the_mean_ramp_at_all_scales_is_that_of_each(margins, scales):
    fast = mean_ramp(np.array(margins), np.array(scales))
    slow = [np.mean([bounds.binary_ramp(1.0, s * m) for m in margins]) for s in scales]
    assert fast == pytest.approx(slow, abs=1e-12)
