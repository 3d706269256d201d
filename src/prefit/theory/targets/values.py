"""Values of an expression at inputs, computed from its tree: a way of its own, beside the series."""

from __future__ import annotations

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.theory.targets.elementary import FUNCTIONS
from prefit.theory.targets.frame import Matrices
from prefit.theory.targets.syntax import Call, Expression, Form, Node, Number, Power, Product, Projection, Sum


def values(expression: Expression, X: Matrix, betas: Matrix, matrices: Matrices) -> Vector:
    """(n,) g(x) for the rows x of X (n, d), t_j = β_jᵀx with the rows β_j of betas, row j for t_j."""
    T = X @ betas.T
    with np.errstate(all="ignore"):
        result: Vector = np.broadcast_to(_value(expression.tree, T, X, matrices), (X.shape[0],)).astype(np.float64)
    return result


def _value(node: Node, T: Matrix, X: Matrix, matrices: Matrices) -> Vector:
    match node:
        case Number(value=value):
            return np.array(float(value))
        case Projection(index=index):
            return np.asarray(T[:, index - 1])
        case Form(letter=letter):
            return np.asarray(np.einsum("ij,ij->i", X @ matrices[letter], X))
        case Call(function=function, argument=argument):
            return FUNCTIONS[function].value(_value(argument, T, X, matrices))
        case Sum(terms=terms):
            return np.asarray(sum(side * _value(term, T, X, matrices) for side, term in terms))
        case Power(base=base, exponent=exponent):
            return np.asarray(_value(base, T, X, matrices) ** _value(exponent, T, X, matrices))
        case Product(factors=factors):
            return _product(factors, T, X, matrices)


def _product(factors: tuple[tuple[str, Node], ...], T: Matrix, X: Matrix, matrices: Matrices) -> Vector:
    result = np.array(1.0)
    for sign, factor in factors:
        value = _value(factor, T, X, matrices)
        result = result * value if sign == "*" else result / value
    return result
