"""`--subsample`: a tree of nested random subsets, each forecast on its own, and how the forecast grows with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from prefit._shapes import Indices
from prefit.data import LabelledData
from prefit.data.labelled import Split
from prefit.data.nested import halves, nested_blocks
from prefit.documents import Forecast
from prefit.documents.growth import Growth, GrowthBlock
from prefit.errors import InputError, TooLarge
from prefit.jobs.estimate import estimated_seconds
from prefit.jobs.growing import ErrorFrom, block_of, growth_of, growth_sentence, subset_sentence
from prefit.jobs.options import ForecastOptions
from prefit.jobs.progress import silent
from prefit.storage import Forgetful, Keeper, Within

STAGE = "subsample"
DEPTH = 4  # octaves below the largest subset: n/16 … n
BLOCKS = (1, 2, 4, 8, 8)  # by octave below the largest; at cost n² they take 1 + 1/2 + 1/4 + 1/8 + 1/32 of it
SMALLEST = 32  # examples; smaller subsets are mostly noise
LEAST = 4 * SMALLEST  # examples that give three sizes
HELD_OUT = 10_000  # examples outside a subset, at most, on which its error is measured
PHASES = 6  # of a small forecast, about
PATIENCE = 3600.0  # seconds, by nominal rates; sizes that take longer are left out

Show = Callable[[str, float], None]


class Forecasting(Protocol):
    """`run_forecast`, which calls this module in its turn."""

    def __call__(
        self, data: LabelledData, options: ForecastOptions, progress: Show = silent, keeper: Keeper | None = None
    ) -> Forecast: ...


@dataclass
class Found:
    """What is finished: the forecast of the largest subset, the others' blocks by name, refusals by size."""

    solved: int = 0  # halvings until a subset fitted, or was begun
    whole: Forecast | None = None
    blocks: dict[str, GrowthBlock] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    products: int = 0
    refused: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        return {
            "solved": self.solved,
            "whole": None if self.whole is None else self.whole.model_dump(mode="json", by_alias=True),
            "blocks": {name: block.model_dump(mode="json") for name, block in self.blocks.items()},
            "seconds": self.seconds,
            "products": self.products,
            "refused": self.refused,
        }

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Found:
        return cls(
            solved=int(facts["solved"]),
            whole=None if facts["whole"] is None else Forecast.model_validate(facts["whole"]),
            blocks={name: GrowthBlock.model_validate(block) for name, block in facts["blocks"].items()},
            seconds={name: float(value) for name, value in facts["seconds"].items()},
            products=int(facts["products"]),
            refused=[str(sentence) for sentence in facts["refused"]],
        )


def run_subsampled(
    data: LabelledData, options: ForecastOptions, progress: Show, keeper: Keeper, forecast: Forecasting
) -> Forecast:
    """The forecast of the largest subset that fits, with its growth over nested subsets of it.

    The size that is taken and finished blocks are kept in the stage "subsample"; the largest keeps its state under the
    stages of any forecast, with its size before their names.

    Raises InputError where the data are too few for three sizes.
    """
    n = data.train.n
    if n < LEAST:
        raise InputError(
            f"--subsample takes {LEAST} examples or more, for three sizes of at least {SMALLEST}; the data have "
            f"{n:,}. Leave the option out."
        )
    options = replace(options, subsample=False)
    saved = keeper.load(STAGE)
    begun = saved is not None
    found = Found.of(saved.facts) if saved is not None else Found()
    chain = _chain(data, options.seed)
    if found.whole is None:
        _forecast_largest(data, chain, options, progress, keeper, forecast, found, begun)
    _forecast_smaller(data, chain[found.solved], options, progress, keeper, forecast, found)
    assert found.whole is not None
    return _with_growth(data, chain, found)


# The tree -------------------------------------------------------------------------------------------------------------


def strata_of(data: LabelledData) -> Indices:
    """(n,) class of each example; one for all where targets are numbers."""
    labels = data.train.labels
    return np.zeros(data.train.n, dtype=np.int64) if labels is None else labels


def _chain(data: LabelledData, seed: int) -> list[Indices]:
    """All examples, a half of them, a half of that, … while three sizes are left below."""
    rng = np.random.default_rng([seed, 3])
    chain, strata = [np.arange(data.train.n)], strata_of(data)
    while chain[-1].size >= 2 * LEAST:
        chain.append(halves(chain[-1], strata, rng)[0])
    return chain


def _levels(data: LabelledData, root: Indices, seed: int) -> list[list[Indices]]:
    """The blocks that are forecast, by octave below the largest; small ones are too few to tell."""
    depth = min(DEPTH, int(np.log2(root.size / SMALLEST)))
    tree = nested_blocks(root, strata_of(data), depth, np.random.default_rng([seed, 4]))
    return [blocks[:most] for blocks, most in zip(tree, BLOCKS, strict=False)]


def taken(split: Split, examples: Indices) -> Split:
    """Some examples of a split, in the order given."""
    return Split(
        X=split.X[examples],
        labels=None if split.labels is None else split.labels[examples],
        targets=None if split.targets is None else split.targets[examples],
        rows=split.rows[examples],
    )


def subset(data: LabelledData, block: Indices, root: Indices, seed: int) -> LabelledData:
    """The block as data of its own; without a test split its error is measured on examples outside it, and outside
    the largest subset where that leaves any."""
    if block.size == data.train.n:
        return data
    test = data.test
    if test is None and data.labels == "true":
        used = root if root.size < data.train.n else block
        others = np.setdiff1d(np.arange(data.train.n), used, assume_unique=True)
        rng = np.random.default_rng([seed, 5, used.size, int(used[0])])
        test = taken(data.train, np.sort(rng.choice(others, min(others.size, HELD_OUT), replace=False)))
    return replace(data, train=taken(data.train, block), test=test)


# Forecasts ------------------------------------------------------------------------------------------------------------


def _forecast_largest(
    data: LabelledData,
    chain: Sequence[Indices],
    options: ForecastOptions,
    progress: Show,
    keeper: Keeper,
    forecast: Forecasting,
    found: Found,
    begun: bool,
) -> None:
    """All examples, or half of them, or half of that: the first that fits memory and patience.

    begun   an earlier part of the run has taken a size: the run holds to it, whatever the machine has now
    """
    for halvings, root in enumerate(chain):
        if halvings < found.solved:
            continue
        part = subset(data, root, root, options.seed)
        try:
            if not begun:
                _check_time(part, options, keeper.folder, last=root is chain[-1])
                found.solved = halvings
                keeper.save(STAGE, found.facts(), {})
            found.whole = forecast(part, options, progress, Within(keeper, str(root.size)))
        except TooLarge as error:
            if root is chain[-1]:
                raise
            found.refused.append(_refusal(error))
            begun = False
            continue
        found.solved = halvings
        keeper.save(STAGE, found.facts(), {})
        return


def _check_time(data: LabelledData, options: ForecastOptions, folder: Path | None, last: bool) -> None:
    """Raise TooLarge where a size should take longer than PATIENCE; the last is tried whatever it takes."""
    seconds = estimated_seconds(data, options, folder)
    if seconds > PATIENCE and not last:
        raise TooLarge(
            f"A forecast of {data.train.n:,} inputs would take about {seconds / 3600:.2g} hours, more than the "
            f"{PATIENCE / 3600:g} that one size is given. Take --limit to choose a smaller one."
        )


def _refusal(error: TooLarge) -> str:
    """The first sentence: what did not fit, without what to do about it."""
    return str(error).split(". ", 1)[0] + "."


def _forecast_smaller(
    data: LabelledData,
    root: Indices,
    options: ForecastOptions,
    progress: Show,
    keeper: Keeper,
    forecast: Forecasting,
    found: Found,
) -> None:
    """The blocks below the largest, size by size."""
    asked = replace(options, worst=False, ridge=None, resolve_spectrum=False, lambda_0=None, margin=False)
    for octave, blocks in enumerate(_levels(data, root, options.seed)[1:], start=1):
        name = f"{len(blocks)} subsets of {blocks[0].size:,}"
        for i, block in enumerate(blocks):
            key = f"{octave}/{i}"
            if key in found.blocks:
                continue
            # Draws of its own: the same random labels on every block would hide their scatter.
            own = replace(asked, seed=_seed(options.seed, octave, i))
            try:
                show = _within(progress, name, i, len(blocks))
                result = forecast(subset(data, block, root, options.seed), own, show, Forgetful())
            except TooLarge as error:
                # An eigendecomposition takes more memory than the tiles of a larger subset. The size goes as a whole.
                found.blocks = {k: b for k, b in found.blocks.items() if not k.startswith(f"{octave}/")}
                found.refused += [sentence for sentence in [_refusal(error)] if sentence not in found.refused]
                break
            found.blocks[key] = block_of(result)
            found.seconds[name] = found.seconds.get(name, 0.0) + result.cost.seconds
            found.products += result.cost.products
            keeper.save(STAGE, found.facts(), {})
        progress(name, 1.0)


def _seed(seed: int, octave: int, block: int) -> int:
    return int(np.random.SeedSequence([seed, octave, block]).generate_state(1)[0])


def _within(progress: Show, name: str, i: int, count: int) -> Show:
    """Progress of one block as that of its size; a block's phases count alike."""
    seen: list[str] = []
    progress(name, i / count)

    def show(phase: str, portion: float) -> None:
        if phase not in seen:
            seen.append(phase)
        done = min((len(seen) - 1 + portion) / PHASES, 0.99)
        progress(name, (i + done) / count)

    return show


# The document ---------------------------------------------------------------------------------------------------------


def _with_growth(data: LabelledData, chain: Sequence[Indices], found: Found) -> Forecast:
    whole = found.whole
    assert whole is not None
    growth = _growth(data, chain, whole, found)
    summary = [*whole.summary, growth_sentence(growth)]
    part, cost = whole.data, whole.cost
    if growth.solved < growth.n:
        summary.insert(1, subset_sentence(growth))
        part = part.model_copy(update={"notes": [*part.notes, *_notes(data, growth)]})
    seconds = sum(found.seconds.values())
    cost = cost.model_copy(
        update={
            "seconds": cost.seconds + seconds,
            "products": cost.products + found.products,
            "phases": cost.phases | found.seconds,
        }
    )
    return whole.model_copy(update={"data": part, "growth": growth, "summary": summary, "cost": cost})


def _growth(data: LabelledData, chain: Sequence[Indices], whole: Forecast, found: Found) -> Growth:
    levels = [[block_of(whole)]]
    for octave in range(1, DEPTH + 1):
        blocks = [found.blocks[f"{octave}/{i}"] for i in range(BLOCKS[octave]) if f"{octave}/{i}" in found.blocks]
        levels += [blocks] if blocks else []
    root = chain[found.solved]
    above = 2 * root.size if found.solved == 0 else chain[found.solved - 1].size
    sources: ErrorFrom = "the test split" if data.test is not None else "other examples"
    error_from: ErrorFrom = sources if any(b.error is not None for level in levels for b in level) else "none"
    classes = data.task == "classes"
    return growth_of(data.train.n, above, levels[::-1], classes, error_from, found.refused)


def _notes(data: LabelledData, growth: Growth) -> list[str]:
    told = [f"{subset_sentence(growth)} Larger ones do not fit memory or time."]
    if data.task == "classes":
        told[0] += " Every class is there in proportion."
    if data.test is None and growth.error_from != "none":
        told.append("The test examples are a random choice of those outside the subset.")
    return told
