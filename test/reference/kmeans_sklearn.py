# The figures of test/unit/test_kmeans.c: least inertia of many starts, of rows
# that any language can make, and silhouettes by number of segments.
import math
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

n = 1200
rows = np.array([[4 * math.cos(2 * (i % 5)) + math.sin(12.9898 * i),
                  4 * math.sin(2 * (i % 5)) + math.sin(78.233 * i + 1),
                  0.5 * math.sin(37.719 * i + 2)] for i in range(n)])
weights = np.array([1.0 + i % 2 for i in range(n)])
for k in (2, 5, 8):
    fit = KMeans(k, n_init=100, tol=0, random_state=0).fit(rows, sample_weight=weights)
    print(k, repr(fit.inertia_ / weights.sum()))
for k in range(2, 9):
    fit = KMeans(k, n_init=20, random_state=0).fit(rows, sample_weight=weights)
    print("by k", k, silhouette_score(rows, fit.labels_))
