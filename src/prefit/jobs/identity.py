"""What run a checkpoint belongs to, and how another run differs from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import numpy as np

from prefit._shapes import AnyArray
from prefit.data import LabelledData
from prefit.data.labelled import Split
from prefit.errors import InputError
from prefit.jobs.memory import allowed_bytes, size_text
from prefit.jobs.run_options import JobOptions

# Options whose defaults depend on the machine: the run that goes on takes its own.
RESOLVED = ("threads", "memory", "device")
Identity = dict[str, Any]
Asked = TypeVar("Asked", bound=JobOptions)


def identity_of(data: LabelledData, options: JobOptions, beside: Mapping[str, object]) -> Identity:
    """All that a run's digits depend on, as JSON values.

    beside   options that chose the data and stand neither in `data.chosen` nor in `options`, by their names
    """
    from prefit import __version__

    return {
        "job": options.job,
        "prefit": __version__,
        "options": {"SOURCE": data.source} | _texts(beside) | dict(data.chosen) | _asked(options),
        "threads": options.worker_count,
        "memory": allowed_bytes(options.memory),
        "device": options.place,
        "versions": _versions(options),
        "data": fingerprints(data),
    }


def _versions(options: JobOptions) -> dict[str, str]:
    found = {}
    for name in options.packages:
        with suppress(PackageNotFoundError):  # the run that needs it says so
            found[name] = version(name)
    return found


def _asked(options: JobOptions) -> dict[str, str]:
    names = [one.name for one in fields(options) if one.name not in (*RESOLVED, "normalize")]
    asked: dict[str, object] = {_flag(name): getattr(options, name) for name in names}
    return _texts(asked | {"--no-normalize": not getattr(options, "normalize", True)})


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """As a message shows them; what was not given is left out."""
    given = {name: value for name, value in values.items() if not (value is None or value is False or value == ())}
    return {name: _text(value) for name, value in given.items()}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "given" if value is True else str(value)


def fingerprints(data: LabelledData) -> dict[str, str]:
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


def check_same(before: Identity, now: Identity, options: JobOptions) -> None:
    """Raise InputError with every difference between the run that was kept and the one that is asked for."""
    check_same_job(before, options.job)
    differences = [*_options_that_differ(before, now), *_places_that_differ(before, now, options)]
    data = [name for name in now["data"] | before["data"] if before["data"].get(name) != now["data"].get(name)]
    if data:
        differences.append(f"the data differ: {', '.join(data)}")
    if differences:
        raise InputError(
            f"--resume continues a run with the data and the options it had, but {'; '.join(differences)}. "
            f"Give those again (prefit {options.job} --resume DIR and nothing more does it), or leave --resume out to "
            "start from the beginning."
        )


def check_same_job(before: Identity, job: str) -> None:
    """Raise InputError where the run that was kept is one of another command."""
    kept = before.get("job", "forecast")
    if kept != job:
        raise InputError(
            f"--resume continues a run of the same command, but the run that was saved there is one of prefit {kept}. "
            f"Type prefit {kept}, or name the folder of a run of prefit {job}."
        )


def _options_that_differ(before: Identity, now: Identity) -> list[str]:
    old = {"the version of prefit": before["prefit"]} | before["options"]
    new = {"the version of prefit": now["prefit"]} | now["options"]
    names = [name for name in old | new if old.get(name) != new.get(name)]
    return [f"{name} was {old.get(name, 'not given')}, now {new.get(name, 'not given')}" for name in names]


def _places_that_differ(before: Identity, now: Identity, options: JobOptions) -> list[str]:
    """Threads, memory and device where they are asked for: else the run goes on with those it had, or cannot."""
    said = []
    if options.threads is not None and options.threads != before["threads"]:
        said.append(f"--threads was {before['threads']}, now {options.threads}")
    if options.memory is not None and options.memory != before["memory"]:
        said.append(f"--memory was {size_text(before['memory'])}, now {size_text(options.memory)}")
    device = before.get("device", now["device"])
    if device != now["device"] and (options.device != "auto" or device != "cpu"):
        said.append(f"it was computed on {device}, now {now['device']}")
    return said


def versions_that_differ(before: Identity, now: Identity) -> str | None:
    """A warning where the run was begun with other versions of what computes it."""
    old, new = before.get("versions", {}), now["versions"]
    said = [f"{name} {old[name]}, now {new[name]}" for name in new if old.get(name, new[name]) != new[name]]
    if not said:
        return None
    return f"The run was begun with {', '.join(said)}: its digits from here on need not be those of one uninterrupted."


def with_places_of(before: Identity, options: Asked) -> Asked:
    """The options with threads, memory and device that the run had: sums keep their order, the operator its kind."""
    device = before.get("device", options.place).partition(" ")[0]
    return replace(options, threads=before["threads"], memory=before["memory"], device=device)
