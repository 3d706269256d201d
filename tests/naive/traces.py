"""Trace estimators as their papers state them: one basis for each vector left out, matrices held whole."""

import itertools

import numpy as np


def sign_vectors(n):
    """(n, 2ⁿ) all of them."""
    return np.array(list(itertools.product([-1.0, 1.0], repeat=n))).T


def projected(Q, v):
    return v - Q @ (Q.T @ v)


def hutch_pp(A, S, G):
    """tr(QᵀAQ) + mean of gᵀ(1 − QQᵀ)A(1 − QQᵀ)g (Meyer, Musco, Musco, Woodruff 2021, Algorithm 1)."""
    Q = np.linalg.qr(A @ S)[0]
    forms = [projected(Q, g) @ A @ projected(Q, g) for g in G.T]
    return np.trace(Q.T @ A @ Q) + np.mean(forms)


def xtrace(A, Omega):
    """(mean, standard error): each vector left out of Hutch++'s basis in turn (Epperly, Tropp, Webber 2024, §2.1)."""
    values = [hutch_pp(A, np.delete(Omega, i, axis=1), Omega[:, [i]]) for i in range(Omega.shape[1])]
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


def controlled(draws, inverse, matrices, share):
    """mean over draws Y (n, width) of (yᵀK⁻¹y − Σ_c β_c yᵀO_c y)/share, β regressed on the other draws.

    O_c is a control off its diagonal; the regression also has the identity and the controls' diagonals.
    """
    off = [C - np.diag(np.diag(C)) for C in matrices]
    regressors = [*off, *(np.diag(np.diag(C)) for C in matrices), np.eye(len(inverse))]
    values = []
    for left_out, Y in enumerate(draws):
        others = np.hstack([other for i, other in enumerate(draws) if i != left_out])
        columns = np.stack([(R @ others).ravel() for R in regressors], axis=1)
        beta = np.linalg.lstsq(columns, (inverse @ others).ravel(), rcond=None)[0]
        form = np.trace(Y.T @ inverse @ Y)
        values.append((form - sum(b * np.trace(Y.T @ O @ Y) for b, O in zip(beta, off, strict=False))) / share)
    return np.mean(values)
