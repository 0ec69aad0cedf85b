"""Calibration maps of scikit-learn on given scores: figures of test/unit/test_calibration.c.

Scores and labels are made by the same arithmetic as in the test.
"""
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, xlogy
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression


def rows(count=200):
    i = np.arange(count)
    z = 3 * np.sin(1.7 * i + 0.3)
    p = 1 / (1 + np.exp(-z))
    label = (np.sin(5.1 * i) * 0.5 + 0.5 < 1 / (1 + np.exp(-0.5 * z - 0.25))).astype(int)
    weight = 1 + (i % 3)
    return p, label, weight


def platt(odds, label, weight):
    """The optimum of scikit-learn's objective, to more digits than its own solver gives."""
    positive = weight[label == 1].sum()
    negative = weight[label == 0].sum()
    target = np.where(label == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def loss(x):
        z = x[0] * odds + x[1]
        return (weight * (np.logaddexp(0, z) - target * z)).sum()

    def gradient(x):
        error = weight * (expit(x[0] * odds + x[1]) - target)
        return np.array([(error * odds).sum(), error.sum()])

    found = minimize(loss, [0, 0], jac=gradient, method="BFGS", options={"gtol": 1e-10})
    return found.x


p, label, weight = rows()
odds = np.log(p / (1 - p))
for name, w in (("plain", np.ones(len(p))), ("weighted", weight.astype(float))):
    slope, intercept = platt(odds, label, w)
    own = _SigmoidCalibration().fit(odds, label, sample_weight=w)
    print(name, "platt %.12f %.12f" % (slope, intercept), "scikit-learn's %.8f %.8f" % (-own.a_, -own.b_))
    isotonic = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(p, label, sample_weight=w)
    at = np.array([0.001, 0.06, 0.2, 0.5, 0.777, 0.93, 0.999])
    print(name, "isotonic points", len(isotonic.X_thresholds_), ", ".join("%.12f" % v for v in isotonic.predict(at)))
