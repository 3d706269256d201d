"""A user's own torch module with its examples in place: what a record asks of a network, the module left as it was."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.errors import InputError
from prefit.training.extra import without_torch
from prefit.training.tensors import as_numpy, full_precision, norm, spectral_norm, squares, told

try:
    import torch
    from torch import nn
except ModuleNotFoundError as error:
    raise without_torch("Watching a module") from error

KERNEL_BYTES = 2**31  # of the derivative of all outputs in all weights, which the empirical kernel is made of
SOME = 2**16  # parameters whose derivatives are taken to float64 at a time
CHUNK = 512  # examples taken together unless told otherwise


@dataclass(frozen=True)
class Layer:
    """A trained weight with two axes or more; its rows are the neurons.

    owner  the module that holds it; its `call`-th ReLU call, of so many units, follows this layer; units 0: none does
    """

    name: str
    weight: nn.Parameter
    owner: str
    call: int
    units: int


@dataclass
class Traces:
    """What a forward pass came by.

    order     names of the modules that own weights, as they were called
    patterns  by module: 1{z > 0} of the ReLUs that were called before another such module was
    """

    order: list[str] = field(default_factory=list)
    patterns: dict[str, list[torch.Tensor]] = field(default_factory=dict)

    def came_to(self, owner: str) -> None:
        if owner in self.order:  # called again: its place is that of the last call
            self.order.remove(owner)
        self.order.append(owner)
        self.patterns[owner] = []

    def rectified(self, z: torch.Tensor) -> None:
        if self.order:
            self.patterns[self.order[-1]].append(z.detach().flatten(1) > 0.0)


class ModuleEngine:
    """What a record asks of a network, for any torch module of inputs (b, ...) and outputs (b,) or (b, c).

    Layers are the trained weights with two axes or more, in the order in which they act; biases and other parameters
    move too, and count in the linearization and in the kernel. Everything is asked in evaluation mode, and afterwards
    the module, its gradients and torch's random numbers are as before.

    X             (n, ...) inputs; real ones are taken to the type of the module's parameters
    kernel_scale  what the kernel of the gradients is divided by to have a limit as the width grows: 1 for outputs over
                  √m, m for outputs of ±1 (Cao and Gu 2020)
    chunk         examples taken together
    kernel        the empirical kernel will be asked for
    """

    kind: Literal["module"] = "module"

    def __init__(
        self, module: nn.Module, X: AnyArray, kernel_scale: float = 1.0, chunk: int = CHUNK, kernel: bool = False
    ) -> None:
        self._module, self._scale, self._chunk = module, kernel_scale, chunk
        self._trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
        if not any(p.ndim >= 2 for p in self._trained.values()):
            raise InputError(
                "The module must have a trained weight with two axes or more, a parameter with requires_grad; it has "
                "none. Watch it before its weights are frozen, or unfreeze them."
            )
        self._start = {name: p.detach().clone() for name, p in self._trained.items()}
        first = next(iter(self._trained.values()))
        self._place, self._dtype = first.device, first.dtype
        self.n, self._X = len(X), self._tensor(X)
        with self._asking():
            output, traces = self._traced(self._X[:2])
        self.flat = output.ndim == 1  # the module gives (b,)
        if output.ndim > 2 or len(output) != len(self._X[:2]):
            raise InputError(
                f"The module must give one row of outputs an example, (b,) or (b, c); for two examples it gave "
                f"{tuple(output.shape)}. Flatten its outputs, or pass the part of it that does."
            )
        self.outputs = 1 if self.flat else int(output.shape[1])
        self.like = output.new_empty(0)  # of the type and on the device of the outputs
        self._layers = self._found(traces)
        self._start_patterns: list[AnyArray] = []  # of the layers that a ReLU follows, a bit a unit
        self._patterns: list[AnyArray] = []
        if kernel:
            self._check_kernel()

    @property
    def layers(self) -> int:
        return len(self._layers)

    @property
    def names(self) -> list[str]:
        return [layer.name for layer in self._layers]

    @property
    def widths(self) -> list[int]:
        return [int(layer.weight.shape[0]) for layer in self._layers]

    @property
    def width(self) -> int:
        return self.widths[self.last_hidden]

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self._trained.values())

    @property
    def last_hidden(self) -> int:
        """Index of the layer that the last ReLU follows; where none is seen, of the last layer before the output."""
        followed = [i for i, layer in enumerate(self._layers) if layer.units]
        return followed[-1] if followed else max(0, self.layers - 2)

    @property
    def kernel_scale(self) -> float:
        return self._scale

    @property
    def device(self) -> str:
        return told(self._place)

    @property
    def threads(self) -> int:
        return torch.get_num_threads()

    @property
    def precision(self) -> str:
        return f"{str(self._dtype).removeprefix('torch.')}, float64 norms"

    # What a record asks -----------------------------------------------------------------------------------------------

    def forward(self, rows: Indices | None = None) -> Matrix:
        """(b, c) outputs; the patterns of its ReLUs are kept, those of the first call as the start's."""
        with self._asking():
            X = self._X if rows is None else self._X[torch.tensor(rows, device=self._place)]
            outputs, patterns = [], []
            for part in self._parts(X):
                output, traces = self._traced(part)
                outputs.append(output.reshape(len(part), -1))
                patterns.append([_bits(traces, layer) for layer in self._layers if layer.units])
            self._patterns = [np.concatenate(parts) for parts in zip(*patterns, strict=True)]
            self._start_patterns = self._start_patterns or self._patterns
            return as_numpy(torch.cat(outputs).to(torch.float64))

    def gradient_norms(self, G: Matrix) -> Vector:
        """(L,) ‖Σ_i G_i ∂f(x_i)/∂W_l‖_F over all examples."""
        weights = [layer.weight for layer in self._layers]
        with self._asking(), torch.enable_grad():
            sums = [torch.zeros_like(W) for W in weights]
            for part, g in zip(self._parts(self._X), self._parts(self._tensor(G)), strict=True):
                output = self._module(part)
                for total, gradient in zip(sums, _gradient(output, weights, g.reshape(output.shape)), strict=True):
                    total += gradient
        return np.array([norm(total) for total in sums])

    def kernel(self) -> Matrix:
        """(n, n) ⟨∂f(x_i)/∂θ, ∂f(x_j)/∂θ⟩/kernel_scale over all trained parameters, mean over the outputs."""
        parameters = list(self._trained.values())
        rows = torch.empty(self.outputs, self.n, self.parameters, dtype=self._dtype, device=self._place)
        with self._asking(), torch.enable_grad():
            for i in range(self.n):
                output = self._module(self._X[i : i + 1]).reshape(self.outputs)
                for j in range(self.outputs):
                    gradient = _gradient(output[j], parameters, None)
                    rows[j, i] = torch.cat([one.flatten() for one in gradient])
        H = torch.zeros(self.n, self.n, dtype=torch.float64, device=self._place)
        for j in range(self.outputs):
            for first in range(0, self.parameters, SOME):
                part = rows[j, :, first : first + SOME].to(torch.float64)
                H += part @ part.T
        return as_numpy(H) / (self.outputs * self._scale)

    def predict(self, X: AnyArray) -> Matrix:
        with self._asking():
            parts = [self._module(part).reshape(len(part), -1) for part in self._parts(self._tensor(X))]
            return as_numpy(torch.cat(parts).to(torch.float64))

    def linearized(self) -> Matrix:
        """(n, c) f_0(x_i) + ⟨∂f_0(x_i), θ − θ(0)⟩ by one product with the derivative (torch.func.jvp)."""
        movement = {name: p.detach() - self._start[name] for name, p in self._trained.items()}
        parts = []
        with self._asking():
            for part in self._parts(self._X):
                value, change = self._pushed(part, movement)
                parts.append((value.to(torch.float64) + change.to(torch.float64)).reshape(len(part), -1))
            return as_numpy(torch.cat(parts))

    def _pushed(self, X: torch.Tensor, movement: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs at the start, and their derivative along the movement."""

        def outputs(parameters: dict[str, torch.Tensor]) -> torch.Tensor:
            said: torch.Tensor = torch.func.functional_call(self._module, parameters, (X,))
            return said

        with warnings.catch_warnings():  # torch loads parts of its own here that it calls deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            value, change, *_ = torch.func.jvp(outputs, (self._start,), (movement,))
        return value, change

    def distances(self) -> Vector:
        return np.array([norm(D) for D in self._movements()])

    def spectral_distances(self) -> Vector:
        with torch.no_grad(), full_precision():
            return np.array([spectral_norm(D) for D in self._movements()])

    def neuron_movement(self) -> float:
        return math.sqrt(max(float(squares(D, 1).max()) for D in self._movements()))

    def flips(self) -> Vector:
        """(L,) of the ReLU that follows each layer; NaN where none does."""
        portions = np.full(self.layers, np.nan)
        followed = [i for i, layer in enumerate(self._layers) if layer.units]
        for i, now, then in zip(followed, self._patterns, self._start_patterns, strict=True):
            portions[i] = int(np.bitwise_count(now ^ then).sum()) / (self.n * self._layers[i].units)
        return portions

    # The module, asked without a trace --------------------------------------------------------------------------------

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """In evaluation mode, without gradients; afterwards mode and random numbers are as before."""
        modes = [(one, one.training) for one in self._module.modules()]
        devices = [self._place] if self._place.type == "cuda" else []
        try:
            with torch.inference_mode(False), torch.no_grad(), torch.random.fork_rng(devices), full_precision():
                for one, _ in modes:
                    one.training = False
                yield
        finally:
            for one, mode in modes:
                one.training = mode

    def _traced(self, X: torch.Tensor) -> tuple[torch.Tensor, Traces]:
        """Outputs, with what hooks saw on the way."""
        traces, hooks = Traces(), []
        for name, one in self._module.named_modules():
            if isinstance(one, nn.ReLU):
                hooks.append(one.register_forward_pre_hook(lambda _, z: traces.rectified(z[0])))
            elif any(p.ndim >= 2 for p in one.parameters(recurse=False)):
                hooks.append(one.register_forward_pre_hook(lambda _, z, owner=name: traces.came_to(owner)))
        try:
            return self._module(X), traces
        finally:
            for hook in hooks:
                hook.remove()

    def _found(self, traces: Traces) -> list[Layer]:
        """The layers in the order of their modules' calls.

        A module that owns several weights is taken to send them through its ReLUs one after the other. What was not
        called, as far as hooks see, comes last.
        """
        owned: dict[str, list[str]] = {owner: [] for owner in traces.order}
        for name, p in self._trained.items():
            if p.ndim >= 2:
                owned.setdefault(name.rpartition(".")[0], []).append(name)
        return [
            Layer(name, self._trained[name], owner, call, _units(traces, owner, call))
            for owner, names in owned.items()
            for call, name in enumerate(names)
        ]

    def _movements(self) -> list[torch.Tensor]:
        """W_l − W_l(0), a row a neuron."""
        return [(layer.weight.detach() - self._start[layer.name]).flatten(1) for layer in self._layers]

    def _parts(self, X: torch.Tensor) -> list[torch.Tensor]:
        return [X[first : first + self._chunk] for first in range(0, len(X), self._chunk)]

    def _tensor(self, array: AnyArray) -> torch.Tensor:
        tensor = torch.tensor(np.ascontiguousarray(array), device=self._place)
        return tensor.to(self._dtype) if tensor.is_floating_point() else tensor

    def _check_kernel(self) -> None:
        size = self.n * self.outputs * self.parameters * torch.finfo(self._dtype).bits // 8
        if 3 * 8 * self.n**2 > KERNEL_BYTES:
            raise InputError(
                f"kernel_eigenvalues takes three n × n matrices: {3 * 8 * self.n**2 / 1e9:.1f} GB for {self.n:,} "
                f"examples, above {KERNEL_BYTES / 1e9:.1f} GB. Give fewer examples, or leave it out."
            )
        if size > KERNEL_BYTES:
            raise InputError(
                f"kernel_eigenvalues needs the derivative of every output in every parameter at once: {size / 1e9:.1f} "
                f"GB for {self.n:,} examples and {self.parameters:,} parameters, above {KERNEL_BYTES / 1e9:.1f} GB. "
                "Give fewer examples, or leave it out."
            )


def _gradient(
    output: torch.Tensor, weights: Sequence[torch.Tensor], g: torch.Tensor | None
) -> tuple[torch.Tensor, ...]:
    return torch.autograd.grad(output, weights, g, allow_unused=True, materialize_grads=True)


def _units(traces: Traces, owner: str, call: int) -> int:
    calls = traces.patterns.get(owner, [])
    return int(calls[call].shape[1]) if call < len(calls) else 0


def _bits(traces: Traces, layer: Layer) -> AnyArray:
    return np.packbits(as_numpy(traces.patterns[layer.owner][layer.call]), axis=1)
