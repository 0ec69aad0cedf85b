"""Figures of training by mini-batches, against scikit-learn's fit alone."""

from measure import in_turn, ratio
from training import Peer, have_scikit_learn

EPOCHS = 5
NETWORK_ROWS = 200000


def train(rows, algorithm, options):
    """A statement that trains on the first rows, the scan of the table included."""
    return (f"SELECT cvm.train('bench_batches', 'SELECT * FROM bench.customers WHERE id <= {rows}', "
            f"'churned', '{algorithm}', key => 'id', options => "
            f"'{{\"validation\": 0, \"promote\": \"always\", \"epochs\": {EPOCHS}, {options}}}')")


def against_peers(session, rows, rounds, say):
    if not have_scikit_learn():
        say("scikit-learn is not there: its figures are skipped")
        return []
    peer = Peer()
    peer.export(session)
    network_rows = min(rows, NETWORK_ROWS)
    session.run("SET cvm.max_training_workers = 0")
    network = train(network_rows, "neural_network", '"hidden_layers": [64, 32], "batch_size": 256')
    times = in_turn(
        rounds,
        network=lambda: session.run(network),
        their_network=lambda: peer.ask(f"network {EPOCHS} {network_rows}"),
        epochs=lambda: session.run(train(rows, "logistic", '"solver": "sgd"')),
        their_epochs=lambda: peer.ask(f"epochs {EPOCHS}"))
    peer.close()

    def with_workers(count):
        session.run(f"SET cvm.max_training_workers = {count}")
        return session.run(network, serial=False)

    teams = in_turn(rounds, alone=lambda: with_workers(0), together=lambda: with_workers(1))
    session.run("RESET cvm.max_training_workers")
    return [
        ratio(f"train, network 20-64-32-1, {EPOCHS} epochs / scikit-learn's fit alone", times,
              "network", "their_network", 0.5),
        ratio(f"train, sgd, {EPOCHS} epochs / scikit-learn's fit alone", times,
              "epochs", "their_epochs", 1),
        ratio("train, network 20-64-32-1, alone / with a parallel worker", teams,
              "alone", "together", 1.3, at_least=True),
    ]
