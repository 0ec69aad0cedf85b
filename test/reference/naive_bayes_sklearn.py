# The figures of test/unit/test_naive_bayes.c: GaussianNB for numbers and
# CategoricalNB (smoothing 1) for an indicator and a category, joined.
import math
import numpy as np
from sklearn.naive_bayes import CategoricalNB, GaussianNB

n = 60
rows = range(n)
target = np.array([(i * i + i // 7) % 3 for i in rows])
numbers = np.array([[math.sin(1.7 * i * (j + 1)) * (1 + target[i]) + 0.5 * j * target[i]
                     for j in range(3)] for i in rows])
codes = np.array([[(i * 7 + target[i]) % 5 // 3, (i * 11 + 2 * target[i]) % 13 % 4] for i in rows])
weight = np.array([1 + i % 3 for i in rows], dtype=float)

gaussian = GaussianNB(var_smoothing=0).fit(numbers, target, weight)
categorical = CategoricalNB(alpha=1, min_categories=[2, 4]).fit(codes, target, weight)
joint = (gaussian._joint_log_likelihood(numbers) +
         categorical._joint_log_likelihood(codes) - categorical.class_log_prior_)
joint -= joint.max(axis=1, keepdims=True)
p = np.exp(joint)
p /= p.sum(axis=1, keepdims=True)
for i in (0, 7, 31, 44, 59):
    print("\t\t{%d, {%s}}," % (i, ", ".join(repr(float(v)) for v in p[i])))
