"""What every result document shares: strict, frozen, finite."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field

Status = Literal["exact", "certified", "estimated", "infinite"]
Verdict = Literal["informative", "vacuous", "not applicable"]
Finite = Annotated[float, AllowInfNan(False)]


class Document(BaseModel):
    """Base of all parts: unknown fields are errors, values cannot be changed, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Interval(Document):
    """Two ends that hold the number, lower <= upper; both null when it is infinite."""

    lower: Finite | None = Field(description="the number is at least this; null when it is infinite")
    upper: Finite | None = Field(description="the number is at most this; null when infinite, or no upper end is known")
    status: Status = Field(
        description="exact: eigendecomposition, ends at rounding error; certified: both ends proved; "
        "estimated: the lower end is proved, no upper end is; infinite: no interpolant exists"
    )


class Cost(Document):
    seconds: Finite = Field(description="wall time of the whole job")
    products: int = Field(description="products with the Gram matrix, one column each")
    peak_bytes: int = Field(description="largest resident memory of the process, data included")
    phases: dict[str, Finite] = Field(default_factory=dict, description="seconds by phase")


class Solver(Document):
    """What found the solutions that were certified."""

    way: Literal["eigendecomposition", "Lanczos", "Lanczos, then conjugate gradients", "conjugate gradients"]
    lanczos_steps: int = Field(description="of the longest run; 0 where none ran")
    cg_steps: int = Field(description="of preconditioned conjugate gradients, the slowest column; 0 where none ran")
    rank: int = Field(description="columns of the randomly pivoted Cholesky preconditioner; 0 where there is none")


class Ran(Document):
    device: str
    operator: Literal["dense", "tiled", "disk", "compact", "recomputed"]
    precision: str = Field(description="how Gram entries are held and products formed")
    solver: Solver
    threads: int
    seed: int
    versions: dict[str, str]
