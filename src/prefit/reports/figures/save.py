"""The figures as files for papers, drawn by vl-convert without a browser."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from prefit.errors import InputError
from prefit.storage import write_whole

_PNG_SCALE = 3  # pixels per point: 560 points become 1,680 pixels, 300 dpi at 5.6 inches
Spec = dict[str, Any]


@functools.cache
def vega_lite_version() -> str:
    """Altair's own Vega-Lite where vl-convert has it, else the newest there is."""
    wanted = alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    known = vl_convert.get_vegalite_versions()
    return wanted if wanted in known else known[-1]


def _svg(spec: Spec) -> bytes:
    text: str = vl_convert.vegalite_to_svg(spec, vl_version=vega_lite_version())
    return text.encode()


def _pdf(spec: Spec) -> bytes:
    return bytes(vl_convert.vegalite_to_pdf(spec, vl_version=vega_lite_version()))


def _png(spec: Spec) -> bytes:
    return bytes(vl_convert.vegalite_to_png(spec, vl_version=vega_lite_version(), scale=_PNG_SCALE))


_FORMATS: dict[str, Callable[[Spec], bytes]] = {"svg": _svg, "pdf": _pdf, "png": _png}


def save_charts(
    charts: Mapping[str, alt.LayerChart], folder: str | os.PathLike[str], formats: Sequence[str] = ("svg", "pdf", "png")
) -> list[Path]:
    """Write each figure in each format into `folder`, made where it is missing, and return the paths.

    A file is written whole or not at all; nothing is written if a format is unknown.
    """
    unknown = [name for name in formats if name not in _FORMATS]
    if unknown:
        raise InputError(f"figures can be written as {', '.join(_FORMATS)}; got {unknown[0]!r}. Name some of these.")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    specs = {name: chart.to_dict() for name, chart in charts.items()}
    return [
        write_whole(place / f"{name}.{kind}", _FORMATS[kind](spec)) for name, spec in specs.items() for kind in formats
    ]
