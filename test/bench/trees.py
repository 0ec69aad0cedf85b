"""Figures of trees, against scikit-learn's histogram boosting and forest."""

from measure import in_turn, ratio
from training import Peer, have_scikit_learn

TREES = 100
LEAVES = 63
FOREST_ROWS = 50000


def train(rows, algorithm, options):
    """A statement that trains on the first rows, the scan of the table included."""
    return (f"SELECT cvm.train('bench_{algorithm}', 'SELECT * FROM bench.customers WHERE id <= {rows}', "
            f"'churned', '{algorithm}', key => 'id', options => "
            f"'{{\"validation\": 0, \"promote\": \"always\", \"trees\": {TREES}, {options}}}')")


def against_peers(session, rows, rounds, say):
    if not have_scikit_learn():
        say("scikit-learn is not there: its figures are skipped")
        return []
    peer = Peer()
    peer.export(session)
    forest_rows = min(rows, FOREST_ROWS)
    session.run("SET cvm.train_memory = '1GB'")
    boosting = train(rows, "boosted_trees", f'"max_leaves": {LEAVES}')
    times = in_turn(
        rounds,
        boosting=lambda: session.run(boosting),
        scoring=lambda: session.run("SELECT sum(cvm.predict('bench_boosted_trees', c)) FROM bench.customers AS c"),
        their_boosting=lambda: peer.ask(f"boosting {TREES} {LEAVES}"),
        their_scoring=lambda: peer.ask("boosted"),
        forest=lambda: session.run(train(forest_rows, "random_forest", '"l2": 0')),
        their_forest=lambda: peer.ask(f"forest {TREES} {forest_rows}"))
    session.run("RESET cvm.train_memory")
    peer.close()
    return [
        # XGBoost's hist takes 0.8 of HistGradientBoosting's time for the fit, 0.74 for scoring
        ratio(f"train, {TREES} boosted trees of {LEAVES} leaves / HistGradientBoosting's fit alone",
              times, "boosting", "their_boosting", 0.8),
        ratio("predict by these trees / HistGradientBoosting's on a matrix in memory",
              times, "scoring", "their_scoring", 0.74),
        ratio(f"train, random forest of {TREES} trees, {forest_rows} rows / RandomForest's fit alone",
              times, "forest", "their_forest", 0.5),
    ]
