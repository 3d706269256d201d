"""What can be asked about a target function, with its defaults and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from prefit.errors import InputError
from prefit.jobs.run_options import JobOptions, wrong
from prefit.kernels import Kernel, kernel_named, kernel_names

KERNELS = ("two-layer", "ntk:2", "ntk:3", "standard-ntk:1", "conjugate:1")
CHECK_SAMPLES = 1000
_MOST_KERNELS = 16


@dataclass(frozen=True, eq=False)
class LearnableOptions(JobOptions):
    """Options of `prefit learnable`; each sentence is its --help."""

    job: ClassVar[str] = "learnable"

    kernel: tuple[str, ...] = KERNELS  # kernels with commas between them, or ranges of depths as ntk:1..3
    dimension: int | None = None  # d of the inputs, for norms on the sphere; None: the bound for every d alone
    epsilon: float = 0.1  # ε, the target loss
    projections: Any = None  # rows β_j: a file or an array; None: orthonormal
    matrix: Any = None  # matrices by letter: files or arrays
    check: bool = False  # draw inputs, certify yᵀK⁻¹y and show it under the norm
    check_samples: int | None = None  # examples of its largest sample; None: 1,000

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set_number("epsilon", 0.0, 1.0)
        self._set_whole("dimension", 2, 10**6)
        self._set_whole("check_samples", 16, 20_000)
        if self.check_samples is not None and not self.check:
            raise InputError("--check-samples is of --check: give that too, or leave it out.")
        object.__setattr__(self, "kernel", _names(self.kernel))
        object.__setattr__(self, "matrix", _by_letter(self.matrix))
        if self.device not in ("auto", "cpu"):
            raise InputError(
                f"--device must be auto or cpu here, got {self.device}: this is computed on the processor. "
                "Leave the option out."
            )

    @property
    def kernels(self) -> list[Kernel]:
        """The kernels of those names."""
        return [kernel_named(name) for name in self.kernel]


def _names(value: Any) -> tuple[str, ...]:
    """Names of kernels, each once; a text holds them, or ranges of depths, with commas between them."""
    try:
        parts = value.split(",") if isinstance(value, str) else list(value)
    except TypeError:
        raise wrong("kernel", "name kernels with commas between them", value) from None
    told = ",".join(str(part).strip() for part in parts if str(part).strip())
    names = kernel_names(told) if told else ()
    if not names or len(names) > _MOST_KERNELS:
        raise wrong("kernel", f"name from 1 to {_MOST_KERNELS} kernels with commas between them", value)
    return names


def _by_letter(value: Any) -> dict[str, Any]:
    """Matrices by their letters: a dictionary, or one of them, which is A; texts as "B=FILE" name a letter."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        found = {str(letter): one for letter, one in value.items()}
    else:
        given = (
            list(value) if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value) else [value]
        )
        found = dict(_lettered(one) for one in given)
        if len(found) != len(given):
            raise InputError("--matrix gives two matrices one letter. Write --matrix A=FILE --matrix B=FILE.")
    for letter in found:
        if not (len(letter) == 1 and "A" <= letter <= "Z"):
            raise InputError(f"--matrix names matrices by capital letters, got {letter!r}. Write --matrix A=FILE.")
    return found


def _lettered(one: Any) -> tuple[str, Any]:
    if isinstance(one, str) and one[1:2] == "=" and "A" <= one[0] <= "Z":
        return one[0], one[2:]
    return "A", one
