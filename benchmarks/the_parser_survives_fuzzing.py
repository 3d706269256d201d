"""100,000 random texts through the parser of target functions to their norms: a result or one line, nothing else.

    python benchmarks/the_parser_survives_fuzzing.py [COUNT] [SEED]

Warnings are errors. Prints how many gave a result, how many an error, the slowest, and every text that failed.
"""

from __future__ import annotations

import random
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.theory.expressions import outcome, random_text


def main(count: int = 100_000, seed: int = 12345) -> int:
    warnings.simplefilter("error")
    rng, told, slowest, failed = random.Random(seed), Counter[str](), (0.0, ""), 0
    for _ in range(count):
        text, start = random_text(rng), time.perf_counter()
        try:
            told[outcome(text)] += 1
        except Exception as error:
            failed += 1
            print(f"{text!r}: {type(error).__name__}: {error}")
        slowest = max(slowest, (time.perf_counter() - start, text))
    print(f"{told['result']:,} results, {told['error']:,} errors of one line, {failed} failures")
    print(f"slowest: {slowest[0]:.2f} s, {slowest[1][:100]!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
