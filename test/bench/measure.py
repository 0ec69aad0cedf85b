"""Ratios of things that are done in turn.

A machine's speed drifts, by a third and more where it is shared.  So nothing
is compared with a time of another run: the competitors of a figure take turns
(A B C, A B C, ...), each round gives a ratio, and the median of the ratios
counts.
"""

import statistics
import time


def in_turn(rounds, **competitors):
    """Times of each competitor, a list by round, after one round of warm-up.

    A competitor is a function; it may return its own time, else it is timed.
    """
    times = {name: [] for name in competitors}
    for number in range(rounds + 1):
        for name, competitor in competitors.items():
            began = time.perf_counter()
            own = competitor()
            taken = own if own is not None else (time.perf_counter() - began) * 1000
            if number > 0:
                times[name].append(taken)
    return times


class Figure:
    """One line of the report."""

    def __init__(self, what, ratios, goal, at_least=False, unit="", note=""):
        self.what = what
        self.ratios = ratios
        self.goal = goal            # None: reported, no goal
        self.at_least = at_least    # else at most
        self.unit = unit
        self.note = note

    @property
    def median(self):
        return statistics.median(self.ratios)

    @property
    def reached(self):
        if self.goal is None:
            return None
        return self.median >= self.goal if self.at_least else self.median <= self.goal


def ratio(what, times, upper, lower, goal, **more):
    return Figure(what, [a / b for a, b in zip(times[upper], times[lower])], goal, **more)


def median(times):
    return statistics.median(times)


HEADINGS = ("what", "measured", "min to max", "goal", "verdict")


def _cells(figure):
    if figure.goal is None:
        goal, verdict = "", ""
    else:
        goal = f"{'at least' if figure.at_least else 'at most'} {figure.goal:g}{figure.unit}"
        verdict = "reached" if figure.reached else "NOT REACHED"
    what = figure.what + (f" ({figure.note})" if figure.note else "")
    return (what, f"{figure.median:.2f}{figure.unit}",
            f"{min(figure.ratios):.2f} to {max(figure.ratios):.2f}", goal, verdict)


def table(figures):
    """The report as a Markdown table."""
    rows = [HEADINGS] + [_cells(figure) for figure in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
