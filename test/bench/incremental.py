"""Figures of partial fits: one of a hundred rows is new."""

from measure import in_turn, ratio
from scoring import FEATURES

SOURCE = "bench.customer_stream"


def stream(session, share, rows):
    """The source, up to a share of its rows."""
    session.run(f"CREATE OR REPLACE VIEW {SOURCE} AS SELECT * FROM bench.customers "
                f"WHERE id <= {int(rows * share)}")


def against_all_rows(session, rows, rounds):
    """The active version has seen 99 of 100 rows, and stays the active one."""
    columns = ", ".join(f"'{x}'" for x in FEATURES)
    train = ("SELECT cvm.train('bench_stream', '{source}', 'churned', algorithm => 'logistic', "
             "key => 'id', features => ARRAY[{columns}], options => '{{\"validation\": 0, "
             "\"incremental\": true, \"watermark\": \"id\", \"promote\": \"{promote}\"}}')")
    stream(session, 0.99, rows)
    session.run(train.format(source=SOURCE, columns=columns, promote="always"))
    stream(session, 1, rows)
    times = in_turn(
        rounds,
        full=lambda: session.run(train.format(source=SOURCE, columns=columns, promote="manual")),
        partial=lambda: session.run(
            "SELECT cvm.partial_fit('bench_stream', options => '{\"promote\": \"manual\"}')"),
        sums=lambda: session.run(
            f"SELECT {', '.join(f'sum({x})' for x in FEATURES)} FROM {SOURCE} "
            f"WHERE id > {int(rows * 0.99)}"))
    return [
        ratio("partial_fit, one row of a hundred is new / train on all rows", times,
              "partial", "full", 0.03),
        ratio("partial_fit / sum of the 20 columns of the new rows", times, "partial", "sums", None),
    ]
