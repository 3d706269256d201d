"""How a job tells where it is: a phase, and the portion of it that is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


def silent(phase: str, portion: float) -> None:
    """No progress is shown."""


@dataclass
class Clock:
    """Seconds by phase; passes on progress to whoever shows it."""

    show: Callable[[str, float], None] = silent
    phases: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def phase(self, name: str) -> Iterator[Callable[[float], None]]:
        """Time what happens inside; yields a function that reports its portion done."""
        start = time.perf_counter()
        self.show(name, 0.0)
        yield lambda portion: self.show(name, portion)
        self.show(name, 1.0)
        self.phases[name] = self.phases.get(name, 0.0) + time.perf_counter() - start

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started
