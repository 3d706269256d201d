"""What was read off the figures of Arora et al. (2019), arXiv:1901.08584 (papers/README.md says how)."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from prefit._shapes import Vector

PAPER = "Arora et al. (2019)"
STEP_SIZE = 1e-3  # η as the paper prints it (Appendix A)
INIT_SCALE = 1e-2  # κ
WIDTH = 10_000  # m
EXAMPLES = 10_000  # n


@dataclass(frozen=True)
class Curve:
    """Points (x_i, y_i) of one curve, in the units of the axes, x increasing."""

    x: Vector
    y: Vector


@functools.cache
def _curves() -> dict[tuple[str, str], Curve]:
    text = files("prefit.experiments").joinpath("papers", "arora2019_figures.csv").read_text(encoding="utf-8")
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in csv.DictReader(text.splitlines()):
        points.setdefault((row["figure"], row["series"]), []).append((float(row["x"]), float(row["y"])))
    return {key: Curve(*np.array(found).T) for key, found in points.items()}


def curve(panel: str, series: str) -> Curve:
    """A curve by its panel ("1a" … "2b") and its name in the file."""
    return _curves()[panel, series]
