"""Figures of trees, against XGBoost's hist and scikit-learn's boosting and forest."""

import subprocess
import sys

from measure import Figure, in_turn, ratio
from session import Session
from training import Peer, have_scikit_learn

TREES = 100
LEAVES = 63
FOREST_ROWS = 50000
FIRST_TREES = 500

SCORE = "SELECT sum(cvm.predict('bench_boosted_trees', c)) FROM bench.customers AS c"


def train(rows, algorithm, options, trees=TREES, model=None):
    """A statement that trains on the first rows, the scan of the table included."""
    return (f"SELECT cvm.train('{model or 'bench_' + algorithm}', 'SELECT * FROM bench.customers WHERE id <= {rows}', "
            f"'churned', '{algorithm}', key => 'id', options => "
            f"'{{\"validation\": 0, \"promote\": \"always\", \"trees\": {trees}, {options}}}')")


def have_xgboost():
    return subprocess.run([sys.executable, "-c", "import xgboost"],
                          stderr=subprocess.DEVNULL).returncode == 0


def boosting(session, peer, rows, rounds, processes):
    """Boosting and scoring with so many processes, against as many threads."""
    session.run(f"SET cvm.max_training_workers = {processes - 1}")
    session.run(f"SET max_parallel_workers_per_gather = {processes - 1}")
    competitors = {
        "train": lambda: session.run(train(rows, "boosted_trees", f'"max_leaves": {LEAVES}'), processes == 1),
        "score": lambda: session.run(SCORE, processes == 1),
    }
    if have_xgboost():
        competitors["xgboost"] = lambda: peer.ask(f"xgboost {TREES} {LEAVES} {processes}")
        competitors["xgboosted"] = lambda: peer.ask(f"xgboosted {processes}")
    if processes == 1:
        competitors["hist"] = lambda: peer.ask(f"boosting {TREES} {LEAVES}")
        competitors["boosted"] = lambda: peer.ask("boosted")
    times = in_turn(rounds, **competitors)
    session.run("RESET cvm.max_training_workers")
    session.run("SET max_parallel_workers_per_gather = 0")
    what = f"{TREES} boosted trees of {LEAVES} leaves"
    figures = []
    if "xgboost" in times:
        threads = f", {processes} processes against {processes} threads" if processes > 1 else ""
        figures += [
            ratio(f"train, {what} / XGBoost's hist, fit alone{threads}", times, "train", "xgboost", 1),
            ratio(f"predict by these trees / XGBoost's on a matrix in memory{threads}", times, "score", "xgboosted", 1)]
    if "hist" in times:
        figures += [
            ratio(f"train, {what} / HistGradientBoosting's fit alone", times, "train", "hist", None),
            ratio("predict by these trees / HistGradientBoosting's on a matrix in memory", times, "score", "boosted", None)]
    return times, figures


def forest(session, peer, rows, rounds):
    session.run("SET cvm.max_training_workers = 0")
    rows = min(rows, FOREST_ROWS)
    times = in_turn(
        rounds,
        ours=lambda: session.run(train(rows, "random_forest", '"l2": 0')),
        theirs=lambda: peer.ask(f"forest {TREES} {rows}"))
    session.run("RESET cvm.max_training_workers")
    return ratio(f"train, random forest of {TREES} trees, {rows} rows / RandomForest's fit alone",
                 times, "ours", "theirs", 0.5)


def first_prediction(session, rows, rounds):
    """What a new connection waits for, once it has read the table."""
    session.run(train(min(rows, FOREST_ROWS), "boosted_trees", '"max_leaves": 31', FIRST_TREES, "bench_first"))
    times = []
    for _ in range(3 * rounds):
        own = Session()
        own.run("SELECT c FROM bench.customers c WHERE id = 1")
        times.append(own.run("SELECT cvm.predict('bench_first', c) FROM bench.customers c WHERE id = 1"))
        own.close()
    return Figure(f"first prediction of a connection by {FIRST_TREES} trees of 31 leaves", times, 5, unit=" ms")


def against_peers(session, rows, rounds, say):
    if not have_scikit_learn():
        say("scikit-learn is not there: its figures are skipped")
        return []
    peer = Peer()
    peer.export(session)
    session.run("SET cvm.train_memory = '1GB'")
    alone, figures = boosting(session, peer, rows, rounds, 1)
    both, more = boosting(session, peer, rows, rounds, 2)
    figures += more
    figures.append(Figure("train, boosted trees, alone / with a parallel worker",
                          [a / b for a, b in zip(alone["train"], both["train"])], None))
    figures.append(forest(session, peer, rows, rounds))
    figures.append(first_prediction(session, rows, rounds))
    session.run("RESET cvm.train_memory")
    peer.close()
    return figures
