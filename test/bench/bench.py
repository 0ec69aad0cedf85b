#!/usr/bin/env python3
"""make bench: every figure of speed, as a ratio within one run.

Uses Python's standard library, psql and pgbench; scikit-learn where it is
installed.  The environment says where the server is (test/run/bench.sh).
"""

import argparse
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import aggregates
import batches
import incremental
import ranking
import recommendation
import retraining
import scoring
import segments
import training
import trees
import vectors
from measure import table
from session import Session, StatementFailed


def say(message):
    print(f"[{time.strftime('%H:%M:%S')}] {message}", file=sys.stderr, flush=True)


def load(rows):
    subprocess.run([os.path.join(os.environ["BINDIR"], "psql"), "-X", "-q", "-v", f"rows={rows}",
                    "-f", os.path.join(os.path.dirname(__file__), "data.sql")], check=True)


def warm_up(session):
    """Reads every table once, so that none is in the cache more than another."""
    for name in ("customers", "customer_arrays", "customer_groups", "customer_places"):
        session.run(f"SELECT count(*) FROM bench.{name}")


def make_models(session):
    session.run(training.train("bench.customers", '"l2": 0', "bench"))
    session.run(training.train("bench.customer_arrays", '"l2": 0', "bench_array"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="scoring, lookup, first, training, categories, memory, "
                        "epoch, workers, batches, vectors, ranking, trees, recommendation, incremental, segments or retraining")
    parser.add_argument("--keep", action="store_true", help="use the tables that are there")
    parser.add_argument("--cpu", action="store_true", help="time of the processor, for a machine "
                        "that others use too; not for parallel plans and lookups")
    options = parser.parse_args()
    Session.count_cpu = options.cpu

    if not options.keep:
        say(f"making {options.rows} customers")
        load(options.rows)
    # serial plans, and no compilation, whose time depends on the estimated cost
    session = Session("max_parallel_workers_per_gather = 0", "jit = off", "work_mem = '64MB'")
    warm_up(session)
    make_models(session)

    rounds = options.rounds
    suites = {
        "training": lambda: training.against_peers(session, rounds, say),
        "scoring": lambda: scoring.many_rows(session, rounds),
        "epoch": lambda: aggregates.one_epoch(session, rounds),
        "workers": lambda: aggregates.two_workers(session, rounds),
        "lookup": lambda: scoring.one_row(options.rows, rounds),
        "first": lambda: scoring.first_prediction(rounds),
        "memory": lambda: training.memory(session, max(1, rounds // 3)),
        "batches": lambda: batches.against_peers(session, options.rows, rounds, say),
        "vectors": lambda: vectors.against_peers(session, rounds, say),
        "ranking": lambda: ranking.against_a_sort(session, options.rows, max(1, rounds // 2)),
        "trees": lambda: trees.against_peers(session, options.rows, max(1, rounds // 3), say),
        "recommendation": lambda: recommendation.against_numpy(session, options.rows, max(1, rounds // 2), say),
        "incremental": lambda: incremental.against_all_rows(session, options.rows, rounds),
        "segments": lambda: segments.figures(session, rounds),
        "categories": lambda: training.categories(session, rounds),
        "retraining": lambda: retraining.figures(session, rounds, say),
    }
    figures = []
    failed = False
    for name, suite in suites.items():
        if options.only and name not in options.only.split(","):
            continue
        say(name)
        try:
            figures += suite()
        except StatementFailed as failure:
            say(f"{name} failed: {failure}")
            failed = True
    print(table(figures))
    missed = sum(figure.reached is False for figure in figures)
    print(f"\nfigures: {len(figures)}, goals not reached: {missed}")
    session.close()
    return 1 if failed else 0


sys.exit(main())
