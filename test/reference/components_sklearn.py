# The figures of test/unit/test_components.c: principal components and linear
# discriminant analysis of rows that any language can make.
import math
import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

n = 600
rows = np.array([[math.cos(2 * (i % 3)) + math.sin(12.9898 * i),
                  2 * math.sin(2 * (i % 3)) + math.sin(78.233 * i + 1) + 0.5 * math.sin(12.9898 * i),
                  0.5 * math.sin(37.719 * i + 2),
                  0.3 * math.sin(5.31 * i) - 0.2 * math.sin(12.9898 * i) + 0.1 * (i % 3)] for i in range(n)])
target = np.arange(n) % 3

pca = PCA(4, svd_solver="full").fit(rows)
for loading, variance in zip(pca.components_, pca.explained_variance_):
    sign = np.sign(loading[np.argmax(np.abs(loading))])
    print("loading", ", ".join(repr(float(v)) for v in sign * loading))
    print("variance", repr(float(variance * (n - 1) / n)))

lda = LinearDiscriminantAnalysis(solver="svd").fit(rows, target)
for i in (0, 100, 311, 599):
    print("probabilities", i, ", ".join(repr(float(v)) for v in lda.predict_proba(rows[i:i + 1])[0]))
print("explained", ", ".join(repr(float(v)) for v in lda.explained_variance_ratio_))
projected = np.abs(lda.transform(rows))
print("|axes| of row 311", ", ".join(repr(float(v)) for v in projected[311]))
