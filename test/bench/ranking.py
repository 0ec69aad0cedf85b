"""Figures of the aggregate auc over many rows, against a sort of the same column."""

from measure import in_turn, ratio

AUC = "SELECT cvm.auc(churned, score) FROM bench.scores"
SORT = "SELECT score FROM bench.scores ORDER BY score OFFSET {rows}"
WORKERS = ("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; "
           "SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = {workers}")


def against_a_sort(session, rows, rounds):
    """Ten scores a customer, in a table that is made for it."""
    # as much memory for one as for the other
    session.run("SET work_mem = '1GB'; SET cvm.train_memory = '1GB'")
    session.run("DROP TABLE IF EXISTS bench.scores")
    session.run("CREATE UNLOGGED TABLE bench.scores AS SELECT churned, x1 + x2 * n AS score "
                "FROM bench.customers CROSS JOIN generate_series(1, 10) AS n")
    session.run("VACUUM ANALYZE bench.scores")
    figures = []
    for workers in (0, 1):
        session.run(WORKERS.format(workers=workers))
        times = in_turn(
            rounds,
            auc=lambda: session.run(AUC, serial=workers == 0),
            sort=lambda: session.run(SORT.format(rows=10 * rows), serial=workers == 0))
        figures.append(ratio(f"auc of {10 * rows} rows / ORDER BY of the same column", times,
                             "auc", "sort", 1.5, note="with a worker" if workers else ""))
    session.run("RESET parallel_setup_cost; RESET parallel_tuple_cost; "
                "RESET min_parallel_table_scan_size; SET max_parallel_workers_per_gather = 0; "
                "SET work_mem = '64MB'; RESET cvm.train_memory")
    session.run("DROP TABLE bench.scores")
    return figures
