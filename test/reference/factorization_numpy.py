#!/usr/bin/env python3
"""Figures of matrix factorization that test/pgtap/recommendation.sql compares with.

A straightforward NumPy version of alternating least squares: of ratings with
biases (ratings in units of their deviation, as cvm has them) and of events
(Hu, Koren and Volinsky, 2008), on rows made by formulas that SQL and Python
share.  With the name of a CSV file of user, item, rating (such as the Jester
ratings, which cvm does not bring along) it prints the errors on a fifth of its
rows instead.

    python3 factorization_numpy.py [ratings.csv [factors [l2 [sweeps]]]]
"""
import csv
import math
import sys
import numpy as np


def sweep(cells, count, other, target, weight, l2, gram):
    """The best factors (and biases) of one side: cells[row] are indexes of cells."""
    width = other.shape[1]
    own = np.zeros((count, width))
    for row, (who, which) in enumerate(cells):
        if len(who) == 0:
            continue
        x = other[who]
        matrix = gram + (x * weight[which, None]).T @ x + l2 * np.eye(width)
        own[row] = np.linalg.solve(matrix, x.T @ target(which, who))
    return own


def group(rows, keys, others):
    order = np.argsort(keys, kind="stable")
    bounds = np.searchsorted(keys[order], np.arange(rows + 1))
    return [(others[order[a:b]], order[a:b]) for a, b in zip(bounds, bounds[1:])]


def ratings(user, item, value, factors, l2, sweeps, seed=1):
    """Returns a function that predicts pairs."""
    random = np.random.default_rng(seed)
    users, items = user.max() + 1, item.max() + 1
    deviation, mean = value.std(), value.mean()
    rest = (value - mean) / deviation
    x = np.hstack([random.normal(0, 0.1, (users, factors)), np.zeros((users, 1))])
    y = np.hstack([random.normal(0, 0.1, (items, factors)), np.zeros((items, 1))])
    by_user, by_item = group(users, user, item), group(items, item, user)
    one = np.ones(len(value))

    def with_ones(side):
        return np.hstack([side[:, :-1], np.ones((len(side), 1))])

    for _ in range(sweeps):
        x = sweep(by_user, users, with_ones(y), lambda cell, who: rest[cell] - y[who, -1], one, l2,
                  0)
        y = sweep(by_item, items, with_ones(x), lambda cell, who: rest[cell] - x[who, -1], one, l2,
                  0)

    def predict(u, i):
        product = (x[u, :-1] * y[i, :-1]).sum(axis=1)
        return mean + deviation * (x[u, -1] + y[i, -1] + product)
    return predict


def events(user, item, amount, factors, l2, alpha, sweeps, seed=1):
    """Returns the scores of all pairs."""
    random = np.random.default_rng(seed)
    users, items = user.max() + 1, item.max() + 1
    x = random.normal(0, 0.1, (users, factors))
    y = random.normal(0, 0.1, (items, factors))
    by_user, by_item = group(users, user, item), group(items, item, user)
    beyond = alpha * amount
    for _ in range(sweeps):
        x = sweep(by_user, users, y, lambda cell, who: 1 + beyond[cell], beyond, l2, y.T @ y)
        y = sweep(by_item, items, x, lambda cell, who: 1 + beyond[cell], beyond, l2, x.T @ x)
    return x @ y.T


def lists(score, seen, relevant):
    """Means over users who are known of ndcg, map and hit rate at 10."""
    figures = []
    for u, wanted in ((u, wanted) for u, wanted in relevant.items() if u in seen):
        own = score[u].copy()
        own[list(seen.get(u, ()))] = -np.inf
        best = [i for i in np.argsort(-own, kind="stable")[:10]]
        hits = [i in wanted for i in best]
        gain = sum(h / math.log2(p + 2) for p, h in enumerate(hits))
        most = sum(1 / math.log2(p + 2) for p in range(min(10, len(wanted))))
        precision = sum(sum(hits[:p + 1]) / (p + 1) for p, h in enumerate(hits) if h)
        figures.append((gain / most, precision / min(10, len(wanted)), any(hits)))
    return np.mean(figures, axis=0)


def made_up():
    """Users 1 to 300, items 1 to 80; which of ten parts a pair is in, and its rating."""
    u, i = np.meshgrid(np.arange(1, 301), np.arange(1, 81), indexing="ij")
    part = (u * 7919 + i * 104729 + u * i) % 10
    rating = 3 + np.sin(u) * np.cos(2 * i) + 0.7 * np.sin(2 * u) * np.sin(3 * i) \
        + 0.5 * np.cos(5 * u) + 0.3 * np.sin(u * i)
    return u.ravel() - 1, i.ravel() - 1, part.ravel(), rating.ravel()


def print_made_up():
    u, i, part, rating = made_up()
    learn, test = part < 7, part >= 7
    predict = ratings(u[learn], i[learn], rating[learn], 3, 3, 200)
    for name, rows in (("learned", learn), ("test", test)):
        print(f"als {name} rmse {np.sqrt(np.mean((predict(u[rows], i[rows]) - rating[rows]) ** 2)):.4f}")

    met = rating > 3.6
    learn, test = met & (part < 6), met & (part >= 6)
    amount = 1 + (part % 2)
    score = events(u[learn], i[learn], amount[learn], 3, 1, 10, 300)
    seen, relevant = {}, {}
    for mask, sets in ((learn, seen), (test, relevant)):
        for a, b in zip(u[mask], i[mask]):
            sets.setdefault(a, set()).add(b)
    print("implicit ndcg, map, hit rate at 10", lists(score, seen, relevant).round(4))


def print_file(name, factors=16, l2=20.0, sweeps=20):
    with open(name) as file:
        rows = [row for row in csv.reader(file)]
    if not rows[0][2].replace(".", "").replace("-", "").isdigit():
        rows = rows[1:]
    _, u = np.unique([row[0] for row in rows], return_inverse=True)
    _, i = np.unique([row[1] for row in rows], return_inverse=True)
    value = np.array([float(row[2]) for row in rows])
    test = np.array([int(row[3]) > 0 for row in rows]) if len(rows[0]) > 3 else \
        np.arange(len(value)) % 5 == 0
    predict = ratings(u[~test], i[~test], value[~test], int(factors), float(l2), int(sweeps))
    error = predict(u[test], i[test]) - value[test]
    print(f"rmse {np.sqrt(np.mean(error ** 2)):.4f} mae {np.mean(np.abs(error)):.4f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print_file(*sys.argv[1:])
    else:
        print_made_up()
