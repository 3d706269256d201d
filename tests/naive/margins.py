"""Margins by solvers of others: HiGHS for random features, NNLS and libsvm for kernels."""

import math

import numpy as np
import scipy.integrate
import scipy.optimize
from sklearn.svm import SVC


def feature_margin(F, y):
    """max γ subject to y_i (1/M) Σ_j c_j F_ij ≥ γ, |c_j| ≤ 1 (Cao & Gu 2020, Assumption 3.3 on M draws), by HiGHS."""
    n, m = F.shape
    rows = np.column_stack([-(y[:, None] * F) / m, np.ones(n)])
    goal = np.append(np.zeros(m), -1.0)
    found = scipy.optimize.linprog(goal, A_ub=rows, b_ub=np.zeros(n), bounds=[(-1, 1)] * m + [(None, None)])
    return -found.fun


def least_mean(F, y):
    """min over the simplex of (1/M) Σ_j |Σ_i p_i y_i F_ij|: the dual, written with q = q⁺ − q⁻."""
    n, m = F.shape
    goal = np.concatenate([np.zeros(n), np.full(2 * m, 1.0 / m)])
    balance = np.hstack([(y[:, None] * F).T, -np.eye(m), np.eye(m)])
    simplex = np.concatenate([np.ones(n), np.zeros(2 * m)])
    found = scipy.optimize.linprog(goal, A_eq=np.vstack([balance, simplex]), b_eq=np.append(np.zeros(m), 1.0))
    return found.fun


def hard_margin_of_libsvm(K, y):
    """1/‖w‖ of a support vector machine that allows no slack worth the name.

    Every example stands there a second time as −x with the label −y, so that the machine's offset is 0.
    """
    both = np.kron([[1.0, -1.0], [-1.0, 1.0]], K)
    machine = SVC(C=1e9, kernel="precomputed", tol=1e-9).fit(both, np.concatenate([y, -y]))
    weights, support = machine.dual_coef_[0], machine.support_
    return 1.0 / math.sqrt(weights @ both[np.ix_(support, support)] @ weights)


def mean_difference():
    """½ E|σ(a) − σ(b)| for independent normal a and b: γ₁ of two orthogonal inputs with different labels."""

    def density(t):
        return math.exp(-t * t / 2) / math.sqrt(2 * math.pi)

    both, _ = scipy.integrate.dblquad(lambda a, b: abs(a - b) * density(a) * density(b), 0, 9, 0, 9, epsabs=1e-8)
    one = 2 * 0.5 / math.sqrt(2 * math.pi)  # one is negative: E σ of the other, times ½, twice
    return 0.5 * (both + one)
