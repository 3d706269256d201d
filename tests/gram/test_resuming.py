"""A pass over the tiles that was stopped goes on, and ends with the digits of one that was not."""

import os
import time
from dataclasses import replace

import numpy as np
import pytest

import prefit.gram.forming
from prefit.data.distinct import unit_rows
from prefit.errors import InputError
from prefit.gram import FloatCosines, Workers, compact_gram, disk_gram, recomputed_gram, tiled_gram
from prefit.gram.stores import TileFile
from prefit.kernels import kernel_named
from tests.gram.keepers import Interrupted, Stopping
from tests.gram.problems import inputs

N, SIDE = 300, 32
MAKERS = {
    "tiled": lambda *a, **k: tiled_gram(*a, spill=True, **k),
    "compact": lambda *a, **k: compact_gram(*a, spill=True, **k),
    "disk": disk_gram,
    "recomputed": recomputed_gram,
}
KERNEL = kernel_named("two-layer")
COSINES = FloatCosines(unit_rows(inputs(np.random.default_rng(0), N, 9))[0])
V = np.random.default_rng(1).standard_normal((N, 3))


@pytest.fixture
def workers():
    workers = Workers(2)
    yield workers
    workers.close()


@pytest.fixture(autouse=True)
def _short_rounds(monkeypatch):
    monkeypatch.setattr(prefit.gram.forming, "ROUND", 3)


def digits(gram):
    products = [gram.operator.matmat(V.astype(dtype)).tobytes() for dtype in (np.float32, np.float64)]
    return [*products, gram.floor.excess.tobytes(), gram.deviation.tobytes()]


def stopped_after(saves, form, workers, folder):
    keeper = Stopping(folder, saves)
    with pytest.raises(Interrupted):
        MAKERS[form](COSINES, KERNEL, workers, side=SIDE, keeper=keeper)
    keeper.saves = None
    return keeper


@pytest.mark.parametrize("form", MAKERS)
@pytest.mark.parametrize("saves", [1, 3, 9])
def test_a_pass_stopped_anywhere_ends_with_the_same_digits(form, saves, workers, tmp_path):
    whole = MAKERS[form](COSINES, KERNEL, workers, side=SIDE)
    keeper = stopped_after(saves, form, workers, tmp_path)
    assert keeper.stages["gram"].facts["done"] > 0
    resumed = MAKERS[form](COSINES, KERNEL, workers, side=SIDE, keeper=keeper)
    assert digits(resumed) == digits(whole)
    assert resumed.notes == ()
    again = MAKERS[form](COSINES, KERNEL, workers, side=SIDE, keeper=keeper)
    assert digits(again) == digits(whole)


@pytest.mark.parametrize("form", ["tiled", "compact", "disk"])
def test_damaged_segments_are_found_and_formed_again(form, workers, tmp_path):
    whole = MAKERS[form](COSINES, KERNEL, workers, side=SIDE)
    keeper = stopped_after(5, form, workers, tmp_path)
    with open(tmp_path / "gram.tiles", "r+b") as file:
        for place in (5, 20_000):
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 64]))
    resumed = MAKERS[form](COSINES, KERNEL, workers, side=SIDE, keeper=keeper)
    assert digits(resumed) == digits(whole)
    assert "damaged" in resumed.notes[0]


@pytest.mark.parametrize("form", ["tiled", "compact", "disk"])
@pytest.mark.parametrize("harm", ["missing", "short"])
def test_a_file_that_is_not_whole_is_formed_anew(form, harm, workers, tmp_path):
    whole = MAKERS[form](COSINES, KERNEL, workers, side=SIDE)
    keeper = stopped_after(5, form, workers, tmp_path)
    file = tmp_path / "gram.tiles"
    if harm == "missing":
        file.unlink()
    else:
        os.truncate(file, 1000)
    resumed = MAKERS[form](COSINES, KERNEL, workers, side=SIDE, keeper=keeper)
    assert digits(resumed) == digits(whole)
    assert "formed again" in resumed.notes[0]


def test_the_state_of_another_pass_is_not_taken_over(workers, tmp_path):
    keeper = stopped_after(2, "recomputed", workers, tmp_path)
    fewer = FloatCosines(COSINES.U[:200])
    resumed = recomputed_gram(fewer, KERNEL, workers, side=SIDE, keeper=keeper)
    plain = recomputed_gram(fewer, KERNEL, workers, side=SIDE)
    assert np.array_equal(resumed.floor.excess, plain.floor.excess)


def test_a_short_pass_in_memory_leaves_nothing_behind(workers, tmp_path):
    keeper = Stopping(tmp_path)
    tiled_gram(COSINES, KERNEL, workers, side=SIDE, keeper=keeper)
    assert keeper.stages == {}
    assert list(tmp_path.iterdir()) == []


# A disk that is full.


def test_tiles_that_do_not_fit_the_disk_are_refused_before_they_are_formed(workers, tmp_path, monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=2**20))
    with pytest.raises(InputError, match=r"must hold the tiles.* are free\. Free some space"):
        disk_gram(COSINES, KERNEL, workers, side=SIDE, keeper=Stopping(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["posix_fallocate", "pwrite", "fdatasync"])
def test_a_disk_that_fills_up_ends_the_pass_and_leaves_nothing_to_trust(call, workers, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    keeper = Stopping(tmp_path)
    with pytest.raises(InputError, match="must hold the tiles"):
        disk_gram(COSINES, KERNEL, workers, side=SIDE, keeper=keeper)
    assert list(tmp_path.iterdir()) == []
    assert keeper.stages == {}


@pytest.mark.parametrize("form", ["tiled", "compact"])
def test_a_full_disk_costs_tiles_in_memory_their_copy_only(form, workers, tmp_path, monkeypatch):
    whole = MAKERS[form](COSINES, KERNEL, workers, side=SIDE)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    keeper = Stopping(tmp_path)
    assert digits(MAKERS[form](COSINES, KERNEL, workers, side=SIDE, keeper=keeper)) == digits(whole)
    assert keeper.stages == {}
    (sentence,) = keeper.warned
    assert f"could not be copied to {tmp_path}: No space left on device; the run goes on" in sentence


def test_a_file_without_a_name_goes_with_the_operator(workers, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    gram = disk_gram(COSINES, KERNEL, workers, side=SIDE)
    assert list(tmp_path.iterdir()) == []
    assert gram.operator.matmat(V).shape == V.shape


def test_a_file_is_read_in_windows_that_come_and_go(tmp_path):
    file = TileFile(tmp_path / "numbers", 3 * 2048, np.int32)
    for start in (0, 2048, 4096):
        file.write(start, np.arange(start, start + 2048, dtype=np.int32))
    with file.window(2048, 4096) as values:
        assert np.array_equal(values, np.arange(2048, 4096))
        assert not values.flags.writeable
    room = np.empty(2048, np.int32)
    file.read(4096, room)
    assert room[0] == 4096


# An interrupt.


class InterruptedStore:
    """A store where the first worker is interrupted at its first window, and the others begin theirs after that."""

    def __init__(self, store, workers):
        self.store, self.workers, self.opened = store, workers, 0

    def ahead(self, start, stop):
        pass

    def window(self, start, stop):
        self.opened += 1
        if start == 0:
            raise KeyboardInterrupt
        patience = time.monotonic() + 5.0
        while not self.workers.stopping and time.monotonic() < patience:
            time.sleep(0.001)
        return self.store.window(start, stop)


@pytest.mark.parametrize("form", ["tiled", "disk"])
@pytest.mark.parametrize("columns", [1, 3, 20])
def test_an_interrupt_ends_a_product_at_the_next_window_and_the_workers_can_be_used_again(form, columns, workers):
    tiles = MAKERS[form](COSINES, KERNEL, workers, side=SIDE).operator.tiles
    X = np.random.default_rng(2).standard_normal((N, columns))
    whole, store = tiles.multiply(X), InterruptedStore(tiles.store, workers)
    with pytest.raises(KeyboardInterrupt):
        replace(tiles, store=store).multiply(X)
    assert store.opened <= 2 < len(tiles.layout.share(1))
    assert not workers.stopping
    assert tiles.multiply(X).tobytes() == whole.tobytes()
