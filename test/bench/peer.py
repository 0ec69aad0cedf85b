"""scikit-learn's and XGBoost's fit of the same rows, as a process that holds them in memory.

Each line of the input is a request, answered by a line:

    load FILE   reads rows that PostgreSQL wrote with COPY ... (FORMAT csv), the
                target first; answers with milliseconds
    fit         LogisticRegression.fit alone: no penalty, lbfgs; milliseconds
                (of the processor, with the argument --cpu)
    epochs N    SGDClassifier.fit alone: N epochs of single rows
    network N ROWS    MLPClassifier.fit alone: N epochs of the first rows, hidden
                layers of 64 and 32 units, batches of 256
    boosting TREES LEAVES    HistGradientBoostingClassifier.fit alone
    boosted     predictions of the last one for all rows
    xgboost TREES LEAVES THREADS    XGBClassifier.fit alone: hist, the best leaf first
    xgboosted THREADS    predictions of the last one for all rows
    forest TREES ROWS    RandomForestClassifier.fit alone, on the first rows
    segments K N    KMeans.fit alone: N whole passes from one start, on standardized
                numbers; the next request may be
    inertia     the mean squared distance of a row to its center
    components N SOLVER    PCA.fit alone
    bayes       GaussianNB.fit alone
    discriminant    LinearDiscriminantAnalysis.fit alone, through the covariance
    loss        the mean log loss of the last fit
"""

import sys
import time
import warnings

import numpy
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

try:
    from pandas import read_csv
except ImportError:
    read_csv = None
try:
    from xgboost import XGBClassifier
except ImportError:
    XGBClassifier = None


def load(path):
    if read_csv is not None:
        table = read_csv(path, header=None).to_numpy(dtype=float)
    else:
        table = numpy.loadtxt(path, delimiter=",")
    return numpy.ascontiguousarray(table[:, 1:]), table[:, 0].astype(int)


def main():
    warnings.simplefilter("ignore")
    clock = time.process_time if "--cpu" in sys.argv else time.perf_counter
    x = y = None
    model = LogisticRegression(penalty=None, solver="lbfgs", max_iter=1000)
    for line in sys.stdin:
        request, *arguments = line.split()
        began = clock()
        if request == "load":
            x, y = load(arguments[0])
        elif request == "fit":
            model.fit(x, y)
        elif request == "epochs":
            SGDClassifier(loss="log_loss", max_iter=int(arguments[0]), tol=None).fit(x, y)
        elif request == "network":
            rows = int(arguments[1])
            MLPClassifier((64, 32), batch_size=256, max_iter=int(arguments[0])).fit(x[:rows], y[:rows])
        elif request == "boosting":
            trees, leaves = map(int, arguments)
            boosted = HistGradientBoostingClassifier(
                max_iter=trees, max_leaf_nodes=leaves, l2_regularization=1, early_stopping=False)
            boosted.fit(x, y)
        elif request == "boosted":
            boosted.predict_proba(x)
        elif request == "xgboost":
            trees, leaves, threads = map(int, arguments)
            hist = XGBClassifier(
                n_estimators=trees, tree_method="hist", grow_policy="lossguide", max_leaves=leaves,
                max_depth=0, max_bin=256, learning_rate=0.1, reg_lambda=1, n_jobs=threads)
            hist.fit(x, y)
        elif request == "xgboosted":
            hist.set_params(n_jobs=int(arguments[0]))
            hist.predict_proba(x)
        elif request == "forest":
            trees, rows = map(int, arguments)
            RandomForestClassifier(trees).fit(x[:rows], y[:rows])
        elif request == "segments":
            segments, passes = map(int, arguments)
            standardized = (x - x.mean(axis=0)) / x.std(axis=0)
            began = clock()
            kmeans = KMeans(segments, n_init=1, max_iter=passes, tol=0, algorithm="lloyd")
            kmeans.fit(standardized)
        elif request == "components":
            PCA(int(arguments[0]), svd_solver=arguments[1]).fit(x)
        elif request == "bayes":
            GaussianNB().fit(x, y)
        elif request == "discriminant":
            LinearDiscriminantAnalysis(solver="eigen").fit(x, y)
        if request == "inertia":
            answer = kmeans.inertia_ / len(x)
        elif request == "loss":
            answer = log_loss(y, model.predict_proba(x)[:, 1])
        else:
            answer = (clock() - began) * 1000
        print(repr(float(answer)), flush=True)


main()
