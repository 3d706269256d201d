"""`manifest.json` of a checkpoint (`prefit.checkpoint/1`, docs/checkpoints.md): which run, stages and files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from prefit.errors import InputError
from prefit.storage.files import PLAIN_KINDS, sha256_of, write_whole

FORMAT = "prefit.checkpoint/1"
NAME = "manifest.json"
FILE = re.compile(r"(\d{6,})-[A-Za-z0-9_.-]{1,120}\.npy")  # the files of arrays that we write, and no others


@dataclass(frozen=True)
class Part:
    """One .npy file: a whole array, or some columns of one that grows."""

    file: str
    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True)
class Stored:
    """One array of a stage.

    fortran   order of its files, and of the array when it is read
    last      sha256 of the last column of an array that grows; None for other arrays
    """

    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    parts: tuple[Part, ...]
    last: str | None = None


@dataclass(frozen=True)
class Stage:
    facts: dict[str, Any]
    arrays: dict[str, Stored]


@dataclass(frozen=True)
class Manifest:
    """What a checkpoint holds.

    run        what the run is of: data, options, machine; JSON values
    command    the options as they were typed; None for a run of the library
    finished   sha256 of the result file, after which no stages are kept
    """

    run: dict[str, Any]
    command: dict[str, Any] | None = None
    stages: dict[str, Stage] = field(default_factory=dict)
    finished: str | None = None

    @property
    def files(self) -> set[str]:
        return {part.file for stage in self.stages.values() for one in stage.arrays.values() for part in one.parts}

    def text(self) -> str:
        """JSON with its own sha256: of the same object without that member, keys sorted, without spaces."""
        whole = {"format": FORMAT, **_plain(asdict(self))}
        return json.dumps({**whole, "sha256": _digest(whole)}, indent=1) + "\n"

    def write(self, folder: Path) -> None:
        write_whole(folder / NAME, self.text().encode("utf-8"))


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, None where there is none; raises InputError where it cannot be used."""
    path = folder / NAME
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Give the right to read it.") from error
    try:
        return _parsed(json.loads(content.decode("utf-8")))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise damaged(path, "it is not what was written there") from error


def damaged(path: Path, how: str) -> InputError:
    return InputError(
        f"The checkpoint is damaged: {path}: {how}. Restore that file, or leave --resume out to start from the "
        "beginning."
    )


def _plain(value: Any) -> Any:
    """The same in JSON's own types."""
    return json.loads(json.dumps(value, default=_own_type))


def _own_type(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"facts that are kept must be JSON values, got {type(value).__name__}. Keep arrays as arrays.")


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as they will be read again: lists for tuples, numbers for numpy's; raises TypeError for anything else."""
    plain: dict[str, Any] = _plain(dict(facts))
    return plain


def _digest(whole: dict[str, Any]) -> str:
    return sha256_of(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode("utf-8"))


def _parsed(whole: dict[str, Any]) -> Manifest:
    expected = whole.pop("sha256")
    if whole["format"] != FORMAT or _digest(whole) != expected:
        raise ValueError
    return Manifest(
        run=dict(whole["run"]),
        command=None if whole["command"] is None else dict(whole["command"]),
        stages={name: _stage(stage) for name, stage in whole["stages"].items()},
        finished=None if whole["finished"] is None else str(whole["finished"]),
    )


def _stage(stage: dict[str, Any]) -> Stage:
    return Stage(dict(stage["facts"]), {name: _stored(one) for name, one in stage["arrays"].items()})


def _stored(one: dict[str, Any]) -> Stored:
    parts = tuple(Part(part["file"], _shape(part["shape"]), str(part["sha256"])) for part in one["parts"])
    stored = Stored(str(one["dtype"]), _shape(one["shape"]), bool(one["fortran"]), parts, one["last"])
    if np.dtype(stored.dtype).kind not in PLAIN_KINDS or not all(FILE.fullmatch(part.file) for part in parts):
        raise ValueError
    return stored


def _shape(values: list[int]) -> tuple[int, ...]:
    if any(type(value) is not int or value < 0 for value in values):
        raise ValueError
    return tuple(values)
