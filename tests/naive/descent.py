"""Gradient descent and conjugate directions as the papers write them, one step at a time."""

import numpy as np


def residuals(H, Y, rate, steps):
    """‖y − u(k)‖ for k = 0 … steps by u(k + 1) = u(k) − ηH(u(k) − y), u(0) = 0 (Arora et al. 2019, §4)."""
    u, norms = np.zeros_like(Y), []
    for _ in range(steps + 1):
        norms.append(float(np.linalg.norm(Y - u)))
        u = u - rate * (H @ (u - Y))
    return norms


def movements(H, Y, rate, steps):
    """B_k = √(zᵀHz) for k = 0 … steps by z(k + 1) = z(k) + η(y − Hz(k)) (Lemma 5.3, §5.2)."""
    z, norms = np.zeros_like(Y), []
    for _ in range(steps + 1):
        norms.append(float(np.sqrt(np.sum(z * (H @ z)))))
        z = z + rate * (Y - H @ z)
    return norms


def lanczos(A, y, steps):
    """(T, β, ‖y‖): the tridiagonal matrix of `steps` steps from y, orthogonalized twice against everything."""
    Q, alpha, beta = [y / np.linalg.norm(y)], [], []
    for _ in range(steps):
        w = A @ Q[-1]
        alpha.append(Q[-1] @ w)
        for _ in range(2):
            for q in Q:
                w = w - (q @ w) * q
        beta.append(np.linalg.norm(w))
        Q.append(w / beta[-1])
    T = np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1)
    return T, beta[-1], np.linalg.norm(y)


def gauss(A, y, steps):
    """Nodes and weights of the Gauss quadrature."""
    T, _, length = lanczos(A, y, steps)
    nodes, U = np.linalg.eigh(T)
    return nodes, (length * U[0]) ** 2


def radau(A, y, steps, at):
    """Nodes and weights of the Gauss-Radau quadrature with one node given (Golub 1973)."""
    T, beta, length = lanczos(A, y, steps)
    delta = np.linalg.solve(T - at * np.eye(steps), beta**2 * np.eye(steps)[-1])
    larger = np.block([[T, beta * np.eye(steps)[:, -1:]], [beta * np.eye(steps)[-1:], np.array([[at + delta[-1]]])]])
    nodes, U = np.linalg.eigh(larger)
    return nodes, (length * U[0]) ** 2
