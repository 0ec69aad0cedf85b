"""The figures of test/unit/test_comparison.c: DeLong's covariance by its definition
(DeLong, DeLong and Clarke-Pearson, 1988), the delta method for RMSE, and a paired bootstrap.

    python3 test/reference/comparison_numpy.py        (numpy 1.24)
"""

import numpy as np

ROWS = 200


def rows():
    state, label, one, other = 42, [], [], []
    for _ in range(ROWS):
        u = []
        for _ in range(4):
            state = (state * 1103515245 + 12345) % 2 ** 31
            u.append(state / 2 ** 31)
        label.append(u[0] + 0.3 * u[1] + 0.3 * u[2] > 0.9)
        one.append(np.rint((u[0] + u[3] * 0.6) * 10) / 10)
        other.append(np.rint((u[1] + u[0] * 0.5) * 100) / 100)
    return np.array(label), np.array(one), np.array(other)


def components(label, score):
    """The AUC and each row's share of it: one row of either class against all of the other."""
    positive, negative = score[label][:, None], score[~label][None, :]
    beats = (positive > negative) + 0.5 * (positive == negative)
    return beats.mean(), beats.mean(axis=1), beats.mean(axis=0)


def main():
    label, one, other = rows()
    area_one, positive_one, negative_one = components(label, one)
    area_other, positive_other, negative_other = components(label, other)
    variance = sum(np.var(a - b, ddof=1) / len(a) for a, b in
                   ((positive_one, positive_other), (negative_one, negative_other)))
    print("auc", area_one, area_other, area_one - area_other, np.sqrt(variance))

    squares_one, squares_other = (label - one) ** 2, (label - other) ** 2
    rmse_one, rmse_other = np.sqrt(squares_one.mean()), np.sqrt(squares_other.mean())
    influence = squares_other / (2 * rmse_other) - squares_one / (2 * rmse_one)
    print("rmse", rmse_one, rmse_other, rmse_other - rmse_one,
          np.std(influence, ddof=1) / np.sqrt(ROWS))

    random = np.random.default_rng(1)
    gains = []
    for _ in range(20000):
        drawn = random.integers(0, ROWS, ROWS)
        gains.append(components(label[drawn], one[drawn])[0]
                     - components(label[drawn], other[drawn])[0])
    print("bootstrap of the auc", np.std(gains))


main()
