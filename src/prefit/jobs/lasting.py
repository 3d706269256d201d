"""Runs that survive: begun, continued, or found finished in their folder of results."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefit.data import LabelledData
from prefit.errors import InputError
from prefit.jobs.identity import Asked, check_same, identity_of, versions_that_differ, with_places_of
from prefit.storage import FolderKeeper, Manifest, sha256_of


def unheard(sentence: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Lasting:
    """How a run is kept in the folder of its results."""

    out: Path
    resume: bool = False  # go on from what an earlier run kept there
    checkpoint: float = 60.0  # seconds between saves
    command: Mapping[str, Any] | None = None  # as typed, so that naming the folder is enough to go on
    beside: Mapping[str, object] = field(default_factory=dict)  # as for `identity_of`
    tell: Callable[[str], None] = unheard  # where the run starts from, and how it will be done
    warn: Callable[[str], None] = unheard  # that its state, or a part of it, cannot be saved

    def __post_init__(self) -> None:
        try:
            seconds = math.nan if isinstance(self.checkpoint, bool) else float(self.checkpoint)
        except (TypeError, ValueError):
            seconds = math.nan
        if not 0.0 < seconds < math.inf:
            raise InputError(
                f"--checkpoint must be a positive number of seconds, got {self.checkpoint!r}. "
                "Give another value, or leave the option out."
            )
        object.__setattr__(self, "checkpoint", seconds)

    @property
    def keeper(self) -> FolderKeeper:
        return FolderKeeper(self.out, self.checkpoint, self.warn, self.tell)


def entered(
    keeper: FolderKeeper, data: LabelledData, options: Asked, lasting: Lasting, result: str
) -> tuple[Asked, str | None]:
    """The options to run with and, where the run is finished already, the text of its result, a file of this name.

    The options say how many threads and how much memory: those of the run that goes on, or what this machine has.
    Raises InputError where an earlier run is to be resumed with other data or options.
    """
    identity = identity_of(data, options, lasting.beside)
    found = keeper.found() if lasting.resume else None
    if found is not None:
        check_same(found.run, identity, options)
        differing = versions_that_differ(found.run, identity)
        if differing is not None and found.stages:
            lasting.warn(differing)
        identity = found.run
    resolved = with_places_of(identity, options)
    text = None if found is None else _result(lasting.out / result, found)
    if found is not None and (found.stages or text is not None):
        keeper.go_on(found)
        if text is None:
            lasting.tell(f"The run goes on from what was saved in {keeper.place}.")
        return resolved, text
    if lasting.resume:
        lasting.tell(_from_the_beginning(keeper, found))
    keeper.begin(identity, lasting.command)
    return resolved, None


def _from_the_beginning(keeper: FolderKeeper, found: Manifest | None) -> str:
    if found is not None and found.finished is not None:
        return f"The run was finished, but its result in {keeper.out} has changed since: it is made again."
    return f"Nothing was saved in {keeper.place}: the run starts from the beginning."


def _result(path: Path, found: Manifest) -> str | None:
    """The text of a finished run's result; None where the file, or one that it names, is missing or another one."""
    if found.finished is None:
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if sha256_of(content) != found.finished:
        return None
    text = content.decode("utf-8")
    beside = json.loads(text).get("files", {})
    return text if all((path.parent / name).is_file() for name in beside.values()) else None
