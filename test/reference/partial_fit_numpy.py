"""Figures of test_information.c and test_naive_bayes.c: partial fits.

Logistic regression part by part: each part's loss, a ridge, and the quadratic
that stands for the parts before, with a decay, minimized by Newton's method in
numpy.  Gaussian naive Bayes part by part by scikit-learn's partial_fit.
"""

import numpy
from sklearn.naive_bayes import GaussianNB

ROWS = 600
PART = 200
DECAY = 0.8
L2 = 0.5


def rows():
    i = numpy.arange(ROWS)
    x = numpy.stack([numpy.sin(12.9898 * i), numpy.cos(4.1414 * i) + 0.2 * numpy.sin(12.9898 * i),
                     numpy.ones(ROWS)], axis=1)
    weight = 1 + i % 3 / 2
    noise = numpy.sin(78.233 * i + 1)
    y = (0.8 * x[:, 0] - 0.6 * x[:, 1] + numpy.where(i >= 400, -0.5, 0.3) + noise > 0).astype(float)
    return x, y, weight


def derivatives(x, y, weight, b):
    p = 1 / (1 + numpy.exp(-x @ b))
    return x.T @ (weight * (p - y)), (x * (weight * p * (1 - p))[:, None]).T @ x


def main():
    x, y, weight = rows()
    b = numpy.zeros(3)
    b0, g0, h0 = b, numpy.zeros(3), numpy.zeros((3, 3))
    penalty = numpy.diag([L2, L2, 0])
    for first in range(0, ROWS, PART):
        part = slice(first, first + PART)
        for _ in range(50):
            gradient, hessian = derivatives(x[part], y[part], weight[part], b)
            gradient = gradient + DECAY * (g0 + h0 @ (b - b0)) + penalty @ b
            hessian = hessian + DECAY * h0 + penalty
            b = b - numpy.linalg.solve(hessian, gradient)
        gradient, hessian = derivatives(x[part], y[part], weight[part], b)
        g0, h0, b0 = gradient + DECAY * (g0 + h0 @ (b - b0)), hessian + DECAY * h0, b
        print("after", first + PART, "rows:", ", ".join(repr(float(v)) for v in b))
    bayes = GaussianNB(var_smoothing=0)
    for first in range(0, ROWS, PART):
        part = slice(first, first + PART)
        bayes.partial_fit(x[part, :2], y[part], classes=[0, 1], sample_weight=weight[part])
    print("means:", ", ".join(repr(float(v)) for v in bayes.theta_.ravel()))
    print("variances:", ", ".join(repr(float(v)) for v in bayes.var_.ravel()))


main()
