"""Figures of segments, components and Bayes, against scikit-learn's fit alone."""

from measure import Figure, in_turn, ratio
from scoring import FEATURES
from training import Peer, have_scikit_learn

SEGMENTS = 8
PASSES = 20
COMPONENTS = 5


def train(algorithm, options="", target="NULL"):
    """A statement that trains on all rows, the scan of the table included."""
    features = ", ".join(f"'{x}'" for x in FEATURES)
    return (f"SELECT cvm.train('bench_{algorithm}', 'bench.customers', {target}, '{algorithm}', "
            f"features => ARRAY[{features}], key => 'id', options => "
            f"'{{\"validation\": 0, \"promote\": \"always\"{options}}}')")


# by name: ours, theirs
COMPETITORS = {
    "kmeans": (train("kmeans", f', "segments": {SEGMENTS}, "starts": 1, "epochs": {PASSES}, '
                     '"tolerance": 1e-15'), f"segments {SEGMENTS} {PASSES}"),
    "exact": (train("pca", f', "components": {COMPONENTS}, "decomposition": "exact"'),
              f"components {COMPONENTS} full"),
    "randomized": (train("pca", f', "components": {COMPONENTS}, "decomposition": "randomized"'),
                   f"components {COMPONENTS} randomized"),
    "bayes": (train("naive_bayes", target="'churned'"), "bayes"),
    "discriminant": (train("discriminant", target="'churned'"), "discriminant"),
}


def inertia(session):
    return float(session.rows("SELECT cvm.active_model('bench_kmeans')::jsonb -> 'inertia'")[0][0])


def against_peers(session, rounds, say):
    if not have_scikit_learn():
        say("scikit-learn is not there: its figures are skipped")
        return []
    peer = Peer()
    peer.export(session)
    inertias = []

    def ours(name):
        taken = session.run(COMPETITORS[name][0])
        if name == "kmeans":
            inertias.append(inertia(session) / peer.ask("inertia"))
        return taken

    competitors = {}
    for name in COMPETITORS:
        competitors["their " + name] = lambda name=name: peer.ask(COMPETITORS[name][1])
        competitors[name] = lambda name=name: ours(name)
    times = in_turn(rounds, **competitors)
    peer.close()
    return [
        ratio(f"train, kmeans, {SEGMENTS} segments, {PASSES} passes / scikit-learn's fit alone",
              times, "kmeans", "their kmeans", 1),
        Figure("its inertia / scikit-learn's", inertias, 1.01),
        ratio(f"train, pca, {COMPONENTS} components / scikit-learn's full fit alone", times,
              "exact", "their exact", 1),
        ratio("train, pca, randomized / scikit-learn's randomized fit alone", times,
              "randomized", "their randomized", 1),
        ratio("train, naive_bayes / scikit-learn's fit alone", times, "bayes", "their bayes", None),
        ratio("train, discriminant / scikit-learn's fit alone", times,
              "discriminant", "their discriminant", 1),
    ]
