"""The papers' data sets, forecast once each: the numbers of the papers lie in certified intervals."""

import subprocess
import sys

import numpy as np
import pytest

import prefit
from tests.jobs.documents import check

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def mnist(data_dir):
    return prefit.forecast(prefit.load(f"idx:{data_dir}/mnist", classes="0,1", per_class=5000))


@pytest.fixture(scope="module")
def cifar(data_dir):
    source = f"cifar10:{data_dir}/cifar10/airplane_automobile_train.bin.gz"
    return prefit.forecast(prefit.load(source), resolve_spectrum=True)


def within_its_scatter(form, draws, expected):
    return abs(form.mean - expected) <= 4 * form.std / np.sqrt(draws) + (form.upper - form.lower) * 1e-3


def test_mnist_zero_against_one_is_certified_to_a_thousandth(mnist):
    check(mnist)
    form = mnist.entry("true").quadratic_form
    assert mnist.data.n == 10_000
    assert form.status == "certified"
    assert form.lower <= 722.7165 and form.upper >= 722.7155  # noqa: PT018
    assert form.upper - form.lower <= 1e-3 * form.upper


def test_mnist_random_labels_scatter_about_the_trace_of_the_inverse(mnist):
    assert within_its_scatter(mnist.entry("random").quadratic_form, 8, 216_541)


def test_mnist_least_eigenvalue_is_above_its_floor(mnist):
    part = mnist.spectrum.lambda_min
    assert part.lower == pytest.approx(0.0073, rel=0.01)  # docs/proofs.md P3
    assert part.lower <= 0.01531 <= part.estimate
    assert part.estimate - part.error <= 0.01531  # an eigenvalue, the least or another, lies this close
    assert part.proof == "inner products"


def test_mnist_bound_is_informative_and_near_the_proofs(mnist):
    """At δ = 0.01 and b = ¼ it was 0.150 stopped and about 0.41 at convergence; δ = 0.05 is a little less."""
    assert mnist.bound.verdict == "informative"
    assert 0.12 <= mnist.bound.stopped.value <= 0.151
    assert 0.38 <= mnist.bound.explicit <= 0.42
    assert mnist.bound.leading == pytest.approx(np.sqrt(2 * 722.716 / 10_000), rel=1e-3)


def test_mnist_alone_takes_under_600_mib_and_a_hundred_products(data_dir):
    """In a process of its own, above what reading the data took."""
    program = (
        "import prefit\n"
        "from prefit.jobs.memory import peak_bytes\n"
        f"data = prefit.load('idx:{data_dir}/mnist', classes='0,1', per_class=5000, test_limit=10)\n"
        "before = peak_bytes()\n"
        "cost = prefit.forecast(data, draws=0).cost\n"
        "print(cost.peak_bytes - before, cost.products)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    growth, products = (int(word) for word in done.stdout.split())
    assert growth <= 600 * 2**20
    assert 70 <= products <= 100  # a gap of 1e-3 after 75 to 85 products, then the certificate


def test_cifar_airplane_against_automobile_is_certified_to_a_thousandth(cifar):
    check(cifar)
    form = cifar.entry("true").quadratic_form
    assert cifar.data.n == 10_000
    assert form.status == "certified"
    assert form.lower <= 74_515.235 and form.upper >= 74_515.225  # noqa: PT018
    assert form.upper - form.lower <= 1e-3 * form.upper


def test_cifar_random_labels_scatter_about_the_trace_of_the_inverse(cifar):
    assert within_its_scatter(cifar.entry("random").quadratic_form, 8, 260_806.7)


def test_cifar_least_eigenvalue_lies_between_its_floor_and_its_ritz_value(cifar):
    part = cifar.spectrum.lambda_min
    assert part.lower <= 0.0079942 <= part.estimate * (1 + 1e-5)
    assert abs(part.estimate - 0.0079942) <= part.error + 5e-8
    assert cifar.spectrum.resolved
    assert part.estimate == pytest.approx(0.0079942, rel=0.01)
