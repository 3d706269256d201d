"""The choice of an operator: the fastest that fits, the same every time, said in one sentence."""

from types import SimpleNamespace

import numpy as np
import pytest

import prefit.jobs.plan
from prefit.data import from_arrays
from prefit.errors import InputError, TooLarge
from prefit.gram import Workers
from prefit.gram.stores import SPARE
from prefit.jobs.options import ForecastOptions
from prefit.jobs.plan import Size, choose, disk_bytes, memory_bytes
from prefit.jobs.problem import pose
from prefit.jobs.progress import Clock
from prefit.spectra import certify
from prefit.storage import Forgetful, Saved

GIB = 2**30
MNIST = Size(60_000, 784, 1, 0, 2, whole=True)
LARGER = Size(120_000, 784, 1, 0, 2, whole=True)
IJCNN1 = Size(141_691, 22, 1, 0, 2)


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    """Free bytes of the disk, 200 GiB unless set."""
    holder = SimpleNamespace(free=200 * GIB)
    monkeypatch.setattr(prefit.jobs.plan.shutil, "disk_usage", lambda place: holder)
    return holder


@pytest.mark.parametrize(
    ("size", "budget", "operator"),
    [
        (Size(2_000, 784, 1, 8, 2), 8 * GIB, "dense"),
        (Size(2_100, 784, 1, 8, 2), 8 * GIB, "tiled"),
        (MNIST, 10 * GIB, "tiled"),
        (MNIST, 4 * GIB, "disk"),
        (LARGER, 8 * GIB, "disk"),
        (IJCNN1, 8 * GIB, "recomputed"),
    ],
)
def test_the_fastest_operator_that_fits_is_chosen(size, budget, operator):
    plan = choose(size, budget, None)
    assert plan.operator == operator
    assert plan.bytes == memory_bytes(size, operator) <= budget
    assert plan.disk_bytes == disk_bytes(size, operator)
    assert 0.0 < plan.forming < plan.seconds


def test_sixty_thousand_images_fit_ten_gib():
    assert memory_bytes(MNIST, "tiled") < 10 * GIB


def test_a_disk_without_room_leaves_recomputing(disk):
    disk.free = GIB
    plan = choose(LARGER, 8 * GIB, None)
    assert plan.operator == "recomputed"
    assert "1 GiB free" in plan.reason


def test_sixteen_bits_are_taken_for_certified_intervals_alone():
    budget = 6 * GIB
    assert choose(MNIST, budget, None).operator == "disk"
    assert memory_bytes(MNIST, "compact") <= budget < memory_bytes(MNIST, "tiled")
    assert choose(MNIST, budget, None, compact=True).operator == "compact"


def test_a_small_matrix_that_does_not_fit_whole_is_held_in_tiles():
    assert choose(Size(2_000, 20, 1, 0, 1), 40 * 2**20, None).operator == "tiled"


def test_the_sentence_names_what_was_chosen_why_and_how_long(tmp_path):
    plan = choose(LARGER, 8 * GIB, tmp_path)
    assert plan.reason.startswith(f"Tiles on disk, 26.9 GiB in {tmp_path}, because ")
    assert "and 8 GiB are allowed (--memory); about" in plan.reason
    assert plan.reason.endswith(" min.")
    assert "Tiles in memory, 6.7" in choose(MNIST, 10 * GIB, None).reason
    assert "whole" in choose(Size(500, 10, 1, 0, 1), GIB, None).reason


def test_an_operator_can_be_asked_for():
    for operator in ("dense", "tiled", "disk", "compact", "recomputed"):
        assert choose(Size(3_000, 10, 1, 0, 1), 8 * GIB, None, operator=operator).operator == operator


def test_what_nothing_can_hold_is_refused_with_what_would_fit():
    with pytest.raises(TooLarge, match=r"Take --limit (\d+)") as refusal:
        choose(IJCNN1, 100 * 2**20, None)
    fits = int(str(refusal.value).split("--limit ")[1].split()[0])
    smaller = Size(fits, 22, 1, 0, 2)
    assert choose(smaller, 100 * 2**20, None).operator == "recomputed"


def test_a_decomposition_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="eigendecomposition of 20,000"):
        choose(Size(20_000, 10, 1, 0, 1), 8 * GIB, None, exact=True)


def test_more_memory_never_takes_longer():
    budgets = [GIB * b for b in (1, 2, 4, 8, 16, 64)]
    for size in (MNIST, LARGER, IJCNN1):
        seconds = [choose(size, b, None).seconds for b in budgets if memory_bytes(size, "recomputed") <= b]
        assert np.all(np.diff(seconds) <= 0.0)


@pytest.mark.parametrize("operator", ["dense", "tiled", "disk", "compact", "recomputed"])
def test_a_problem_is_posed_with_the_operator_asked_for(operator, disk):
    """Every operator gives the same certified interval to rounding of its entries."""
    data = from_arrays(np.random.default_rng(0).standard_normal((90, 6)), np.arange(90) % 2)
    options, workers = ForecastOptions(draws=0, threads=2), Workers(2)
    problem = pose(data, options, workers, Clock(), Forgetful(), operator)
    assert problem.plan.operator == problem.gram.operator.name == operator
    assert problem.exact == (operator == "dense")
    Y = problem.distinct.values(np.where(np.arange(90) % 2, 1.0, -1.0)[:, None])
    Z = np.linalg.solve(problem.gram.operator.matmat(np.eye(90)), Y)
    lower, upper = certify(problem.gram, Y, Z).total()
    assert upper - lower <= 1e-5 * upper
    workers.close()


# A run that goes on --------------------------------------------------------------------------------------------------


class Resumed(Forgetful):
    """Of a run whose plan was to have its tiles on disk, in a folder."""

    def __init__(self, folder):
        self.place, self.told = folder, []
        self.stages = {"plan": Saved({"operator": "disk"}, {})}

    @property
    def folder(self):
        return self.place

    def save(self, stage, facts, arrays, grown=None):
        self.stages[stage] = Saved(dict(facts), {name: np.array(array) for name, array in arrays.items()})

    def load(self, stage):
        return self.stages.get(stage)

    def tell(self, sentence):
        self.told.append(sentence)


@pytest.fixture
def examples():
    return from_arrays(np.random.default_rng(0).standard_normal((300, 6)), np.arange(300) % 2)


def posed(data, keeper, **options):
    workers = Workers(2)
    try:
        return pose(data, ForecastOptions(draws=0, threads=2, **options), workers, Clock(), keeper)
    finally:
        workers.close()


def test_a_run_that_goes_on_does_not_ask_for_its_tiles_room_twice(disk, examples, tmp_path):
    keeper = Resumed(tmp_path)
    first = posed(examples, keeper)
    assert (tmp_path / "gram.tiles").stat().st_size == first.plan.disk_bytes
    disk.free = 0
    again = posed(examples, keeper)
    assert again.plan.operator == "disk"
    assert again.gram.notes == ()
    assert np.array_equal(again.gram.floor.excess, first.gram.floor.excess)


def test_where_the_tiles_are_whole_the_disk_may_be_full(disk, tmp_path):
    size = Size(300, 6, 1, 0, 2)
    with open(tmp_path / "gram.tiles", "wb") as file:
        file.truncate(disk_bytes(size, "disk"))
    disk.free = 0
    assert choose(size, GIB, tmp_path, operator="disk").operator == "disk"
    with open(tmp_path / "gram.tiles", "wb") as file:
        file.truncate(1000)
    disk.free = SPARE + disk_bytes(size, "disk") - 1001
    with pytest.raises(InputError, match=r"but 64\.3 MiB are free"):
        choose(size, GIB, tmp_path, operator="disk")


def test_a_full_disk_has_a_sentence_of_its_own(disk, examples, tmp_path):
    disk.free = 2**20
    with pytest.raises(InputError) as refusal:
        posed(examples, Resumed(tmp_path))
    assert not isinstance(refusal.value, TooLarge)
    said = str(refusal.value)
    assert f"they need 64.3 MiB in {tmp_path}, 64 MiB of it for the results, but 1 MiB are free. Free" in said
    assert "allowed" not in said


def test_what_is_told_ahead_is_the_plan_that_is_used(disk, tmp_path):
    X = np.random.default_rng(0).standard_normal((300, 6))
    X[200:] = X[:100]
    keeper = Resumed(tmp_path)
    problem = posed(from_arrays(X, np.arange(300) % 2), keeper)
    reason = problem.plan.reason.removesuffix(".")
    assert keeper.told == [f"300 examples (200 distinct inputs), 6 features. {reason} (a rough estimate)."]
    assert "Tiles on disk" in reason
