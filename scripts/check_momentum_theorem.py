#!/usr/bin/env python3
"""Checks docs/momentum-theorem.md on small random problems: one line for each numbered statement.

Every batch is enumerated and the second-moment operator of the whole state (position, velocity) is built from the
update equations of torch.optim.SGD, so nothing of the theory enters the side that it is compared with. Exits with 1
if a statement fails. Needs numpy; seconds.

Usage: check_momentum_theorem.py [--problems 150] [--seed 0]
"""
import argparse
import itertools
import math
import sys

import numpy as np

HEAVY_BALL, NESTEROV, DECOUPLED = "heavy ball", "Nesterov", "decoupled"
# Relative rounding errors: of formulas with factors 1 − m², which lose (1 − m)^−2 = 1e4, and of eigenvalues of
# kernels with diagonal 1 and side 40.
FORMULA, EIGENVALUE = 1e-10, 1e-13


class Optimizer:
    """An optimizer with momentum m and weight decay w."""

    def __init__(self, kind, m, w):
        self.kind, self.m, self.w = kind, m, w

    def step(self, eta):
        """S0, S1 with (θ, ηv) ← (S0⊗I + S1⊗H_B)(θ, ηv), from the update equations."""
        m, w = self.m, self.w
        if self.kind == DECOUPLED:
            return np.array([[1 - eta * w, -m], [0, m]]), np.array([[-eta, 0], [eta, 0]])
        if self.kind == NESTEROV:
            old = np.array([[1 - eta * (1 + m) * w, -m * m], [eta * w, m]])
            return old, np.array([[-eta * (1 + m), 0], [eta, 0]])
        return np.array([[1 - eta * w, -m], [eta * w, m]]), np.array([[-eta, 0], [eta, 0]])

    def eta_mean(self, sharpness):
        """η*_mean (Lemma 4)."""
        m, w = self.m, self.w
        if self.kind == DECOUPLED:
            return 2 * (1 + m) / (sharpness + (1 + m) * w)
        return 2 * (1 + m) / ((1 + 2 * m if self.kind == NESTEROV else 1) * (sharpness + w))

    def scaled(self, eta, lam):
        """x_a, y with ηλ_a = x_a − y."""
        y = eta * self.w * (1 - self.m if self.kind == DECOUPLED else 1)
        return eta * lam + y, y

    def inverse_gramian(self, eta, lam):
        """1/g_ab by (5) or (6)."""
        x, _ = self.scaled(eta, lam)
        a, b = x[:, None], x[None, :]
        m = self.m
        if self.kind == NESTEROV:
            n0, n1, n2 = 1 - m**2, m * (1 + m - m**2), m**2 * (1 + 2 * m)
            s, p, d = a + b, a * b, (a - b) ** 2
            num = n0 + n1 * s + n2 * p
            den = (1 - m) * n0 * s + n1 * d - (1 - 4 * m - 3 * m**2 + 6 * m**3) * p
            den = den + m * (3 * m**2 - 1) * s * p - n2 * p**2
            return den / num
        d = m * (1 - eta * self.w) if self.kind == DECOUPLED else m
        return (1 - d) * (a + b) - (1 - d) / (1 + d) * a * b + d * (a - b) ** 2 / (1 - d**2)

    def decomposition(self, eta, lam):
        """f_a and the positive semidefinite r of (7)."""
        x, _ = self.scaled(eta, lam)
        a, b = x[:, None], x[None, :]
        m = self.m
        if self.kind == NESTEROV:
            n0, n1 = 1 - m**2, m * (1 + m - m**2)
            phi = n0 + n1 * x
            psi = m**3 * x / phi
            pick = (2 + psi[:, None] + psi) / (1 - np.outer(psi, psi))
            return x - m * n0 * x / phi, m**4 * n0 * np.outer(x / phi, x / phi) * pick
        d = m * (1 - eta * self.w) if self.kind == DECOUPLED else m
        return (1 - d) * x + d * x**2 / (1 - d**2), 2 * d**2 / (1 - d**2) * a * b


class Problem:
    """Hessians H_i = A_iᵀA_i in the eigenbasis of their mean, projected on eigenvalues above λ_1/1000."""

    def __init__(self, rng, samples=None):
        n = samples or int(rng.integers(1, 5))
        q, d = (int(rng.integers(1, 3)) for _ in range(2))
        d = d + 1
        A = rng.normal(size=(n, q, d)) * np.exp(rng.normal(size=(n, 1, 1))) * np.exp(rng.normal(size=d))
        if n > 2 and rng.random() < 0.3:
            A[0] = A[1] if rng.random() < 0.5 else 0
        lam, U = np.linalg.eigh(np.einsum("nqi,nqj->ij", A, A) / n)
        keep = lam > 1e-3 * lam[-1]
        self.n, self.q, self.lam = n, q, lam[keep]
        A = A @ U[:, keep]
        self.V = A.reshape(n * q, -1) / np.sqrt(n * self.lam)
        self.hessians = np.einsum("nqi,nqj->nij", A, A)
        self.H, self.r = np.diag(self.lam), len(self.lam)


def batches(n, B, sampling):
    """Every batch as weights of the samples, with its probability, and (α, β)."""
    if sampling == "distinct":
        sets = list(itertools.combinations(range(n), B))
        weights = [(1 / len(sets), np.isin(range(n), s) / B) for s in sets]
        beta = 0.0 if B == n else (n - B) / (B * (n - 1))
        return weights, 1 - beta, beta
    if sampling == "independent":
        draws = itertools.product(range(n), repeat=B)
        return [(n**-B, np.bincount(d, minlength=n) / B) for d in draws], 1 - 1 / B, 1 / B
    p, weights = B / n, []
    for included in itertools.product([0, 1], repeat=n):
        k = sum(included)
        weights.append((p**k * (1 - p) ** (n - k), np.array(included) / B))
    return weights, 1.0, 1 / B - 1 / n


def symmetric_basis(r):
    """Orthonormal basis of Sym(r) as rows of r² numbers."""
    rows = []
    for i, j in itertools.combinations_with_replacement(range(r), 2):
        e = np.zeros((r, r))
        e[i, j] = e[j, i] = 1 if i == j else math.sqrt(0.5)
        rows.append(e.ravel())
    return np.array(rows)


class Case:
    """A problem with an optimizer and a way to draw batches."""

    def __init__(self, problem, optimizer, B, sampling):
        self.problem, self.optimizer, self.B, self.sampling = problem, optimizer, B, sampling
        self.weights, self.alpha, self.beta = batches(problem.n, B, sampling)
        self.eta_mean = optimizer.eta_mean(problem.lam[-1])
        H, r = problem.H, problem.r
        self.batch_hessians = [(p, np.einsum("n,nij->ij", w, problem.hessians)) for p, w in self.weights]
        self.noise = (self.alpha - 1) * np.kron(H, H)
        self.noise = self.noise + self.beta / problem.n * sum(np.kron(h, h) for h in problem.hessians)
        self.basis = symmetric_basis(r)
        blocks = []
        for i in range(problem.n):
            for e in symmetric_basis(problem.q):
                m = np.zeros((problem.n, problem.q, problem.n, problem.q))
                m[i, :, i, :] = e.reshape(problem.q, problem.q)
                blocks.append(m.reshape(problem.n * problem.q, -1))
        self.blocks = np.array(blocks)
        self.reduced = np.einsum("ia,kij,jb->kab", problem.V, self.blocks, problem.V)

    def second_moment_radius(self, eta):
        """ρ(Q(η)) with every batch enumerated."""
        S0, S1 = self.optimizer.step(eta)
        I = np.eye(self.problem.r)
        total = 0
        for p, h in self.batch_hessians:
            M = np.kron(S0, I) + np.kron(S1, h)
            total = total + p * np.kron(M, M)
        return abs(np.linalg.eigvals(total)).max()

    def gramian_by_powers(self, eta):
        """η² g_ab from the impulse responses of the update equations."""
        S0, S1 = self.optimizer.step(eta)
        r = self.problem.r
        M = np.kron(S0, np.eye(r)) + np.kron(S1, self.problem.H)
        out = np.empty((r, r))
        for a, b in itertools.product(range(r), repeat=2):
            Ma, Mb = (S0 + S1 * self.problem.lam[k] for k in (a, b))
            s = S1[:, :1]
            Z = np.linalg.solve(np.eye(4) - np.kron(Ma, Mb), (s @ s.T).ravel())
            out[a, b] = Z[0]
        return out

    def gramian(self, eta):
        """η² g_ab from the formulas."""
        return eta**2 / self.optimizer.inverse_gramian(eta, self.problem.lam)

    def phi(self, eta):
        """The matrix of Φ on Sym(r)."""
        return self.basis @ (self.gramian(eta).reshape(-1, 1) * self.noise) @ self.basis.T

    def kernel(self, eta):
        products = np.outer(self.problem.lam, self.problem.lam)
        return 1 / (1 / (products * self.gramian(eta)) + 1 - self.alpha)

    def block_map(self, eta):
        """The matrix of F on the symmetric blocks."""
        k = self.kernel(eta)
        return self.beta * self.problem.n * np.einsum("kab,ab,lab->kl", self.reduced, k, self.reduced)

    def top(self, eta):
        return np.linalg.eigvalsh(self.block_map(eta))[-1]

    def eta_var(self):
        """Where λ_max(F) = 1, by bisection; η*_mean if nowhere."""
        low, high = 0.0, self.eta_mean * (1 - 1e-12)
        if self.top(high) < 1:
            return self.eta_mean
        while high - low > 1e-15 * high:
            middle = (low + high) / 2
            if middle in (low, high):
                break
            low, high = (middle, high) if self.top(middle) < 1 else (low, middle)
        return low

    def pencil(self):
        """C_w, F_w (entrywise) and D_w of Theorem 13 as matrices on Sym(r)."""
        l, m = self.problem.lam + self.optimizer.w, self.optimizer.m
        C = np.add.outer(l, l) / 2
        F = np.add.outer(l**2, l**2) - 2 * m * np.outer(l, l)
        matrix = lambda entries: self.basis @ (entries.reshape(-1, 1) * self.basis.T)
        D = matrix(np.outer(l, l)) + self.basis @ self.noise @ self.basis.T
        return matrix(C), matrix(F), D


def generalized_top(A, C):
    """λ_max(C⁻¹A) of symmetric A and diagonal C ≻ 0."""
    h = 1 / np.sqrt(np.diag(C))
    return np.linalg.eigvalsh(h[:, None] * A * h)[-1]


def random_optimizer(rng, sharpness, kinds=(HEAVY_BALL, NESTEROV, DECOUPLED)):
    kind = kinds[rng.integers(len(kinds))]
    m = float(rng.choice([0.1, 0.5, 0.9, 0.99, 0.99 * rng.random()]))
    if kind != NESTEROV and rng.random() < 0.15:
        m = 0.0
    w = 0.0 if rng.random() < 0.4 else float(sharpness * 10 ** rng.uniform(-3, 0.3))
    return Optimizer(kind, m, w)


def random_case(rng, kinds=(HEAVY_BALL, NESTEROV, DECOUPLED), samplings=("distinct", "independent", "bernoulli")):
    problem = Problem(rng)
    B = int(rng.integers(1, problem.n + 1))
    sampling = samplings[rng.integers(len(samplings))]
    return Case(problem, random_optimizer(rng, problem.lam[-1], kinds), B, sampling)


class Report:
    """Prints a line for each statement and remembers failures."""

    failed = False

    def line(self, name, value, limit):
        ok = value <= limit
        self.failed |= not ok
        print(f"{name:<62} {value:9.1e} {'ok' if ok else 'FAILS'}", flush=True)


def lowest(kernel):
    """The smallest eigenvalue of a kernel scaled to diagonal 1, with the sign changed."""
    d = 1 / np.sqrt(np.diag(kernel))
    return -np.linalg.eigvalsh(d[:, None] * kernel * d)[0]


def random_spectrum(rng):
    r = int(rng.integers(2, 40))
    lam = 10 ** rng.uniform(-rng.choice([0.3, 1, 3, 6]), 0, size=r)
    return lam / lam.max()


def check_noise(rng, count, report):
    """Lemma 1: 𝔼[(H_B − H) P (H_B − H)] = N(P)."""
    worst = 0.0
    for _ in range(count):
        case = random_case(rng)
        H = case.problem.H
        exact = sum(p * np.kron(h - H, h - H) for p, h in case.batch_hessians)
        worst = max(worst, abs(exact - case.noise).max() / case.problem.lam[-1] ** 2)
    report.line("Lemma 1, noise: difference", worst, FORMULA)


def check_full_batch(rng, count, report):
    """Lemma 4: the full batch is stable just below η*_mean and not just above."""
    wrong = 0
    for _ in range(10 * count):
        lam, optimizer = random_spectrum(rng), random_optimizer(rng, 1.0)
        for factor in (0.5, 1 - 1e-9, 1 + 1e-9):
            S0, S1 = optimizer.step(factor * optimizer.eta_mean(1.0))
            radius = max(abs(np.linalg.eigvals(S0 + S1 * a)).max() for a in lam)
            wrong += (radius < 1) != (factor < 1)
    report.line("Lemma 4, full batch: wrong sides of η*_mean", wrong, 0)


def check_reduction(rng, count, report):
    """Theorems 3 and 5: the three criteria agree with ρ(Q) < 1 at random step sizes."""
    wrong = counts = 0
    worst = 0.0
    for _ in range(count):
        case = random_case(rng)
        edge = case.eta_var()
        if edge < case.eta_mean * (1 - 1e-9):
            worst = max(worst, abs(case.second_moment_radius(edge) - 1))
        for eta in edge * rng.uniform(0.2, 1.8, size=3):
            stable = case.second_moment_radius(eta) < 1
            if eta >= case.eta_mean:
                wrong += stable
                continue
            phi = np.linalg.eigvals(case.phi(eta))
            F = np.linalg.eigvalsh(case.block_map(eta))
            wrong += (abs(phi).max() < 1) != stable
            wrong += (F[-1] < 1) != stable
            counts += (phi.real >= 1).sum() != (F >= 1).sum()
    report.line("Theorems 3, 5, criteria: disagreements with ρ(Q) < 1", wrong, 0)
    report.line("Theorem 5, eigenvalues ≥ 1 of Φ and F: different counts", counts, 0)
    report.line("Theorems 3, 5, 12: |ρ(Q) − 1| at η*_var", worst, FORMULA)


def check_gramians(rng, count, report):
    """Lemmas 6 and 7, Proposition 9: formulas against the impulse responses; the decomposition."""
    worst = split = order = 0.0
    for _ in range(count):
        case = random_case(rng)
        eta = case.eta_mean * rng.uniform(0.05, 0.99)
        exact = case.gramian_by_powers(eta)
        worst = max(worst, abs(case.gramian(eta) / exact - 1).max())
        f, r = case.optimizer.decomposition(eta, case.problem.lam)
        x, _ = case.optimizer.scaled(eta, case.problem.lam)
        other = np.add.outer(f, f) - np.outer(x, x) - r
        scale = np.add.outer(f, f)
        split = max(split, (abs(other - eta**2 / exact) / scale).max())
    for _ in range(40 * count):
        lam = random_spectrum(rng)
        optimizer = random_optimizer(rng, 1.0)
        eta = optimizer.eta_mean(1.0) * rng.uniform(0.01, 0.999)
        _, r = optimizer.decomposition(eta, lam)
        if r.max() > 0:
            order = max(order, lowest(r))
    report.line("Lemmas 6, 7, (5), (6): relative difference of g_ab", worst, FORMULA)
    report.line("Proposition 9, (7): difference relative to f_a + f_b", split, FORMULA)
    report.line("Proposition 9: −λ_min of r, diagonal scaled to 1", order, EIGENVALUE)


def check_kernels(rng, count, report):
    """Propositions 10 and 11: κ is positive semidefinite and rises with η."""
    order, falls = 0.0, 0
    for _ in range(40 * count):
        lam = random_spectrum(rng)
        optimizer = random_optimizer(rng, 1.0)
        alpha = rng.choice([0, 1, rng.random()])
        etas = optimizer.eta_mean(1.0) * np.sort(rng.uniform(0.001, 0.999, size=4))
        inverse = [optimizer.inverse_gramian(e, lam) / e**2 for e in etas]
        for i in inverse:
            order = max(order, lowest(1 / (i / np.outer(lam, lam) + 1 - alpha)))
        falls += sum((b > a * (1 + 1e-13)).sum() for a, b in zip(inverse, inverse[1:]))
        falls += sum((i <= 0).sum() for i in inverse)
    report.line("Proposition 10: −λ_min of κ, diagonal scaled to 1", order, EIGENVALUE)
    report.line("Propositions 9, 11: entries g ≤ 0 or falling with η", falls, 0)


def check_certificates(rng, count, report):
    """Theorem 12: certificates on both sides; more batch, more stable."""
    wrong = 0
    for _ in range(count):
        case = random_case(rng)
        edge = case.eta_var()
        if edge >= case.eta_mean * (1 - 1e-9) or case.beta == 0:
            continue
        n, q = case.problem.n, case.problem.q
        identity = np.einsum("kij,ij->k", case.blocks, np.eye(n * q))
        F = case.block_map(edge * 0.99)
        X = np.linalg.solve(np.eye(len(F)) - F, identity)
        as_matrix = lambda k: np.einsum("k,kij->ij", k, case.blocks)
        wrong += np.linalg.eigvalsh(as_matrix(X))[0] <= 0
        wrong += np.linalg.eigvalsh(as_matrix(X - F @ X))[0] <= 0
        X = np.linalg.eigh(case.block_map(edge))[1][:, -1]
        F = case.block_map(edge + 0.01 * min(edge, case.eta_mean - edge))
        wrong += X @ F @ X < X @ X
        eta = edge * 0.99
        source = case.basis @ (case.gramian(eta) * np.eye(case.problem.r)).ravel()
        Y = np.linalg.solve(np.eye(len(source)) - case.phi(eta), source)
        wrong += np.linalg.eigvalsh((case.basis.T @ Y).reshape(case.problem.r, -1))[0] <= 0
        larger = Case(case.problem, case.optimizer, min(case.B + 1, n), case.sampling)
        wrong += larger.eta_var() < edge * (1 - 1e-12)
    report.line("Theorem 12, certificates, monotonicity in B: violations", wrong, 0)


def check_pencil(rng, count, report):
    """Theorem 13 and Proposition 14: the pencil of heavy ball and its bounds."""
    worst = sandwich = rank_one = 0.0
    for _ in range(count):
        case = random_case(rng, kinds=(HEAVY_BALL,))
        C, F, D = case.pencil()
        m, l1 = case.optimizer.m, case.problem.lam[-1] + case.optimizer.w
        c = m / (1 - m**2)
        s = generalized_top(D - c * F, C) / (1 - m)
        worst = max(worst, abs(2 / s / case.eta_var() - 1))
        s0, sN = generalized_top(D, C), generalized_top(case.basis @ case.noise @ case.basis.T, C)
        low = max(l1 / (1 + m), (s0 - 2 * c * l1) / (1 - m))
        high = min(s0 / (1 - m), l1 / (1 + m) + sN / (1 - m))
        sandwich = max(sandwich, low / s - 1, 1 - high / s)
        noise = case.noise[-1, -1]
        rank_one = max(rank_one, (l1 / (1 + m) + noise / ((1 - m) * l1)) / s - 1)
    report.line("Theorem 13, pencil: relative difference from the crossing", worst, FORMULA)
    report.line("Proposition 14, sandwich: violation", sandwich, FORMULA)
    report.line("Theorem 13, (9): violation", rank_one, FORMULA)


def check_batch_size(rng, count, report):
    """Proposition 15: enough samples for (1 − ε) η*_mean."""
    wrong, worst, seen = 0, 0.0, 0
    for _ in range(8 * count):
        case = random_case(rng)
        if case.beta == 0:
            continue
        l = case.problem.lam + case.optimizer.scaled(1.0, case.problem.lam)[1]
        C = np.add.outer(l, l) / 2
        diagonal = case.basis @ (C.reshape(-1, 1) * case.basis.T)
        top = generalized_top(case.basis @ case.noise @ case.basis.T / case.beta, diagonal)
        epsilon = rng.uniform(0.05, 0.95)
        eta = (1 - epsilon) * case.eta_mean
        most = (case.gramian(eta) * C).max()
        if case.optimizer.kind == HEAVY_BALL:
            m = case.optimizer.m
            closed = (1 - epsilon) / epsilon * (1 + m) / (1 - m) / l[-1]
            worst = max(worst, abs(most / closed - 1))
        if case.B >= top * most:
            seen += 1
            wrong += eta > case.eta_var() * (1 + 1e-12)
    report.line(f"Proposition 15: violations ({seen} cases that satisfy it)", wrong, 0)
    report.line("Proposition 15, heavy ball: difference of the closed form", worst, FORMULA)


def check_one_dimension(rng, count, report):
    """Corollary 16: the closed form in one dimension."""
    worst = 0.0
    for _ in range(count):
        n, m = int(rng.integers(2, 6)), float(rng.choice([0, 0.5, 0.9]))
        B = int(rng.integers(1, n))
        h = np.exp(rng.normal(size=n))
        _, alpha, beta = batches(n, B, "distinct")
        closed = 1 / (h.mean() / (2 * (1 + m)) + beta * h.var() / (2 * h.mean() * (1 - m)))
        S0, S1 = Optimizer(HEAVY_BALL, m, 0.0).step(closed)
        Q = 0
        for p, w in batches(n, B, "distinct")[0]:
            M = S0 + S1 * (w @ h)
            Q = Q + p * np.kron(M, M)
        worst = max(worst, abs(abs(np.linalg.eigvals(Q)).max() - 1))
    report.line("Corollary 16, one dimension: |ρ(Q) − 1| at the formula", worst, FORMULA)


def check_rescaling(rng, report):
    """Proposition 17 and its counterexample: F_hμ(X) ⪯ F_μ(X) holds, F_hμ(X) ⪯ F_μ(X)/h only without momentum."""
    plain = monotone = -math.inf
    holds, problems = 0, 300
    for _ in range(problems):
        problem = Problem(rng, samples=3)
        for m in (0.0, 0.9):
            case = Case(problem, Optimizer(HEAVY_BALL, m, 0.0), 1, "distinct")
            eta = case.eta_var() * 0.9
            h = 1.5
            G = rng.normal(size=(3, problem.q, problem.q))
            block = np.zeros((3, problem.q, 3, problem.q))
            for i in range(3):
                block[i, :, i, :] = G[i] @ G[i].T * np.exp(2 * rng.normal())
            v = np.einsum("kij,ij->k", case.blocks, block.reshape(3 * problem.q, -1))
            before, after = case.block_map(eta) @ v, case.block_map(eta / h) @ v
            top = lambda k: np.linalg.eigvalsh(np.einsum("k,kij->ij", k, case.blocks))[-1] / np.linalg.norm(before)
            monotone = max(monotone, top(after - before))
            if m == 0:
                plain = max(plain, top(after - before / h))
            else:
                holds += top(after - before / h) <= EIGENVALUE
    report.line("Proposition 17, F_hμ(X) − F_μ(X): largest eigenvalue", monotone, EIGENVALUE)
    report.line("Section 8, F_hμ(X) − F_μ(X)/h without momentum", plain, EIGENVALUE)
    report.line(f"Section 8, with m = 0.9, α = 0: holds in (of {problems})", holds, problems - 1)


def check_stationary(rng, count, report):
    """Theorem 18: the stationary covariance against that of the whole state, every batch enumerated."""
    worst = 0.0
    for _ in range(count):
        case = random_case(rng)
        eta = case.eta_var() * rng.uniform(0.1, 0.8)
        n, r = case.problem.n, case.problem.r
        gradients = rng.normal(size=(n, r))
        mean = gradients.mean(0)
        S0, S1 = case.optimizer.step(eta)
        total, source = 0, 0
        for (p, w), (_, h) in zip(case.weights, case.batch_hessians):
            M = np.kron(S0, np.eye(r)) + np.kron(S1, h)
            xi = np.kron(S1[:, 0], w @ gradients - mean)
            total, source = total + p * np.kron(M, M), source + p * np.outer(xi, xi)
        exact = np.linalg.solve(np.eye(len(total)) - total, source.ravel()).reshape(2 * r, 2 * r)[:r, :r]
        sigma = (case.alpha - 1) * np.outer(mean, mean) + case.beta / n * gradients.T @ gradients
        g = case.gramian(eta).reshape(-1, 1)
        formula = np.linalg.solve(np.eye(r * r) - g * case.noise, g[:, 0] * sigma.ravel()).reshape(r, r)
        worst = max(worst, abs(formula - exact).max() / max(abs(exact).max(), 1e-30)) if case.beta else worst
    report.line("Theorem 18, stationary covariance: relative difference", worst, FORMULA)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng, report = np.random.default_rng(arguments.seed), Report()
    check_noise(rng, arguments.problems, report)
    for check in (check_full_batch, check_reduction, check_gramians, check_kernels, check_certificates, check_pencil,
                  check_batch_size, check_one_dimension, check_stationary):
        check(rng, arguments.problems, report)
    check_rescaling(rng, report)
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
