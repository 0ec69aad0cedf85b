"""Figures of train(): time against a scan and against scikit-learn, memory."""

import os
import subprocess
import sys
import tempfile
import threading
import time

from measure import Figure, in_turn, ratio
from scoring import FEATURES, SUMS
from session import Session


def train(source, options, model="bench_speed", features=None):
    """A statement that trains on all rows: nothing is held out."""
    columns = "NULL" if features is None else "ARRAY[%s]" % ", ".join(f"'{x}'" for x in features)
    return (f"SELECT cvm.train('{model}', '{source}', 'churned', algorithm => 'logistic', key => 'id', "
            f"features => {columns}, options => '{{\"validation\": 0, \"promote\": \"always\", {options}}}')")


NUMBERS = train("bench.customers", '"l2": 0')


class Peer:
    """peer.py, or a program like it, in a process of its own, with one thread."""

    def __init__(self, program="peer.py"):
        # the server's rights differ from ours where it is started as another user
        self.directory = tempfile.TemporaryDirectory(prefix="cvm-bench-")
        os.chmod(self.directory.name, 0o777)
        self.rows_file = os.path.join(self.directory.name, "customers.csv")
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("OPENBLAS")}
        for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[threads] = "1"
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(os.path.dirname(__file__), program)]
            + ["--cpu"] * Session.count_cpu,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=environment)

    def ask(self, request):
        try:
            print(request, file=self.process.stdin, flush=True)
            return float(self.process.stdout.readline())
        except (BrokenPipeError, ValueError):
            return None

    def export(self, session):
        """The rows, from the table to the peer's memory."""
        written = session.run(
            f"COPY (SELECT churned::int, {', '.join(FEATURES)} FROM bench.customers) "
            f"TO '{self.rows_file}' (FORMAT csv)")
        return written + self.ask(f"load {self.rows_file}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.directory.cleanup()


def have_scikit_learn():
    return subprocess.run([sys.executable, "-c", "import sklearn"],
                          stderr=subprocess.DEVNULL).returncode == 0


def against_peers(session, rounds, say):
    competitors = {
        "train": lambda: session.run(NUMBERS),
        "sums": lambda: session.run(SUMS),
    }
    peer = None
    if have_scikit_learn():
        peer = Peer()
        export = peer.export(session)
        competitors["fit"] = lambda: peer.ask("fit")
    else:
        say("scikit-learn is not there: its figures are skipped")

    times = in_turn(rounds, **competitors)
    figures = [ratio("train, logistic / sum of the 20 columns", times, "train", "sums", 2)]
    if peer is not None:
        figures.append(ratio("train, logistic / scikit-learn's fit alone", times, "train", "fit", 1))
        figures.append(Figure("train, logistic / export and scikit-learn's fit",
                              [ours / (export + fit)
                               for ours, fit in zip(times["train"], times["fit"])], None))
        ours = float(session.rows(
            "SELECT value FROM cvm.metric_history WHERE model = 'bench_speed' "
            "AND data_set = 'training' AND metric = 'log_loss' ORDER BY version DESC LIMIT 1")[0][0])
        say(f"mean log loss: {ours:.12f} ours, {peer.ask('loss'):.12f} scikit-learn's")
        peer.close()
    return figures


def categories(session, rounds):
    times = in_turn(
        rounds,
        numbers=lambda: session.run(train("bench.customers", '"l2": 1')),
        groups=lambda: session.run(train("bench.customer_groups", '"l2": 1', "bench_groups")),
        places=lambda: session.run(train("bench.customer_places",
                                         '"l2": 1, "max_categories": 10000', "bench_places")))
    return [
        ratio("train of 10 columns of 11 categories / of 20 numbers", times, "groups", "numbers", 2),
        ratio("train of a column of 10,000 categories / of 20 numbers", times, "places", "numbers", 2),
    ]


# ---- memory ----

# by algorithm: its options
LEARNERS = {
    "logistic": "",
    "naive_bayes": "",
    "discriminant": "",
    "neural_network": ', "epochs": 1',
    "kmeans": ', "segments": 8, "starts": 1, "epochs": 2',
    "pca": "",
    "decision_tree": "",
    "random_forest": ', "trees": 3, "max_leaves": 1000',
    "boosted_trees": ', "trees": 3',
}
LIMIT = 64


class PeakMemory(threading.Thread):
    """The largest size of a process's own memory while this runs, in MB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.path = f"/proc/{pid}/status"
        self.peak = 0
        self.ended = threading.Event()

    def run(self):
        while not self.ended.is_set():
            with open(self.path) as status:
                for line in status:
                    if line.startswith("RssAnon:"):
                        self.peak = max(self.peak, int(line.split()[1]) / 1024)
            time.sleep(0.002)

    def end(self):
        self.ended.set()
        self.join()
        return self.peak


def memory_above(limit, statement):
    """The peak of a statement in a new connection, above cvm.train_memory, in MB."""
    session = Session(f"cvm.train_memory = '{limit}MB'")
    watch = PeakMemory(session.pid)
    watch.start()
    session.run(statement)
    session.close()
    return watch.end() - limit


def memory(session, rounds):
    """A table of 20 times cvm.train_memory; then each algorithm in 64 MB."""
    size = int(session.rows("SELECT pg_table_size('bench.customers') / 1024 / 1024")[0][0])
    limit = max(1, size // 20)
    figures = [Figure(f"peak of a training on {size} MB above cvm.train_memory of {limit} MB",
                      [memory_above(limit, NUMBERS) for _ in range(rounds)], 64, unit=" MB")]
    for algorithm, options in LEARNERS.items():
        target = "NULL" if algorithm in ("kmeans", "pca") else "'churned'"
        statement = (f"SELECT cvm.train('bench_memory', 'SELECT {', '.join(FEATURES)}, id, churned "
                     f"FROM bench.customers', {target}, '{algorithm}', key => 'id', "
                     f"features => ARRAY[{', '.join(repr(x) for x in FEATURES)}], "
                     f"options => '{{\"validation\": 0, \"promote\": \"always\"{options}}}')")
        figures.append(Figure(f"peak of {algorithm} above cvm.train_memory of {LIMIT} MB",
                              [memory_above(LIMIT, statement)], 64, unit=" MB"))
    return figures
