"""Random texts for the parser of target functions: like its grammar, of its words, of any characters."""

from __future__ import annotations

import random

import numpy as np

from prefit.errors import InputError
from prefit.theory.harmonics import harmonics, tensors
from prefit.theory.targets import expand, parse
from prefit.theory.targets.frame import orthonormal

_OF_THE_GRAMMAR = "0 1 2 3 0.5 1e3 1e-300 9999999999999999 1e300 .5 7. pi π t t1 t2 t3 t99 + - * / ^ ** ( ) ( ) , ' x"
_FUNCTIONS = "cos( sin( exp( atan( log( sqrt( sinh( cosh( arctan( ln( quad( A ) ) ) x'Ax xᵀBx abs( relu( t0 t100 tt"
_OF_CODE = "eval( exec( __import__('os') lambda: open( [0] {} import system . ; # \\ \" % & | ~ @ := == != <"
WORDS = f"{_OF_THE_GRAMMAR} {_FUNCTIONS} {_OF_CODE}".split()
LETTERS = "0123456789.eE+-*/^()tpicosinxabrlogqh π−·×²√∞\t\n\r\0'\"[]{}_,;:!?<>=&|~@#$%\\"


def sum_like(rng: random.Random, depth: int = 0) -> str:
    """A text of the grammar, but for what it may not be multiplied or put into."""
    kind = rng.randrange(9 if depth < 4 else 3)
    if kind == 0:
        return rng.choice(["1", "2", "0.25", "-3", "1e2", "pi", "0"])
    if kind in (1, 2):
        return rng.choice(["t", "t1", "t2", "t3", "t/2", "2*t"])
    if kind in (3, 4, 5):
        return f"{sum_like(rng, depth + 1)} {rng.choice('+-**/')} {sum_like(rng, depth + 1)}"
    if kind == 6:
        return f"({sum_like(rng, depth + 1)})^{rng.choice(['2', '3', '4', '0', '-1', '7', '65', '0.5', 't'])}"
    if kind == 7:
        return f"({sum_like(rng, depth + 1)})"
    name = rng.choice(["cos", "sin", "exp", "atan", "log", "sqrt", "sinh", "cosh"])
    return f"{name}({sum_like(rng, depth + 1)})"


def random_text(rng: random.Random) -> str:
    """One of seven kinds of text."""
    kind = rng.randrange(8)
    if kind <= 2:
        return sum_like(rng)
    if kind == 3:
        return "".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 25)))
    if kind == 4:
        return "".join(rng.choice(LETTERS) for _ in range(rng.randrange(0, 40)))
    if kind == 5:
        return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(0, 20)))
    if kind == 6:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(0, 40))).decode("latin-1")
    opening, closing = rng.choice([("(", ")"), ("cos(", ")"), ("-", ""), ("t^", "1"), ("2*(1+", ")"), ("1e", "9")])
    count = rng.choice([3, 30, 39, 41, 200, 3000])
    return opening * count + "t" + closing * count


def outcome(text: str, is_whole: bool = True) -> str:
    """ "result" or "error": the text taken to norms as the command does it; any other exception is a failure.

    is_whole   to the harmonics of a sphere too
    """
    try:
        expression = parse(text)
        side = 100 if expression.letters else None
        matrices = {letter: np.eye(100) for letter in expression.letters}
        target = expand(expression, orthonormal(expression.projections, side), matrices, 64)
        tensors(target)
        if is_whole and target.least_dimension <= 5:
            harmonics(target, 5)
    except InputError as error:
        told = str(error)
        assert told
        assert "\n" not in told
        assert "\r" not in told
        return "error"
    return "result"
