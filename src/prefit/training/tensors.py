"""The few operations on tensors that the deep net and a user's own module share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np

from prefit._shapes import AnyArray
from prefit.errors import InputError
from prefit.training.extra import without_torch
from prefit.training.norms import DIRECT, top_root

try:
    import torch
except ModuleNotFoundError as error:
    raise without_torch("A deep network") from error


@contextmanager
def full_precision(threads: int | None = None) -> Iterator[None]:
    """Products of float32 in float32 (no TF32, no bfloat16), so many threads; afterwards as it was."""
    precision, before = torch.get_float32_matmul_precision(), torch.get_num_threads()
    torch.set_float32_matmul_precision("highest")
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.set_float32_matmul_precision(precision)


def device_named(name: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """The device; "auto" is CUDA where there is one."""
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise InputError(
            "The device cuda needs a CUDA device and a torch built for it; torch finds none. Leave the option out, or "
            "say cpu."
        )
    return torch.device("cuda" if name == "cuda" or (name == "auto" and there) else "cpu")


def told(device: torch.device) -> str:
    """The device in words."""
    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type


def as_numpy(tensor: torch.Tensor) -> AnyArray:
    """A copy as an array, off the device."""
    return np.array(tensor.detach().cpu().numpy())


def norm(tensor: torch.Tensor) -> float:
    """‖·‖_F, summed in float64."""
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64))


def squares(tensor: torch.Tensor, axis: int) -> torch.Tensor:
    """Squared lengths along an axis, summed in float64."""
    lengths: torch.Tensor = torch.linalg.vector_norm(tensor, dim=axis, dtype=torch.float64)
    return lengths.square()


def spectral_norm(D: torch.Tensor) -> float:
    """‖D‖_2 of a matrix: of the smaller Gram matrix where that is small, else by Lanczos from a fixed start."""
    if min(D.shape) <= DIRECT:
        wide = D.to(torch.float64) if D.shape[0] <= D.shape[1] else D.T.to(torch.float64)
        return float(np.sqrt(max(0.0, float(torch.linalg.eigvalsh(wide @ wide.T)[-1]))))
    if norm(D) == 0.0:
        return 0.0

    def gram(x: AnyArray) -> AnyArray:
        return as_numpy((D.T @ (D @ torch.as_tensor(x, dtype=D.dtype, device=D.device))).to(torch.float64))

    return top_root(gram, int(D.shape[1]))
