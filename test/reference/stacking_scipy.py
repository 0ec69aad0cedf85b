"""Optima of stacking by scipy's L-BFGS-B with bounds: figures of test/unit/test_stacking.c.

Rows are made by the same arithmetic as in the test.
"""
import numpy as np
from scipy.optimize import minimize

N = 300
i = np.arange(N)
weight = 1.0 + i % 2


def probabilities(classes):
    signal = np.stack([np.sin(0.7 * i + 2.1 * k) for k in range(classes)], axis=1)
    members = []
    for m in range(3):
        noise = np.stack([np.sin(1.3 * (m + 1) * i + 0.9 * k) for k in range(classes)], axis=1)
        z = (1.5 - 0.5 * m) * signal + (0.3 + 0.6 * m) * noise
        e = np.exp(z)
        members.append(e / e.sum(axis=1, keepdims=True))
    truth = np.argmax(signal + 0.8 * np.stack([np.sin(2.9 * i + 1.7 * k) for k in range(classes)], axis=1), axis=1)
    return np.stack(members, axis=1), truth


def stack_classes(classes, l2):
    p, y = probabilities(classes)
    logs = np.log(p)

    def loss(x):
        z = np.einsum("imk,m->ik", logs, x[:3]) + x[3:]
        lse = np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1)) + z.max(axis=1)
        total = (weight * (lse - z[i, y])).sum()
        return total + l2 / 2 * ((x[:3] - 1 / 3) ** 2).sum() + 1e-8 * weight.sum() / 2 * (x[3:] ** 2).sum()

    x = minimize(loss, np.r_[np.full(3, 1 / 3), np.zeros(classes)], method="L-BFGS-B",
                 bounds=[(0, None)] * 3 + [(None, None)] * classes,
                 options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000, "maxfun": 100000}).x
    return x


def stack_numbers(l2):
    y = np.sin(0.7 * i) + 0.3 * np.sin(2.9 * i)
    p = np.stack([(1 - 0.3 * m) * np.sin(0.7 * i) + (0.2 + 0.4 * m) * np.sin(1.3 * (m + 1) * i) - 0.1 * m for m in range(3)]
                 + [-y], axis=1)
    mean = (weight * y).sum() / weight.sum()
    scale = weight.sum() / (weight * (y - mean) ** 2).sum()

    def loss(x):
        return scale / 2 * (weight * (y - p @ x[:4] - x[4]) ** 2).sum() + l2 / 2 * ((x[:4] - 1 / 4) ** 2).sum()

    return minimize(loss, np.r_[np.full(4, 1 / 4), 0], method="L-BFGS-B", bounds=[(0, None)] * 4 + [(None, None)],
                    options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 5000, "maxfun": 100000}).x


for classes in (2, 3):
    x = stack_classes(classes, 1)
    print(classes, "classes", ", ".join("%.8f" % v for v in x[:3]), "biases", ", ".join("%.7f" % (v - x[3]) for v in x[4:]))
print("numbers", ", ".join("%.8f" % v for v in stack_numbers(1)))
