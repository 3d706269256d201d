"""The arrays of a run folder: `trajectory.npz`, and the weights at some steps (docs/run-document.md)."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prefit._shapes import AnyArray
from prefit.errors import InputError
from prefit.storage import write_whole
from prefit.storage.files import PLAIN_KINDS
from prefit.training import Outcome

DOCUMENT = "run.json"
TRAJECTORY = "trajectory.npz"
WEIGHTS = "weights"
OWN = re.compile(r"step-\d{8,}\.npz")  # files that we write there, and no others


def file_names(steps: list[int]) -> dict[str, str]:
    """Path in the folder of everything that is kept, by name: "trajectory", "weights at step 100".

    >>> file_names([0, 100])["weights at step 100"]
    'weights/step-00000100.npz'
    """
    return {"trajectory": TRAJECTORY} | {f"weights at step {step}": _weights_name(step) for step in sorted(steps)}


def _weights_name(step: int) -> str:
    return f"{WEIGHTS}/step-{step:08d}.npz"


def write_arrays(outcome: Outcome, folder: Path) -> None:
    """Write the trajectory and the weights, each file whole; raises InputError where the folder cannot be written.

    An older run's document goes first: killed in between, no document names another run's arrays.
    """
    try:
        (folder / DOCUMENT).unlink(missing_ok=True)
        (folder / WEIGHTS).mkdir(parents=True, exist_ok=True)
        write_whole(folder / TRAJECTORY, packed(outcome.trajectory.arrays()))
        for step, arrays in outcome.weights.items():
            write_whole(folder / _weights_name(step), packed(arrays))
    except OSError as error:
        raise InputError(f"--out must be a folder that can be written: {folder}: {error.strerror}.") from error


def remove_others(files: Mapping[str, str], folder: Path) -> None:
    """Weights that an older run left and this one has not written."""
    mine = {folder / path for path in files.values()}
    for path in (folder / WEIGHTS).glob("step-*.npz"):
        if OWN.fullmatch(path.name) and path not in mine:
            with contextlib.suppress(OSError):
                path.unlink()


def packed(arrays: Mapping[str, AnyArray]) -> bytes:
    """Arrays of numbers as the bytes of a .npz file: nothing is pickled."""
    assert all(array.dtype.kind in PLAIN_KINDS for array in arrays.values())
    out = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez(out, **named)
    return out.getvalue()
