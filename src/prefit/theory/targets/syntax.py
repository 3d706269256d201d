"""The grammar of target functions: a text in, a tree out; nothing is ever evaluated as code.

    sum      = ["+" | "-"] product { ("+" | "-") product }
    product  = signed { ("*" | "/") signed }
    signed   = { "+" | "-" } power
    power    = atom [ ("^" | "**") signed | raised ]
    atom     = number | "pi" | "t" | "t1" … "t99" | function "(" sum ")" | "quad" "(" letter ")" | "x'" letter "x"
             | "(" sum ")"

t is another name of t1; raised is a number of superscript digits, as in t². The functions are those of
`elementary.FUNCTIONS`, with arctan for atan and ln for log. Length, words, nesting and digits are limited, so that
every text ends soon in a tree or in one line that names a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from prefit.errors import InputError
from prefit.theory.targets.elementary import FUNCTIONS

MOST_CHARACTERS, MOST_WORDS, MOST_NESTING, MOST_DIGITS, MOST_EXPONENT = 10_000, 2_000, 40, 40, 300
PI = Fraction(3141592653589793238462643383279503, 10**33)
_ALIASES = {"arctan": "atan", "ln": "log"}
_NO_SERIES = ("abs", "sign", "sgn", "relu", "max", "min", "floor", "ceil", "round")
_SIGNS = {"−": "-", "·": "*", "×": "*", "**": "^"}
_WORD = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<form>x['ᵀ][A-Z]x(?![A-Za-z0-9_]))"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*|π)"
    r"|(?P<sign>\*\*|[-+*/^()−·×])"
    r"|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
)
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_WAYS = {
    "βxz_": "t1, t2, … for projections",
    "[]{}": "round brackets",
    "|": "a smooth function, as sqrt(1.1 + t^2) - 1 for |t|, which has no power series about 0",
    "√": "sqrt(…)",
    "⁻": "a quotient, as 1/(2 + t)^2 for (2 + t)⁻²; 1/t^2 for t⁻²",
    "₀₁₂₃₄₅₆₇₈₉": "t1, t2, … for t₁, t₂, …",
    ",;": "one function, its projections t1, t2, …",
    "=": "the function alone, as t^2 for y = t^2",
    "\r\n": "it in one line",
}
_INSTEAD = {
    "tan": "sin(t)/cos(t)",
    "tanh": "sinh(t)/cosh(t)",
    "sigmoid": "1/(1 + exp(-t))",
    "e": "exp(t) for e^t, exp(1) for e",
}


@dataclass(frozen=True)
class Number:
    """A number of the text, exactly; pi to 33 decimals."""

    column: int
    value: Fraction


@dataclass(frozen=True)
class Projection:
    """t_j = β_jᵀx."""

    column: int
    index: int


@dataclass(frozen=True)
class Form:
    """xᵀAx with the matrix of that letter."""

    column: int
    letter: str


@dataclass(frozen=True)
class Call:
    """A function of the list, applied."""

    column: int
    function: str
    argument: Node


@dataclass(frozen=True)
class Sum:
    """Terms with their signs, each ±1."""

    column: int
    terms: tuple[tuple[int, Node], ...]


@dataclass(frozen=True)
class Product:
    """Factors from the left, each behind "*" or "/"."""

    column: int
    factors: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Power:
    column: int
    base: Node
    exponent: Node


Node = Number | Projection | Form | Call | Sum | Product | Power


@dataclass(frozen=True)
class Expression:
    """A parsed target function.

    text          as it was given
    tree          what it says
    projections   the indices j of its t_j, increasing
    letters       the matrices that it names
    both_names    t and t1 both stand in it, two names of one projection
    """

    text: str
    tree: Node
    projections: tuple[int, ...]
    letters: tuple[str, ...]
    both_names: bool


def parse(text: str) -> Expression:
    """The tree of a text; InputError of one line, with the column, for what is not in the grammar."""
    if not isinstance(text, str):
        raise InputError(f"the expression must be text, got {type(text).__name__}. Write for example '2*t^2 - t1*t2'.")
    if len(text) > MOST_CHARACTERS:
        raise InputError(
            f"the expression has {len(text):,} characters, at most {MOST_CHARACTERS:,} are read. Shorten it."
        )
    return _Parser(text).expression()


def wrong(column: int, what: str) -> InputError:
    """The one line for what cannot be taken at this column of the expression."""
    return InputError(f"the expression, column {column}: {what}")


@dataclass(frozen=True)
class _Word:
    kind: str  # number, form, name, sign, raised or end
    text: str
    column: int

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end"
        return repr(self.text if len(self.text) <= 24 else f"{self.text[:20]}…")


def _words(text: str) -> Iterator[_Word]:
    place, count = 0, 0
    while place < len(text):
        if text[place] in " \t":
            place += 1
            continue
        found = _WORD.match(text, place)
        if found is None:
            told = f"expected a number, a name or an operator, found {text[place]!r}.{_way(text[place])}"
            raise wrong(place + 1, told)
        count += 1
        if count > MOST_WORDS:
            raise wrong(place + 1, f"an expression has at most {MOST_WORDS:,} words. Shorten it.")
        kind = str(found.lastgroup)
        yield _Word(kind, _SIGNS.get(found[0], found[0]) if kind == "sign" else found[0], place + 1)
        place = found.end()
    yield _Word("end", "", len(text) + 1)


class _Parser:
    """One pass over the words by recursive descent, a method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = list(_words(text))
        self.place = 0
        self.depth = 0
        self.names: set[str] = set()
        self.letters: set[str] = set()

    def expression(self) -> Expression:
        tree = self._sum()
        if self._word.kind != "end":
            raise wrong(self._word.column, f"expected an operator or the end, found {self._word}.{self._hint()}")
        indices = tuple(sorted({int(name[1:] or "1") for name in self.names}))
        return Expression(self.text.strip(), tree, indices, tuple(sorted(self.letters)), {"t", "t1"} <= self.names)

    @property
    def _word(self) -> _Word:
        return self.words[self.place]

    def _hint(self) -> str:
        product = self._word.kind in ("name", "number", "form") or self._word.text == "("
        return " A product is written with *." if product else ""

    def _take(self, *signs: str) -> _Word | None:
        """The next word, if it is one of these signs."""
        word = self._word
        if word.kind != "sign" or word.text not in signs:
            return None
        self.place += 1
        return word

    def _expect(self, sign: str, after: str = "") -> None:
        if self._take(sign) is None:
            hint = self._hint() if sign == ")" else f" Write {after}(t), a power of it {after}(t)^2." if after else ""
            raise wrong(self._word.column, f"expected {sign!r}, found {self._word}.{hint}")

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MOST_NESTING:
            raise wrong(self._word.column, f"nesting goes {MOST_NESTING} deep at most. Write it flatter.")

    def _sum(self) -> Node:
        self._deeper()
        column = self._word.column
        terms = [_signed_term(1, self._product())]
        while sign := self._take("+", "-"):
            terms.append(_signed_term(1 if sign.text == "+" else -1, self._product()))
        self.depth -= 1
        return terms[0][1] if len(terms) == 1 and terms[0][0] > 0 else Sum(column, tuple(terms))

    def _product(self) -> Node:
        column = self._word.column
        side, first = _signed_term(1, self._signed())
        factors = [("*", first)]
        while sign := self._take("*", "/"):
            side, factor = _signed_term(side, self._signed())
            factors.append((sign.text, factor))
        whole = factors[0][1] if len(factors) == 1 else Product(column, tuple(factors))
        return whole if side > 0 else Sum(column, ((-1, whole),))

    def _signed(self) -> Node:
        column, side = self._word.column, 1
        while sign := self._take("+", "-"):
            side = side if sign.text == "+" else -side
        base = self._power()
        return base if side == 1 else Sum(column, ((-1, base),))

    def _power(self) -> Node:
        base = self._atom()
        if self._word.kind == "raised":
            return self._raised(base)
        sign = self._take("^")
        if sign is None:
            return base
        self._deeper()
        exponent = self._signed()
        self.depth -= 1
        return Power(sign.column, base, exponent)

    def _raised(self, base: Node) -> Node:
        word = self._word
        self.place += 1
        if self._word.text == "^":
            raise wrong(self._word.column, "this is a power of a power. Write brackets, as (t^2)^3.")
        return Power(word.column, base, Number(word.column, _number(replace(word, text=word.text.translate(_LOWERED)))))

    def _atom(self) -> Node:
        word = self._word
        if self._take("("):
            inner = self._sum()
            self._expect(")")
            return inner
        if word.kind == "end" and self.place == 0:
            raise wrong(word.column, "nothing is written. Write a function of a projection, as t^2 or 2*t1^2 - t1*t2.")
        if word.kind in ("sign", "raised", "end"):
            raise wrong(word.column, f"expected a number, a projection t, t1, t2, … or a function, found {word}.")
        self.place += 1
        if word.kind == "number":
            return Number(word.column, _number(word))
        if word.kind == "form":
            return self._form(word.column, word.text[2])
        return self._named(word)

    def _named(self, word: _Word) -> Node:
        name = _ALIASES.get(word.text, word.text)
        if name in ("pi", "π"):
            return Number(word.column, PI)
        if re.fullmatch(r"t([1-9][0-9]?)?", name):
            self.names.add(name)
            return Projection(word.column, int(name[1:] or "1"))
        if name == "quad":
            return self._quad(word.column)
        if name not in FUNCTIONS:
            raise wrong(word.column, _unknown(word))
        self._expect("(", name)
        argument = self._sum()
        self._expect(")")
        return Call(word.column, name, argument)

    def _quad(self, column: int) -> Node:
        self._expect("(")
        word = self._word
        if word.kind != "name" or not re.fullmatch("[A-Z]", word.text):
            raise wrong(word.column, f"expected the capital letter of a matrix, found {word}.")
        self.place += 1
        self._expect(")")
        return self._form(column, word.text)

    def _form(self, column: int, letter: str) -> Node:
        self.letters.add(letter)
        return Form(column, letter)


def _signed_term(side: int, node: Node) -> tuple[int, Node]:
    """What only has a minus before it gives that to the sign of the whole."""
    if isinstance(node, Sum) and len(node.terms) == 1:
        return side * node.terms[0][0], node.terms[0][1]
    return side, node


def _number(word: _Word) -> Fraction:
    mantissa, _, exponent = word.text.lower().partition("e")
    digits = mantissa.replace(".", "")
    if len(digits) > MOST_DIGITS:
        raise wrong(word.column, f"a number has at most {MOST_DIGITS} digits, this one has {len(digits):,}.")
    if len(exponent) > 5 or abs(int(exponent or "0")) > MOST_EXPONENT:
        raise wrong(word.column, f"a power of ten must be from e-{MOST_EXPONENT} to e{MOST_EXPONENT}.")
    return Fraction(f"0{mantissa}" if mantissa.startswith(".") else mantissa.rstrip(".")) * Fraction(10) ** int(
        exponent or "0"
    )


def _unknown(word: _Word) -> str:
    if word.text in _NO_SERIES:
        return (
            f"{word.text} has no power series about 0, so none of these kernels' norms is known for it. Write a smooth "
            "function near it, as sqrt(1.1 + t^2) - 1 for abs(t)."
        )
    if word.text in _INSTEAD:
        return f"{word} is no name known here. Write {_INSTEAD[word.text]}."
    known = ", ".join(FUNCTIONS)
    hint = " Projections are t, t1, t2, … t99." if word.text[:1] in ("t", "x", "z", "T", "X") else ""
    return f"{word} is no name known here.{hint} The functions are {known}; a matrix is quad(A) or x'Ax."


def _way(sign: str) -> str:
    """What to write instead of a sign that is not in the grammar."""
    return next((f" Write {way}." for signs, way in _WAYS.items() if sign in signs), "")


# The text of a tree ---------------------------------------------------------------------------------------------------


def written(node: Node) -> str:
    """The tree as text again, in one way of writing: t1 for t, ^ for **, spaces about + and -."""
    match node:
        case Number(value=value):
            return "pi" if value == PI else _decimal(value)
        case Projection(index=index):
            return f"t{index}"
        case Form(letter=letter):
            return f"quad({letter})"
        case Call(function=function, argument=argument):
            return f"{function}({written(argument)})"
        case Sum(terms=terms):
            return _written_sum(terms)
        case Product(factors=factors):
            parts = [(sign, _bracketed(factor, Sum, Product)) for sign, factor in factors]
            return parts[0][1] + "".join(f"{sign}{part}" for sign, part in parts[1:])
        case Power(base=base, exponent=exponent):
            return f"{_bracketed(base, Sum, Product, Power)}^{_bracketed(exponent, Sum, Product, Power)}"


def _written_sum(terms: tuple[tuple[int, Node], ...]) -> str:
    parts = [("-" if side < 0 else "+", _bracketed(term, Sum)) for side, term in terms]
    first = f"{'-' if parts[0][0] == '-' else ''}{parts[0][1]}"
    return first + "".join(f" {sign} {part}" for sign, part in parts[1:])


def _bracketed(node: Node, *kinds: type) -> str:
    text = written(node)
    return f"({text})" if isinstance(node, kinds) else text


def _decimal(value: Fraction) -> str:
    if value.denominator == 1 and abs(value) < 10**15:
        return str(value.numerator)
    return f"{float(value):.16g}"
