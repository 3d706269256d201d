"""A valid file that is damaged anywhere is read or refused: nothing else may happen."""

from __future__ import annotations

import bz2
import gzip
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.data import load
from prefit.errors import InputError
from tests.data import malformed

TABLE = malformed.text_of(malformed.rows_of_table())
QUOTED = TABLE.replace("red", '"a ""red""\none"').replace("blue", '"blue"')
LIBSVM = "\n".join(malformed.libsvm_lines())
ARRAYS = malformed.good_arrays()

FILES = {
    "a.csv": TABLE.encode(),
    "b.csv": QUOTED.encode(),
    "a.csv.gz": gzip.compress(TABLE.encode(), mtime=0),
    "a.parquet": malformed.parquet_bytes(),
    "a.npz": malformed.npz_bytes(X_test=ARRAYS["X"], y_test=ARRAYS["y"]),
    "a.npy": malformed.npy_bytes(ARRAYS["X"]),
    "a.svm": LIBSVM.encode(),
    "a.svm.bz2": bz2.compress(LIBSVM.encode()),
    "a.bin": malformed.cifar_bytes(),
    malformed.IMAGES: malformed.idx_pair()[0],
    malformed.LABELS: malformed.idx_pair()[1],
}
PIECES = st.one_of(
    st.binary(min_size=1, max_size=3),
    st.sampled_from(
        [b'"', b"\n", b"\r\n", b",", b":", b"\0", b"\xff\xff\xff\xff", b"nan", b"1e308", b"-1", b"(", b"{'a':"]
    ),
)
DAMAGE = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 12), PIECES | st.just(b"")), min_size=1, max_size=3
)  # where, how many bytes go, what comes in their place


def damaged(contents: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    for position, length, piece in damage:
        start = position % (len(contents) + 1)
        contents = contents[:start] + piece + contents[start + length :]
    return contents


@settings(max_examples=600)
@given(st.sampled_from(sorted(FILES)), DAMAGE)
def test_a_damaged_file_is_read_or_refused(name: str, damage: list[tuple[int, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "y.npy").write_bytes(malformed.npy_bytes(ARRAYS["y"]))
        for file in (malformed.IMAGES, malformed.LABELS):
            (here / file).write_bytes(FILES[file])
        (here / name).write_bytes(damaged(FILES[name], damage))
        source = {"a.bin": f"cifar10:{here}/a.bin", malformed.IMAGES: f"idx:{here}", malformed.LABELS: f"idx:{here}"}
        message = ""
        try:
            train = load(
                source.get(name, here / name), target=f"{here}/y.npy" if name == "a.npy" else None, memory=10**8
            ).train
            assert train.n == train.rows.size > 1
        except InputError as error:
            message = str(error)
    assert message.isprintable()
    assert len(message) < 1000
