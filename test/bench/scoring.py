"""Figures of predict(): many rows, one row, the first row of a connection."""

import os
import re
import subprocess
import tempfile

from measure import Figure, in_turn, median, ratio
from session import Session

FEATURES = [f"x{i}" for i in range(1, 21)]
SUMS = "SELECT " + ", ".join(f"sum({x})" for x in FEATURES) + " FROM bench.customers"


def model_as_expression(session):
    """The model "bench" as a user would write it by hand in SQL."""
    coefficients = dict(session.rows(
        "SELECT feature, coefficient FROM cvm.coefficients(cvm.active_model('bench'))"))
    terms = [coefficients["(intercept)"]]
    terms += [f"{x} * {coefficients[x]}" for x in FEATURES]
    return "1 / (1 + exp(-(" + " + ".join(f"({term})" for term in terms) + ")))"


def many_rows(session, rounds):
    expression = model_as_expression(session)
    times = in_turn(
        rounds,
        row=lambda: session.run("SELECT count(cvm.predict('bench', c)) FROM bench.customers c"),
        expression=lambda: session.run(f"SELECT count({expression}) FROM bench.customers c"),
        sums=lambda: session.run(SUMS))
    arrays = in_turn(
        rounds,
        predict=lambda: session.run(
            "SELECT count(cvm.predict('bench_array', x)) FROM bench.customer_arrays"),
        count=lambda: session.run("SELECT count(x) FROM bench.customer_arrays"))
    return [
        ratio("predict of a row / the model as an SQL expression", times, "row", "expression", 0.5),
        ratio("predict of a row / sum of the 20 columns", times, "row", "sums", 0.8),
        ratio("predict of a float8[] / count of it", arrays, "predict", "count", 1.2),
    ]


# ---- one row by its primary key ----

LOOKUP = "SELECT {what} FROM bench.customers c WHERE id = :id;\n"


def pgbench(what, rows, seconds):
    """Statements a second, prepared, one client."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"\\set id random(1, {rows})\n" + LOOKUP.format(what=what))
        script.flush()
        report = subprocess.run(
            [os.path.join(os.environ["BINDIR"], "pgbench"), "-n", "-M", "prepared",
             "-c", "1", "-T", str(seconds), "-f", script.name],
            check=True, capture_output=True, text=True).stdout
    return float(re.search(r"tps = ([0-9.]+)", report).group(1))


def one_row(rows, rounds, seconds=2):
    columns = ", ".join(FEATURES)
    rates = in_turn(
        rounds,
        predict=lambda: pgbench("id, cvm.predict('bench', c)", rows, seconds),
        lookup=lambda: pgbench("id, x1", rows, seconds),
        all_columns=lambda: pgbench(f"id, {columns}", rows, seconds))
    return [
        ratio("lookups a second with predict / without it", rates, "predict", "lookup", 0.95,
              at_least=True),
        ratio("lookups a second with predict / of the 20 columns", rates, "predict", "all_columns",
              None),
    ]


# ---- the first row of a connection ----

def first_prediction(rounds):
    statement = "SELECT cvm.predict('bench', c) FROM bench.customers c WHERE id = 1"
    more = []
    for _ in range(rounds):
        session = Session()
        # what any statement on this table costs the first time
        session.run("SELECT c FROM bench.customers c WHERE id = 1")
        first = session.run(statement)
        second = session.run(statement)
        more.append(first - second)
        session.close()
    return [Figure("first prediction of a connection less the second", more, 2, unit=" ms")]
