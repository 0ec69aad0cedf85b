"""Matrix factorization in plain NumPy, as a process that holds the ratings in memory.

Each line of the input is a request, answered by a line: milliseconds (of the
processor, with the argument --cpu).

    load FILE       reads user, item, rating that PostgreSQL wrote with COPY
    sweep WIDTH     one sweep of alternating least squares over users and items
    lists N WIDTH   the N best items for every user, without those that were rated
"""

import sys
import time

import numpy

CHUNK = 512


def group(count, keys):
    """The cells of each row."""
    order = numpy.argsort(keys, kind="stable")
    bounds = numpy.searchsorted(keys[order], numpy.arange(count + 1))
    return [order[a:b] for a, b in zip(bounds, bounds[1:])]


def solve(groups, others, fixed, values):
    width = fixed.shape[1]
    ridge = numpy.eye(width)
    solved = numpy.zeros((len(groups), width))
    for row, cells in enumerate(groups):
        x = fixed[others[cells]]
        solved[row] = numpy.linalg.solve(x.T @ x + ridge, x.T @ values[cells])
    return solved


def lists(n, x, y, user, item, by_user):
    for first in range(0, len(x), CHUNK):
        scores = x[first:first + CHUNK] @ y.T
        for row in range(len(scores)):
            scores[row, item[by_user[first + row]]] = -numpy.inf
        best = numpy.argpartition(-scores, n, axis=1)[:, :n]
        ranks = numpy.argsort(-numpy.take_along_axis(scores, best, 1), axis=1)
        numpy.take_along_axis(best, ranks, 1)


def main():
    clock = time.process_time if "--cpu" in sys.argv else time.perf_counter
    random = numpy.random.default_rng(1)
    for line in sys.stdin:
        request, *arguments = line.split()
        if request == "load":
            table = numpy.loadtxt(arguments[0], delimiter=",", dtype=int)
            user, item, rating = table[:, 0], table[:, 1], table[:, 2].astype(float)
            users, items = user.max() + 1, item.max() + 1
            by_user, by_item = group(users, user), group(items, item)
        began = clock()
        if request == "sweep":
            y = random.normal(0, 0.1, (items, int(arguments[0])))
            solve(by_item, user, solve(by_user, item, y, rating), rating)
        elif request == "lists":
            n, width = map(int, arguments)
            lists(n, random.normal(0, 0.1, (users, width)), random.normal(0, 0.1, (items, width)),
                  user, item, by_user)
        print(repr((clock() - began) * 1000), flush=True)


main()
