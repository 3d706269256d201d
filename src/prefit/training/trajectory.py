"""What a run of gradient descent left behind: everything the theorems speak of, at a grid of steps."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector


@dataclass(frozen=True)
class Trajectory:
    """One row a recorded step; NaN where a quantity was not measured or does not exist.

    steps                 (t,) k, increasing, first 0; of stochastic descent: updates done
    seconds               (t,) wall time of the descent alone, records apart
    loss                  (t,) the loss that is descended: Φ (a sum) or L_S (a mean), on the whole training set
    residual              (t,) ‖y − u(k)‖_F
    surrogate_error       (t,) E_S = (1/n) Σ 1/(1 + exp(y_i f(x_i))), labels ±1 (Cao & Gu 2020)
    logistic_loss         (t,) L_S = (1/n) Σ log(1 + exp(−y_i f(x_i))), labels ±1, whatever loss is descended
    train_error           (t,) portion of training examples classified wrongly
    test_error, test_surrogate_error, test_loss, test_l1   (t,) the same on the test split; test_l1 the mean of
                          Σ_j |y_j − f_j|, as in Arora et al. 2019, Figure 2
    gradient_norm         (t, L) ‖∇_{W_l} loss‖_F
    surrogate_gradient    (t,) ‖∇_{W_L} L_S‖_F of the logistic loss, last hidden layer
    distance              (t, L) ‖W_l(k) − W_l(0)‖_F
    neuron_movement       (t,) largest ‖w_r(k) − w_r(0)‖ over all neurons of all layers
    flips                 (t, L) portion of (example, unit) pairs whose activation pattern is not that of k = 0
    gradient_ratio        (t,) B_k = ‖∇_{W_L}L_S‖_F/(√m E_S), in the normalization of Cao & Gu (docs/training.md)
    linearization_error   (t,) max_i |f(x_i) − F_{W(0),W}(x_i)|
    linear_part           (t,) Σ_l ‖W_l − W_l(0)‖_2, spectral norms (Cao & Gu 2020, Lemma 4.2)
    kernel_smallest, kernel_largest   (t,) extreme eigenvalues of the empirical kernel H(k), on request
    outputs               (t, n, c) u(k) on the training inputs
    """

    steps: Indices
    seconds: Vector
    loss: Vector
    residual: Vector
    surrogate_error: Vector
    logistic_loss: Vector
    train_error: Vector
    test_error: Vector
    test_surrogate_error: Vector
    test_loss: Vector
    test_l1: Vector
    gradient_norm: Matrix
    surrogate_gradient: Vector
    distance: Matrix
    neuron_movement: Vector
    flips: Matrix
    gradient_ratio: Vector
    linearization_error: Vector
    linear_part: Vector
    kernel_smallest: Vector
    kernel_largest: Vector
    outputs: AnyArray

    @property
    def layers(self) -> int:
        return int(self.distance.shape[1])

    def arrays(self) -> dict[str, AnyArray]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


def empty(layers: int, n: int, outputs: int) -> Trajectory:
    """A trajectory without records."""
    shapes = {"gradient_norm": (0, layers), "distance": (0, layers), "flips": (0, layers), "outputs": (0, n, outputs)}
    arrays: dict[str, AnyArray] = {one.name: np.empty(shapes.get(one.name, (0,))) for one in fields(Trajectory)}
    return Trajectory(**arrays | {"steps": np.empty(0, dtype=np.int64)})
