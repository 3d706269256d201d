"""The finished parts of a study: files that are there whole or not at all, and are not computed twice."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from prefit._shapes import AnyArray
from prefit.storage import write_whole

Arrays = dict[str, AnyArray]
Portion = Callable[[float], None]
IDENTITY = "identity"  # the array that holds, as bytes of JSON, what the cell was made from
READING = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)  # what a damaged file raises


@dataclass(frozen=True)
class Cells:
    """Keeps each finished cell of a study as `folder`/NAME.npz, with its identity: version, options, data.

    A cell whose identity is another is made anew. An interrupt loses the cell that is under way, no other.

    facts   part of every cell's identity
    show    is told the phase and the portion of it that is done
    tell    is told sentences

    >>> import tempfile
    >>> cells = Cells(Path(tempfile.mkdtemp()), {"study": "sums"})
    >>> cells.one("two", {"n": 2}, lambda portion: {"sum": np.array(3)})["sum"]
    array(3)
    >>> cells.one("two", {"n": 2}, lambda portion: {"sum": np.array(4)})["sum"]  # not made twice
    array(3)
    """

    folder: Path
    facts: Mapping[str, Any]
    show: Callable[[str, float], None] = lambda phase, portion: None
    tell: Callable[[str], None] = lambda sentence: None
    used: list[str] = field(default_factory=list)  # names of cells that were found finished

    def one(self, name: str, facts: Mapping[str, Any], make: Callable[[Portion], Arrays]) -> Arrays:
        """One cell, a phase of its own."""
        return self.each(name, [name], {name: facts}, lambda _, portion: make(portion))[name]

    def each(
        self,
        phase: str,
        names: Sequence[str],
        facts: Mapping[str, Mapping[str, Any]],
        make: Callable[[str, Portion], Arrays],
    ) -> dict[str, Arrays]:
        """Cells of one phase, in order."""
        self.folder.mkdir(parents=True, exist_ok=True)
        made: dict[str, Arrays] = {}
        for count, name in enumerate(names):
            identity = self._identity(name, facts[name])
            found = self._read(name, identity)
            if found is None:

                def portion(part: float, count: int = count) -> None:
                    self.show(phase, (count + min(part, 1.0)) / len(names))

                portion(0.0)
                found = make(name, portion)
                write_whole(self._path(name), _packed(found, identity))
            else:
                self.used.append(name)
            made[name] = found
            self.show(phase, (count + 1) / len(names))
        return made

    def _identity(self, name: str, facts: Mapping[str, Any]) -> str:
        from prefit import __version__

        whole = {"prefit": __version__, **self.facts, "cell": name, **facts}
        return json.dumps(whole, sort_keys=True, ensure_ascii=True)

    def _path(self, name: str) -> Path:
        return self.folder / (re.sub(r"[^A-Za-z0-9.=_-]+", "-", name).strip("-") + ".npz")

    def _read(self, name: str, identity: str) -> Arrays | None:
        """The cell as it was kept; None where there is none of this identity."""
        path = self._path(name)
        if not path.exists():
            return None
        try:
            with np.load(io.BytesIO(path.read_bytes())) as held:
                arrays = {key: held[key] for key in held.files}
            known = arrays.pop(IDENTITY).tobytes().decode("ascii")
        except READING:
            self.tell(f"{path} is damaged: this part is computed anew.")
            return None
        if known != identity:
            self.tell(f"{path} is of other options, data or another version: this part is computed anew.")
            return None
        return arrays


def _packed(arrays: Arrays, identity: str) -> bytes:
    """An .npz file of numbers alone, as bytes."""
    out = io.BytesIO()
    stored: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    stored[IDENTITY] = np.frombuffer(identity.encode("ascii"), dtype=np.uint8)
    np.savez_compressed(out, **stored)
    return out.getvalue()
