"""Penalized fits of segments in numpy: figures of test/sql/segment_by.sql.

The rows are made by the same arithmetic as there.  A common fit with a ridge
penalty, whose categories have a column for every level, and then for each
segment the optimum of its loss + shrinkage/2 |own - common|^2 on standardized
numbers, by Newton's method.
"""
import numpy as np

SHRINKAGE = 8.0

i = np.arange(1, 1501)
x = np.column_stack([np.sin(i * 0.37), 3 * np.cos(i * 0.11)])
country = np.array(["de", "fr", "it"])[np.minimum(np.floor(np.abs(np.sin(i * 1.3)) * 3), 2).astype(int)]
slope = np.select([country == "de", country == "fr"], [1.5, -0.5], 0.5)
noise = np.sin(i * i * 0.77)
targets = {
    "linear": slope * x[:, 0] + 0.2 * x[:, 1] + noise,
    "logistic": (slope * x[:, 0] + 0.2 * x[:, 1] + 1.5 * noise > 0.3).astype(float),
    "poisson": np.floor(np.exp(0.4 * slope * x[:, 0] + 0.1 * x[:, 1] + 0.3 + 0.3 * noise)),
}
mean, deviation = x.mean(axis=0), x.std(axis=0)
z = (x - mean) / deviation


def fit(family, design, y, toward, penalty):
    """Newton's method on sum of losses + penalty/2 (b - toward)^2."""
    b = toward.copy()
    for _ in range(100):
        eta = design @ b
        if family == "linear":
            g, h = eta - y, np.ones_like(eta)
        elif family == "logistic":
            p = 1 / (1 + np.exp(-eta))
            g, h = p - y, p * (1 - p)
        else:
            mu = np.exp(eta)
            g, h = mu - y, mu
        gradient = design.T @ g + penalty * (b - toward)
        hessian = (design.T * h) @ design + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        b = b - step
        if np.abs(step).max() < 1e-14:
            break
    return b


for family, y in targets.items():
    levels = sorted(set(country))
    design = np.column_stack([z] + [country == level for level in levels] + [np.ones(len(y))]).astype(float)
    common = fit(family, design, y, np.zeros(design.shape[1]),
                 np.append(np.ones(design.shape[1] - 1), 0.0))
    for k, level in enumerate(levels):
        rows = country == level
        toward = np.array([common[0], common[1], common[-1] + common[2 + k]])
        own = fit(family, np.column_stack([z[rows], np.ones(rows.sum())]), y[rows], toward, np.full(3, SHRINKAGE))
        slopes = own[:2] / deviation
        print("('%s', '%s', %.12f, %.12f, %.12f)," % (family, level, own[2] - slopes @ mean, *slopes))
