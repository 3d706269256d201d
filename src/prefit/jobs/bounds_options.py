"""What the bounds of a trained network can be asked, with their defaults and limits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from prefit.errors import InputError
from prefit.jobs.run_options import LARGEST_LAMBDA_0, JobOptions, wrong
from prefit.theory.bounds import ROWS


@dataclass(frozen=True)
class BoundsOptions(JobOptions):
    """Options of `prefit bounds`; each sentence is its --help."""

    job: ClassVar[str] = "bounds"

    only: tuple[str, ...] = ()  # bounds to compute ("golowich2018,bartlett2017"); none: all of them
    skip: tuple[str, ...] = ()  # bounds to leave out
    step: int | None = None  # weights of this step; None: the last
    together: bool = False  # every bound at δ over their number, so that all hold at once
    pac_steps: int | None = None  # steps of dziugaite2017's optimization; None: 1,000, fewer beyond 4 million weights
    lambda_0: float | None = None  # λ0 of the distribution, known before the sample, for Arora et al.'s own constants

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set_names("only")
        self._set_names("skip")
        self._set_whole("step", 0, 10**9)
        self._set_whole("pac_steps", 1, 10**9)
        self._set_number("lambda_0", 0.0, 1.0)
        self._check_lambda_0()
        if self.device not in ("auto", "cpu", "cuda"):
            raise wrong("device", "be auto, cpu or cuda", self.device)
        if not self.names:
            raise InputError("--only and --skip together leave no bound. Leave one of them out.")

    def _set_names(self, name: str) -> None:
        """Names of bounds; a text holds them with commas between them."""
        value: Any = getattr(self, name)
        parts: Iterable[Any] = value.split(",") if isinstance(value, str) else (value or ())
        given = tuple(str(part).strip() for part in parts)
        found = tuple(part for part in given if part)
        if name == "only" and not found and (given or value == ""):
            raise InputError(
                "--only names no bound. Give names with commas between them (prefit bounds --help lists them), or "
                "leave the option out for all bounds."
            )
        known = [row for row, _ in ROWS]
        strange = [one for one in found if one not in known]
        if strange:
            raise InputError(
                f"--{name} takes names of bounds with commas between them, got {strange[0]!r}. "
                f"{nearest(strange[0], known)}"
            )
        object.__setattr__(self, name, found)

    def _check_lambda_0(self) -> None:
        """λ0 is at most λ_min of nearly every sample, which is at most the mean eigenvalue, κ(1)."""
        if self.lambda_0 is not None and self.lambda_0 > LARGEST_LAMBDA_0:
            raise InputError(
                f"--lambda-0 must be at most {LARGEST_LAMBDA_0:g}, the mean eigenvalue of the kernel of 1 hidden "
                f"layer, got {self.lambda_0:g}. Give a smaller number, or leave the option out."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The bounds that are computed, in the order of the table."""
        return tuple(row for row, _ in ROWS if (not self.only or row in self.only) and row not in self.skip)

    @property
    def row_delta(self) -> float:
        """The failure probability of each bound."""
        return self.delta / len(self.names) if self.together else self.delta

    @property
    def single(self) -> dict[str, float]:
        """Options of single bounds, by their names, and threads for what torch computes."""
        given = {"dziugaite2017.steps": self.pac_steps, "lambda_0": self.lambda_0, "threads": self.worker_count}
        return {name: float(value) for name, value in given.items() if value is not None}

    @property
    def place(self) -> str:
        """The device that is taken: CUDA where there is one, which takes torch."""
        if self.device == "cpu":
            return "cpu"
        try:
            from prefit.training.tensors import device_named, told
        except InputError:
            if self.device == "cuda":
                raise
            return "cpu"
        return told(device_named(self.device))


def nearest(name: str, known: Iterable[str]) -> str:
    """What a name that is none was meant to be, where one is near, and where all of them stand."""
    names = list(known)
    near = [one for one in names if name and name.lower() in one] or difflib.get_close_matches(name.lower(), names, n=1)
    meant = f"Did you mean {' or '.join(near[:3])}? " if near else ""
    return f"{meant}prefit bounds --help lists the names."
