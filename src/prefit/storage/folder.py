"""The keeper of a long run: OUT/checkpoint/ with a manifest and .npy files, whole at every instant."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from prefit._shapes import AnyArray
from prefit.errors import InputError
from prefit.storage.files import Damaged, last_column_digest, read_array, sync_folder, write_array
from prefit.storage.keeper import Saved
from prefit.storage.lock import Lock
from prefit.storage.manifest import FILE, NAME, Manifest, Part, Stage, Stored, damaged, plain_facts, read_manifest

FOLDER = "checkpoint"  # in the folder of the results
OWN_FILES = "files"  # in the checkpoint, for what a stage writes by itself
WORTH = 5.0  # seconds of work that are worth keeping: a shorter run leaves no checkpoint behind
UNFINISHED = re.compile(rf"\.{re.escape(NAME)}\..*\.part")


class FolderKeeper:
    """Keeps the state of the run that writes to the folder `out`, in `out`/checkpoint (docs/checkpoints.md).

    A state is written under new names, synchronised, then named by the manifest, which is replaced in one step; only
    then the files of the former state go. A disk that fails leaves the former state as it was, and the run goes on.

    out     folder of the results; made where it is missing, and removed again if nothing was kept in it
    every   seconds between saves
    warn    is told once, in a sentence, that saving fails; and what else stages find worth a warning
    tell    is told how the run goes

    >>> import tempfile
    >>> out = tempfile.mkdtemp()
    >>> with FolderKeeper(Path(out), every=0.0) as keeper:
    ...     keeper.begin({"seed": 0})
    ...     keeper.save("sums", {"row": 7}, {"total": np.ones(3)})
    >>> with FolderKeeper(Path(out)) as keeper:
    ...     keeper.go_on(keeper.found())
    ...     keeper.load("sums")
    Saved(facts={'row': 7}, arrays={'total': array([1., 1., 1.])})
    """

    def __init__(
        self,
        out: Path,
        every: float = 60.0,
        warn: Callable[[str], None] = lambda sentence: None,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.out, self.place, self.every, self.warn, self.tell = out, out / FOLDER, every, warn, tell
        self._lock = Lock(self.place / "lock")
        self._manifest: Manifest | None = None
        self._made: list[Path] = []
        self._failing = False
        self._early: dict[str, Stage] = {}  # stages without arrays, saved before the run was worth keeping
        self._opened = self._last = time.monotonic()
        self._serial = 0

    # Opening and closing ---------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Make the folder and lock it; raises InputError where none can be, and where another run writes to it."""
        try:
            self._made = [path for path in (self.place, *self.place.parents) if not path.exists()]
            self.place.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except BaseException as error:
            self._remove_folders()
            if isinstance(error, OSError):
                raise self._cannot(error) from error
            raise
        self._opened = self._last = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unlock; what was kept stays, and a folder where nothing was kept goes."""
        if self._manifest is not None and not self.kept:
            with contextlib.suppress(OSError):
                self._remove_files(set(), own=True)
                (self.place / NAME).unlink(missing_ok=True)
        self._lock.release()
        self._remove_folders()

    def found(self) -> Manifest | None:
        """What an earlier run left here; raises InputError where it is damaged."""
        return read_manifest(self.place)

    def begin(self, run: Mapping[str, Any], command: Mapping[str, Any] | None = None) -> None:
        """Start a new run: what an earlier one kept goes."""
        try:
            self._replace(Manifest(plain_facts(run), None if command is None else plain_facts(command)))
        except OSError as error:
            raise self._cannot(error) from error

    def go_on(self, found: Manifest) -> None:
        """Continue the run that was found."""
        self._manifest = found
        with contextlib.suppress(OSError):  # leftovers of a killed save: no harm where they cannot be removed
            self._remove_files(found.files, own=not found.stages)

    def finish(self, sha256: str) -> None:
        """The result is written: the states go, what the run was of and the result's sha256 stay."""
        assert self._manifest is not None
        try:
            self._replace(replace(self._manifest, stages={}, finished=sha256))
        except OSError as error:
            self.warn(f"The result is written, but {self.place} could not be cleared: {error.strerror or error}.")

    @property
    def kept(self) -> bool:
        """Whether the folder holds anything to go on from, or a finished run; as the disk has it."""
        try:
            manifest = self.found()
        except InputError:
            return True
        return manifest is not None and (bool(manifest.stages) or manifest.finished is not None)

    def _replace(self, manifest: Manifest) -> None:
        manifest.write(self.place)
        self._manifest = manifest
        self._remove_files(manifest.files, own=True)

    def _cannot(self, error: OSError) -> InputError:
        return InputError(
            f"--out must be a folder that can be written: {self.out}: {error.strerror or error}. Name another folder."
        )

    def _remove_folders(self) -> None:
        """The folders that are empty, of those we own or have made."""
        for path in (self.place / OWN_FILES, self.place, *(path for path in self._made if path != self.place)):
            with contextlib.suppress(OSError):
                path.rmdir()

    # Saving ----------------------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path | None:
        place = self.place / OWN_FILES
        try:
            place.mkdir(exist_ok=True)
        except OSError:
            return None
        return place

    def due(self) -> bool:
        return time.monotonic() - self._last >= self.every

    def save(
        self,
        stage: str,
        facts: Mapping[str, Any],
        arrays: Mapping[str, AnyArray],
        grown: Mapping[str, AnyArray] | None = None,
    ) -> None:
        """As `Keeper.save`; before the run has lasted `every` or WORTH seconds, arrays are let go, and facts wait."""
        assert self._manifest is not None
        plain, former, now = plain_facts(facts), self._manifest, time.monotonic()
        if not former.stages and now - self._opened < min(self.every, WORTH):
            if not arrays and not grown:
                self._early[stage] = Stage(plain, {})
            return
        try:
            self._save(former, stage, plain, arrays, grown or {})
            self._failing, self._early = False, {}
        except OSError as error:
            self._after_failure(former, error)
        self._last = time.monotonic()

    def _save(
        self,
        former: Manifest,
        stage: str,
        facts: dict[str, Any],
        arrays: Mapping[str, AnyArray],
        grown: Mapping[str, AnyArray],
    ) -> None:
        before = former.stages[stage].arrays if stage in former.stages else {}
        stored = {name: self._whole(stage, name, array) for name, array in arrays.items()}
        stored |= {name: self._columns(stage, name, array, before.get(name)) for name, array in grown.items()}
        sync_folder(self.place)
        manifest = replace(former, stages={**self._early, **former.stages, stage: Stage(facts, stored)})
        manifest.write(self.place)
        self._manifest = manifest
        with contextlib.suppress(OSError):
            self._unlink(former.files - manifest.files)

    def _whole(self, stage: str, name: str, array: AnyArray) -> Stored:
        array = np.asarray(array)
        fortran = bool(array.flags.f_contiguous and not array.flags.c_contiguous)
        part = self._part(stage, name, array, fortran)
        return Stored(array.dtype.str, array.shape, fortran, (part,))

    def _columns(self, stage: str, name: str, array: AnyArray, before: Stored | None) -> Stored:
        """The columns that are new; all of them where the array is not the one whose columns were written."""
        n, m = array.shape
        parts = before.parts if before is not None and _continues(array, before) else ()
        start = sum(part.shape[1] for part in parts)
        if m > start:
            parts = (*parts, self._part(stage, name, array[:, start:], fortran=True))
        last = last_column_digest(array, m - 1) if m else ""
        return Stored(array.dtype.str, (n, m), True, parts, last)

    def _part(self, stage: str, name: str, array: AnyArray, fortran: bool) -> Part:
        self._serial = max(self._serial, self._highest_serial()) + 1
        file = f"{self._serial:06d}-{_safe(stage)}-{_safe(name)}.npy"
        return Part(file, array.shape, write_array(self.place / file, array, fortran))

    def _highest_serial(self) -> int:
        """Of the files there, those of a save that was killed among them; looked up once."""
        if self._serial:
            return self._serial
        return max((int(found.group(1)) for found in map(FILE.fullmatch, os.listdir(self.place)) if found), default=0)

    def _after_failure(self, former: Manifest, error: OSError) -> None:
        """Go on with the state that the manifest on the disk names, and say so once."""
        with contextlib.suppress(OSError, InputError):
            self._manifest = self.found() or former
            if self._manifest == former:  # else the failure came after the step that counts: keep both states' files
                self._remove_files(former.files)
        if not self._failing:
            self.warn(
                f"The state of the run could not be saved in {self.place}: {error.strerror or error}; "
                f"the run goes on, and {'the state saved before stays valid' if former.stages else 'nothing is saved'}."
            )
        self._failing = True

    def _remove_files(self, named: set[str], own: bool = False) -> None:
        """Our files that the manifest does not name; with `own`, those too that stages have written by themselves."""
        ours = [name for name in os.listdir(self.place) if FILE.fullmatch(name) or UNFINISHED.fullmatch(name)]
        self._unlink(set(ours) - named)
        place = self.place / OWN_FILES
        if own and place.is_dir():
            for path in place.iterdir():
                if path.is_file():
                    path.unlink(missing_ok=True)

    def _unlink(self, names: set[str]) -> None:
        for name in sorted(names):
            (self.place / name).unlink(missing_ok=True)

    # Loading ---------------------------------------------------------------------------------------------------------

    def load(self, stage: str) -> Saved | None:
        assert self._manifest is not None
        kept = self._manifest.stages.get(stage, self._early.get(stage))
        if kept is None:
            return None
        return Saved(dict(kept.facts), {name: self._read(stored) for name, stored in kept.arrays.items()})

    def _read(self, stored: Stored) -> AnyArray:
        out = np.empty(stored.shape, np.dtype(stored.dtype), order="F" if stored.fortran else "C")
        for part, target in _targets(stored, out):
            path = self.place / part.file
            try:
                read_array(path, target, stored.fortran, part.sha256)
            except Damaged as error:
                raise damaged(path, str(error)) from error
            except OSError as error:
                raise damaged(path, error.strerror or str(error)) from error
        return out


def resumable(out: Path) -> bool:
    """Whether the folder of results holds the state of a run that did not come to its end."""
    with contextlib.suppress(InputError):
        found = read_manifest(out / FOLDER)
        return found is not None and bool(found.stages)
    return False


def _continues(array: AnyArray, before: Stored) -> bool:
    """Whether the columns written before are the array's first ones: by shape, type and the last one's sha256."""
    if before.last is None or len(before.shape) != 2 or array.dtype.str != before.dtype:
        return False
    n, m = before.shape
    if array.shape[0] != n or array.shape[1] < m:
        return False
    return m > 0 and last_column_digest(array, m - 1) == before.last


def _targets(stored: Stored, out: AnyArray) -> Iterator[tuple[Part, AnyArray]]:
    """Where in the array the contents of each file go."""
    if stored.last is None:
        yield from ((part, out) for part in stored.parts)
        return
    start = 0
    for part in stored.parts:
        yield part, out[:, start : start + part.shape[1]]
        start += part.shape[1]


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:50] or "x"
