"""A few threads with fixed shares of the tiles, so that sums have one order for a given thread count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from prefit._shapes import AnyArray

T = TypeVar("T")
# Entering a limit asks every loaded library; the controller remembers them. NumPy and SciPy are loaded by then.
_controller: list[ThreadpoolController] = []


def default_threads() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def blas_threads(count: int) -> Iterator[None]:
    """BLAS calls inside use `count` threads."""
    if not _controller:
        import scipy.linalg  # noqa: F401  (its BLAS must be loaded before the controller looks)

        _controller.append(ThreadpoolController())
    with _controller[0].limit(limits=count, user_api="blas"):
        yield


class Workers:
    """`share(work)` runs work(0), …, work(threads − 1) at once, each with one BLAS thread, results in that order."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.stopping = False  # long shares look at this between tiles: an interrupt ends them
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="prefit")

    def share(self, work: Callable[[int], T]) -> list[T]:
        with blas_threads(1):
            futures = [self._pool.submit(work, worker) for worker in range(self.threads)]
            try:
                return [future.result() for future in futures]
            except BaseException:
                self.stopping = True
                for future in futures:
                    future.cancel()
                wait(futures)  # those under way leave at their next look: none reads or writes any more
                self.stopping = False
                raise

    def total(self, work: Callable[[int], AnyArray]) -> AnyArray:
        """The workers' arrays added up in the workers' order; the first one is added to."""
        first, *others = self.share(work)
        for part in others:
            first += part
        return first

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
