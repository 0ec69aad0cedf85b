"""Figures of matrix factorization: a sweep, and lists for all users, against NumPy."""

from measure import Figure, in_turn, ratio
from training import Peer, have_scikit_learn

RATINGS = 1000000
USERS = 50000
ITEMS = 5000
FACTORS = 16
SWEEPS = 6
LISTED = 10

# items are more or less popular: few are in many ratings
MAKE = (
    "DROP TABLE IF EXISTS bench.ratings; SELECT setseed(0.42); CREATE TABLE bench.ratings AS "
    f"SELECT DISTINCT ON (user_id, item_id) floor({USERS} * random())::int AS user_id, "
    f"floor({ITEMS} * power(random(), 2))::int AS item_id, 1 + floor(5 * random())::int AS stars "
    "FROM generate_series(1, {rows}); VACUUM ANALYZE bench.ratings")


def train(sweeps, factorization="als", model="bench_taste"):
    return (f"SELECT cvm.train('{model}', 'bench.ratings', 'stars', 'matrix_factorization', "
            f"options => '{{\"user\": \"user_id\", \"item\": \"item_id\", \"validation\": 0, \"promote\": \"always\", "
            f"\"factorization\": \"{factorization}\", \"factors\": {FACTORS}, \"epochs\": {sweeps}}}')")


def sweep_times(few, many):
    """What one sweep takes: scan, encoding and storage are in both."""
    return [(b - a) / (SWEEPS - 1) for a, b in zip(few, many)]


def against_numpy(session, rows, rounds, say):
    for statement in MAKE.format(rows=min(rows, RATINGS)).split("; "):
        session.run(statement)
    session.run("SET cvm.train_memory = '1GB'")
    times = in_turn(
        rounds,
        one=lambda: session.run(train(1)),
        more=lambda: session.run(train(SWEEPS)),
        implicit_one=lambda: session.run(train(1, "implicit", "bench_implicit")),
        implicit_more=lambda: session.run(train(SWEEPS, "implicit", "bench_implicit")))
    sweeps = sweep_times(times["one"], times["more"])
    figures = [
        Figure(f"als, a sweep over {min(rows, RATINGS)} ratings of {USERS} users and {ITEMS} items, {FACTORS} factors",
               sweeps, 1000, unit=" ms"),
        Figure("implicit, the same", sweep_times(times["implicit_one"], times["implicit_more"]), 1000, unit=" ms")]
    if have_scikit_learn():
        peer = Peer("rating_peer.py")
        written = f"{peer.directory.name}/ratings.csv"
        session.run(f"COPY (SELECT user_id, item_id, stars FROM bench.ratings) TO '{written}' (FORMAT csv)")
        peer.ask(f"load {written}")
        lists = in_turn(
            rounds,
            ours=lambda: session.run(
                f"SELECT count(item) FROM cvm.recommend_all('bench_taste', n => {LISTED})"),
            theirs=lambda: peer.ask(f"lists {LISTED} {FACTORS}"))
        theirs = peer.ask(f"sweep {FACTORS}")
        figures += [
            Figure("als, a sweep / in plain NumPy", [sweep / theirs for sweep in sweeps], None),
            ratio(f"recommend_all, lists of {LISTED} for all users / NumPy's products and argpartition",
                  lists, "ours", "theirs", 1)]
        peer.close()
    else:
        say("NumPy is not there: its figures are skipped")
    session.run("RESET cvm.train_memory")
    return figures
