"""How a job tells where it is: a phase, and the portion of it that is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol


class Show(Protocol):
    """Told where a run is: its phase, the portion of it that is done, and where there is one a detail, as the loss."""

    def __call__(self, phase: str, portion: float, detail: str = "", /) -> None: ...


def silent(phase: str, portion: float, detail: str = "", /) -> None:
    """No progress is shown."""


@contextmanager
def _ticking(tick: Callable[[], None], expected: float) -> Iterator[None]:
    """Call `tick` twice a second from a thread while inside, if the wait is worth it."""
    if expected < 1.0:
        yield
        return
    done = threading.Event()

    def run() -> None:
        while not done.wait(0.5):
            tick()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@dataclass
class Clock:
    """Seconds by phase; passes on progress to whoever shows it."""

    show: Callable[[str, float], None] = silent
    phases: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def phase(self, name: str, expected: float = 0.0) -> Iterator[Callable[[float], None]]:
        """Time what happens inside; yields a function that reports its portion done.

        expected   seconds that a phase without reports of its own should take: time itself is its progress
        """
        start = time.perf_counter()
        self.show(name, 0.0)
        with _ticking(lambda: self.show(name, min(0.95, (time.perf_counter() - start) / expected)), expected):
            yield lambda portion: self.show(name, portion)
        self.show(name, 1.0)
        self.phases[name] = self.phases.get(name, 0.0) + time.perf_counter() - start

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started
