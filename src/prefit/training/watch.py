"""A user's own training loop, recorded: the quantities of `Trajectory`, step by step, of any torch module."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from prefit._shapes import AnyArray, Matrix
from prefit.errors import InputError
from prefit.training.extra import without_torch
from prefit.training.losses import loss_named, surrogate_error
from prefit.training.measure import Measured, Records, gradient_ratio, row_of
from prefit.training.module import ModuleEngine
from prefit.training.tensors import as_numpy
from prefit.training.trajectory import Trajectory, empty

try:
    import torch
except ModuleNotFoundError as error:
    raise without_torch("Watching a module") from error


@dataclass(frozen=True)
class OwnLoss:
    """A loss as a training loop has it: a function of the module's outputs and its own targets, a scalar tensor.

    targets  what the function takes, from targets coded (b, c)
    flat     the module's outputs are (b,)
    like     a tensor of the type and on the device of the outputs
    """

    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    targets: Callable[[Matrix], AnyArray]
    flat: bool
    like: torch.Tensor
    name: Literal["own"] = "own"

    def value(self, F: Matrix, Y: Matrix) -> float:
        with torch.no_grad():
            return float(self._of(self._outputs(F), Y))

    def gradient(self, F: Matrix, Y: Matrix) -> Matrix:
        """(b, c) ∂ value/∂F."""
        with torch.inference_mode(False), torch.enable_grad():
            outputs = self._outputs(F).requires_grad_()
            (G,) = torch.autograd.grad(self._of(outputs, Y), [outputs])
        return as_numpy(G.to(torch.float64)).reshape(F.shape)

    def _outputs(self, F: Matrix) -> torch.Tensor:
        return self.like.new_tensor(F[:, 0] if self.flat else F)

    def _of(self, outputs: torch.Tensor, Y: Matrix) -> torch.Tensor:
        loss = self.function(outputs, torch.tensor(self.targets(Y), device=outputs.device))
        if loss.ndim:
            raise InputError(
                f"The loss must be one number, a scalar tensor; its shape is {tuple(loss.shape)}. Take its mean or sum."
            )
        return loss


class Recorder:
    """A trajectory that grows by a row at each record, the first at once: W(0) are the weights at the start."""

    def __init__(self, engine: ModuleEngine, what: Measured) -> None:
        self.engine, self.what = engine, what
        self._records = Records(empty(engine.layers, engine.n, engine.outputs))
        self.recording = 0.0  # seconds spent on records
        self._begun = time.perf_counter()
        self.record(0)

    @property
    def trajectory(self) -> Trajectory:
        return self._records.trajectory

    @property
    def seconds(self) -> float:
        """Wall time since the start, records apart."""
        return time.perf_counter() - self._begun - self.recording

    def record(self, step: int) -> None:
        """A row for the module as it is now, after so many steps."""
        seen = self._records.last("steps")
        if seen is not None and step == seen and not self._moved():
            return
        if seen is not None and step <= seen:
            raise InputError(
                f"Recorded steps must increase: step {int(seen):,} is recorded, and now comes {step:,}. Count the "
                "updates of the whole training; for another training watch the module anew."
            )
        seconds, begun = self.seconds, time.perf_counter()
        F = self.engine.forward()
        row = row_of(self.engine, F, step, seconds, self.what) | self._of_last_hidden(F)
        self._records.add(row)
        self.recording += time.perf_counter() - begun

    def _moved(self) -> bool:
        return bool((self.engine.distances() != self._records.last("distance")).any())

    def _of_last_hidden(self, F: Matrix) -> dict[str, AnyArray]:
        """‖∇_{W_L} L_S‖_F and B_k of the last hidden layer, where trained layers come after it."""
        layer = self.engine.last_hidden
        if not self.what.binary or layer == self.engine.layers - 1 or not np.isfinite(F).all():
            return {}
        gradient = float(self.engine.gradient_norms(loss_named("logistic").gradient(F, self.what.Y))[layer])
        ratio = gradient_ratio(gradient, surrogate_error(F, self.what.Y), self.engine.kernel_scale)
        return {"surrogate_gradient": np.asarray(gradient), "gradient_ratio": np.asarray(ratio)}
