"""Finite two-layer nets of a study: trained by gradient descent, or linearized at their start and solved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix
from prefit.errors import InputError
from prefit.experiments.cells import Arrays, Portion
from prefit.experiments.limit import Factorized, errors
from prefit.gram import Workers, blas_threads
from prefit.networks.deep import DeepReLU
from prefit.networks.two_layer import TwoLayer
from prefit.training import DescentOptions, Engine, HeldOut, descend, loss_named, stability_of
from prefit.training.two_layer import TwoLayerEngine

KEPT = ("steps", "seconds", "loss", "residual", "train_error", "test_error", "test_l1", "distance", "flips")


@dataclass(frozen=True)
class NetOptions:
    """A two-layer net (Arora et al. 2019, §3.1) and how long it is trained, full batch, η = 1/λ_max of its own kernel.

    until_loss   training stops at this value of Φ
    grid         steps that are recorded
    """

    width: int
    init_scale: float
    seed: int
    steps: int
    until_loss: float
    grid: tuple[int, ...] | None = None
    device: str = "auto"


def trained(
    net: NetOptions, X: Matrix, Y: Matrix, test: HeldOut | None, workers: Workers, portion: Portion
) -> tuple[Arrays, Engine]:
    """The trajectory's curves, the step size η on Φ, as of outputs over √m, and the engine as it stands at the end."""
    network = TwoLayer.initialized(net.width, X.shape[1], init_scale=net.init_scale, seed=net.seed)
    engine, unit = _engine(network, X, workers, net.device)
    quadratic = loss_named("quadratic")
    stability = stability_of(engine)
    options = DescentOptions(
        loss=quadratic,
        step_size=stability.step_size(quadratic),
        steps=net.steps,
        until_loss=net.until_loss,
        grid=net.grid,
        linearization=False,
        stable_below=stability.stable_below(quadratic),
    )
    outcome = descend(engine, Y, None, test, options, progress=lambda part, words: portion(part))
    arrays = {name: getattr(outcome.trajectory, name) for name in KEPT}
    arrays["distance"] = arrays["distance"] * unit
    arrays["step_size"] = np.array(options.step_size * unit**2)
    arrays["movement"] = outcome.trajectory.neuron_movement * unit
    arrays["diverged"] = np.array(outcome.stopped in ("diverged", "unstable"))
    return arrays, engine


def _engine(network: TwoLayer, X: Matrix, workers: Workers, device: str) -> tuple[Engine, float]:
    """Our own step on the processor; on CUDA the deep net of one hidden layer. And what its distances are times."""
    if device == "cuda" or (device == "auto" and _has_cuda()):
        from prefit.training.deep import DeepEngine

        return DeepEngine(as_deep(network), X, "cuda"), float(np.sqrt(network.width))
    return TwoLayerEngine(network, X, workers), 1.0


def as_deep(network: TwoLayer) -> DeepReLU:
    """The same function as a deep net of one hidden layer, whose outputs are not divided by √m: weights w/√m.

    Its gradient is √m times as large, so that a step of size η/m is one of η, and distances are 1/√m of these.
    """
    return DeepReLU((np.ascontiguousarray(network.weights.T) / np.sqrt(network.width),), network.output)


def _has_cuda() -> bool:
    try:
        from prefit.training.tensors import device_named
    except InputError:  # without torch
        return False
    return device_named("auto").type == "cuda"


def linearized(
    network: TwoLayer, X: Matrix, targets: Matrix, test_X: Matrix, test_targets: Matrix, threads: int
) -> Arrays:
    """The net linearized at its start, trained to convergence on each column of `targets` (n, k): O(n²m + n³).

    It is f_{W(0)} + H(0)(x, ·) H(0)⁻¹ (y − u(0)): what a finite net would be if its weights moved infinitely little.
    Gives for each column the test errors and (y − u(0))ᵀH(0)⁻¹(y − u(0)), its squared distance travelled.
    """
    active, seen = _active(network, X), _active(network, test_X)
    with blas_threads(threads):
        H = _kernel(active, active, X, X)
        across = _kernel(seen, active, test_X, X)
    del active, seen
    asked = targets - network.predict(X)
    with blas_threads(threads):
        Z = Factorized.of(H, threads).solve(asked)
        F = network.predict(test_X) + across @ Z
    wrong, l1 = errors(F, test_targets)
    return {"error": wrong, "l1": l1, "form": np.einsum("ij,ij->j", asked, Z)}


def _active(network: TwoLayer, X: Matrix) -> Matrix:
    """(n, m) 1{w_rᵀx_i ≥ 0} in float32: its products are whole counts, exact up to 2²⁴ neurons."""
    return network.patterns(X).astype(np.float32)


def _kernel(P: Matrix, Q: Matrix, X: Matrix, X2: Matrix) -> Matrix:
    """(n, t) x_iᵀx_j |{r active in both}|/m."""
    H: Matrix = (P @ Q.T).astype(np.float64)
    H *= X @ X2.T
    H /= P.shape[1]
    return H
