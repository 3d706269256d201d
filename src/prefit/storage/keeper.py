"""What a stage of a long run asks of the place that keeps its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from prefit._shapes import AnyArray


@dataclass(frozen=True)
class Saved:
    """The state of a stage as it was saved last: facts are JSON values."""

    facts: dict[str, Any]
    arrays: dict[str, AnyArray]


class Keeper(Protocol):
    """Keeps the state of each stage of one run; a stage has a name as "gram" or "lanczos-true"."""

    @property
    def folder(self) -> Path | None:
        """Folder for files that a stage writes by itself, as tiles on disk; None where nothing is kept."""

    def due(self) -> bool:
        """Whether the last save lies so long back that the state should be saved now."""

    def save(
        self,
        stage: str,
        facts: Mapping[str, Any],
        arrays: Mapping[str, AnyArray],
        grown: Mapping[str, AnyArray] | None = None,
    ) -> None:
        """Replace the state of a stage, whole or not at all.

        grown   arrays (n, m) that only ever gain columns between saves: the new columns alone are written
        """

    def load(self, stage: str) -> Saved | None:
        """The stage's state, `grown` arrays among the others; None where nothing was saved."""

    def tell(self, sentence: str, /) -> None:
        """Say how the run goes, where somebody listens."""

    def warn(self, sentence: str, /) -> None:
        """Say that something is lost, or would be if the run were interrupted."""


class Forgetful:
    """The keeper of a run that keeps nothing."""

    @property
    def folder(self) -> Path | None:
        return None

    def due(self) -> bool:
        return False

    def save(
        self,
        stage: str,
        facts: Mapping[str, Any],
        arrays: Mapping[str, AnyArray],
        grown: Mapping[str, AnyArray] | None = None,
    ) -> None:
        pass

    def load(self, stage: str) -> Saved | None:
        return None

    def tell(self, sentence: str, /) -> None:
        pass

    def warn(self, sentence: str, /) -> None:
        pass


@dataclass(frozen=True)
class Within:
    """A part of a run among others: the keeper of the whole, where the part's stages have this name before theirs.

    said   what its sentences are told with before them, as "ntk:2: "
    """

    keeper: Keeper
    name: str
    said: str = ""

    @property
    def folder(self) -> Path | None:
        return self.keeper.folder

    def due(self) -> bool:
        return self.keeper.due()

    def save(
        self,
        stage: str,
        facts: Mapping[str, Any],
        arrays: Mapping[str, AnyArray],
        grown: Mapping[str, AnyArray] | None = None,
    ) -> None:
        self.keeper.save(f"{self.name}-{stage}", facts, arrays, grown)

    def load(self, stage: str) -> Saved | None:
        return self.keeper.load(f"{self.name}-{stage}")

    def tell(self, sentence: str, /) -> None:
        self.keeper.tell(f"{self.said}{sentence}")

    def warn(self, sentence: str, /) -> None:
        self.keeper.warn(sentence)
