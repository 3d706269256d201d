"""What run a checkpoint belongs to, and how another run differs from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from prefit._shapes import AnyArray
from prefit.data import LabelledData
from prefit.data.labelled import Split
from prefit.errors import InputError
from prefit.jobs.memory import SHARE, free_bytes, size_text
from prefit.jobs.options import ForecastOptions

RESOLVED = ("threads", "memory")  # options whose defaults depend on the machine: the run that goes on takes its own
Identity = dict[str, Any]


def identity_of(data: LabelledData, options: ForecastOptions, beside: Mapping[str, object]) -> Identity:
    """All that a run's digits depend on, as JSON values.

    beside   options that chose the data and stand neither in `data.chosen` nor in `options`, by their names
    """
    from prefit import __version__

    return {
        "prefit": __version__,
        "options": {"SOURCE": data.source} | _texts(beside) | dict(data.chosen) | _asked(options),
        "threads": options.worker_count,
        "memory": options.memory or int(SHARE * free_bytes()),
        "data": _fingerprints(data),
    }


def _asked(options: ForecastOptions) -> dict[str, str]:
    names = [one.name for one in fields(options) if one.name not in (*RESOLVED, "normalize")]
    asked: dict[str, object] = {_flag(name): getattr(options, name) for name in names}
    return _texts(asked | {"--no-normalize": not options.normalize})


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """As a message shows them; what was not given is left out."""
    given = {name: value for name, value in values.items() if value is not None and value is not False}
    return {name: "given" if value is True else str(value) for name, value in given.items()}


def _fingerprints(data: LabelledData) -> dict[str, str]:
    """sha256 of the inputs and the labels of each split, as they were loaded."""
    prints = _of_split("training", data.train)
    return prints if data.test is None else prints | _of_split("test", data.test)


def _of_split(name: str, split: Split) -> dict[str, str]:
    labels = [array for array in (split.labels, split.targets) if array is not None]
    return {f"{name} inputs": _sha256(split.X), f"{name} labels": _sha256(*labels)}


def _sha256(*arrays: AnyArray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def check_same(before: Identity, now: Identity, options: ForecastOptions) -> None:
    """Raise InputError with every difference between the run that was kept and the one that is asked for."""
    differences = [*_options_that_differ(before, now), *_places_that_differ(before, options)]
    data = [name for name in now["data"] | before["data"] if before["data"].get(name) != now["data"].get(name)]
    if data:
        differences.append(f"the data differ: {', '.join(data)}")
    if differences:
        raise InputError(
            f"--resume continues a run with the data and the options it had, but {'; '.join(differences)}. "
            "Give those again, or leave --resume out to start from the beginning."
        )


def _options_that_differ(before: Identity, now: Identity) -> list[str]:
    old = {"the version of prefit": before["prefit"]} | before["options"]
    new = {"the version of prefit": now["prefit"]} | now["options"]
    names = [name for name in old | new if old.get(name) != new.get(name)]
    return [f"{name} was {old.get(name, 'not given')}, now {new.get(name, 'not given')}" for name in names]


def _places_that_differ(before: Identity, options: ForecastOptions) -> list[str]:
    """Threads and memory where they are asked for: else the run goes on with those it had."""
    said = []
    if options.threads is not None and options.threads != before["threads"]:
        said.append(f"--threads was {before['threads']}, now {options.threads}")
    if options.memory is not None and options.memory != before["memory"]:
        said.append(f"--memory was {size_text(before['memory'])}, now {size_text(options.memory)}")
    return said


def with_places_of(before: Identity, options: ForecastOptions) -> ForecastOptions:
    """The options with the threads and the memory that the run had: sums keep their order, the operator its kind."""
    return replace(options, threads=before["threads"], memory=before["memory"])
