"""Progress while a job runs: a bar with the time left on a terminal, a line for each phase elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from prefit.jobs.progress import Show, silent


@contextmanager
def shown_progress(quiet: bool) -> Iterator[Show]:
    """A bar on a terminal, a line for each phase elsewhere, nothing where nothing is to be said."""
    console = Console(stderr=True)
    if quiet:
        yield silent
    elif console.is_terminal:
        with _bar(console) as show:
            yield show
    else:
        yield line_by_line()


@contextmanager
def _bar(console: Console) -> Iterator[Show]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:22}"),
        BarColumn(20),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(phase: str, portion: float, detail: str = "", /) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(phase, total=1.0, detail=detail)
            bar.update(tasks[phase], completed=portion, detail=detail)

        yield show


def line_by_line() -> Show:
    """A line when a phase has taken over a second, at most every ten seconds."""
    started: dict[str, float] = {}
    said: dict[str, float] = {}

    def show(phase: str, portion: float, detail: str = "", /) -> None:
        now = time.monotonic()
        begun = started.setdefault(phase, now)
        if now - begun < 1.0 or portion >= 1.0 or now - said.get(phase, begun - 10.0) < 10.0:
            return
        said[phase] = now
        left = f", about {(now - begun) * (1 - portion) / portion:.0f} s left" if portion > 0.03 else ""
        print(f"{phase}: {100 * portion:.0f}%{', ' + detail if detail else ''}{left}", file=sys.stderr)

    return show
