"""The background worker beside other sessions: what it takes from them, what it costs when
nothing is due, how soon it begins."""

import os
import re
import subprocess
import time

from measure import Figure, in_turn, ratio
from session import StatementFailed

# Learns until it is ended: a million epochs that get nowhere.
ENDLESS = '{"solver": "sgd", "epochs": 1000000, "patience": 0, "learning_rate": 1e-9}'
RUN = "FROM pg_stat_activity WHERE backend_type = 'cvm run'"
SECONDS = 5
SCHEDULES = 1000
LOOKS = 20


def wait_for(session, condition):
    while session.rows(f"SELECT {condition}")[0][0] != "t":
        time.sleep(0.02)


def set_server(session, *settings):
    for setting in settings:
        session.run(f"ALTER SYSTEM {setting}")
    session.run("SELECT pg_reload_conf()")


# ---- pgbench beside a retraining ----

def pgbench(*options):
    """Transactions a second."""
    result = subprocess.run([os.path.join(os.environ["BINDIR"], "pgbench"), "-n", *options],
                            capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", result.stdout)
    if result.returncode or not found:
        raise StatementFailed(result.stderr)
    return float(found.group(1))


def learn(session):
    session.run("SELECT cvm.retrain('bench_patient')")
    wait_for(session, f"count(*) = 1 {RUN} AND query LIKE '%epoch%'")


def end(session):
    session.run(f"SELECT pg_cancel_backend(pid) {RUN}")
    wait_for(session, f"count(*) = 0 {RUN}")


def beside_sessions(session, rounds):
    """pgbench's own mix by two clients, on two processors, alone and while a model learns."""
    subprocess.run([os.path.join(os.environ["BINDIR"], "pgbench"), "-i", "-q", "-s", "10"],
                   capture_output=True, check=True)
    set_server(session, "SET cvm.max_retrain_workers = 1")
    session.run("SELECT version FROM cvm.train('bench_patient',"
                " 'SELECT * FROM bench.customers LIMIT 200000', 'churned')")
    session.run("SELECT cvm.schedule('bench_patient', every => '1 year',"
                f" options => '{ENDLESS}')")

    def alone():
        return pgbench("-c", "2", "-j", "2", "-T", str(SECONDS))

    def beside():
        learn(session)
        rate = alone()
        end(session)
        return rate

    def again():
        """Whole retrainings, which also read and store, one after another."""
        session.run("SELECT cvm.schedule('bench_again', every => '0.1 seconds')")
        rate = alone()
        session.run("SELECT cvm.unschedule('bench_again')")
        wait_for(session, f"count(*) = 0 {RUN}")
        return rate

    session.run("SELECT version FROM cvm.train('bench_again', 'bench.customers', 'churned')")
    rates = in_turn(2 * rounds, alone=alone, beside=beside, again=again)
    session.run("SELECT cvm.drop_model('bench_patient'), cvm.drop_model('bench_again')")
    set_server(session, "RESET cvm.max_retrain_workers")
    return [ratio("pgbench's rate while a model learns / alone", rates, "beside", "alone",
                  0.95, at_least=True),
            ratio("pgbench's rate beside whole retrainings, one after another / alone", rates,
                  "again", "alone", None)]


# ---- what nothing costs ----

def worker_cpu(postmaster, launcher):
    """Seconds of the launcher and of the schedulers that have ended."""
    ticks = os.sysconf("SC_CLK_TCK")

    def fields(pid):
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(") ", 1)[1].split()

    own, children = fields(launcher), fields(postmaster)
    return (int(own[11]) + int(own[12]) + int(children[13]) + int(children[14])) / ticks


def idle(session):
    """Share of a core that the looks take with a thousand schedules, none of them due."""
    session.run("SELECT count(cvm.train('bench_idle' || i,"
                " 'SELECT * FROM bench.customers LIMIT 1000', 'churned'))"
                f" FROM generate_series(1, {SCHEDULES}) AS i")
    session.run("SELECT count(cvm.schedule('bench_idle' || i, every => '1 year'))"
                f" FROM generate_series(1, {SCHEDULES}) AS i")
    session.run("ANALYZE")
    interval = float(session.rows("SELECT boot_val FROM pg_settings"
                                  " WHERE name = 'cvm.scheduler_interval'")[0][0]) / 1000
    with open(os.path.join(session.rows("SHOW data_directory")[0][0], "postmaster.pid")) as file:
        postmaster = int(file.readline())
    launcher = int(session.rows("SELECT launcher_pid FROM cvm.worker_status()")[0][0])
    set_server(session, "SET cvm.scheduler_interval = '250ms'")
    time.sleep(1)

    def looks():
        return int(session.rows("SELECT looks FROM cvm.worker_status()")[0][0])

    before, began = worker_cpu(postmaster, launcher), looks()
    wait_for(session, f"looks >= {began + LOOKS} FROM cvm.worker_status()")
    taken = (worker_cpu(postmaster, launcher) - before) / (looks() - began)
    set_server(session, "RESET cvm.scheduler_interval")
    session.run("SELECT count(cvm.drop_model(model)) FROM cvm.model_overview"
                " WHERE model LIKE 'bench_idle%'")
    return [Figure(f"a look at {SCHEDULES} schedules every {interval:g} s, of a core",
                   [100 * taken / interval], 0.1, unit=" %")]


# ---- how soon ----

def latency(session, rounds):
    """From the commit of the rows that a model waits for to the start of its run."""
    session.run("CREATE TABLE bench.visitors AS SELECT * FROM bench.customers LIMIT 1000")
    session.run("SELECT version FROM cvm.train('bench_fresh', 'bench.visitors', 'churned')")
    session.run("SELECT cvm.schedule('bench_fresh', min_new_rows => 100)")

    def commit_to_start():
        wait_for(session, "state = 'asleep' AND runs_at_work = 0 FROM cvm.worker_status()")
        last = session.rows("SELECT max(run) FROM cvm.training_runs"
                            " WHERE model = 'bench_fresh'")[0][0]
        session.run("DO $$ BEGIN"
                    " INSERT INTO bench.visitors SELECT * FROM bench.customers LIMIT 100; COMMIT;"
                    " PERFORM set_config('bench.committed', clock_timestamp()::text, false);"
                    " END $$")
        started = ("FROM cvm.training_runs WHERE model = 'bench_fresh' AND status = 'succeeded'"
                   f" AND run > {last}")
        wait_for(session, f"count(*) = 1 {started}")
        return float(session.rows("SELECT 1000 * extract(epoch FROM started_at"
                                  f" - current_setting('bench.committed')::timestamptz) {started}")
                     [0][0])

    times = in_turn(rounds, start=commit_to_start)
    session.run("SELECT cvm.drop_model('bench_fresh')")
    session.run("DROP TABLE bench.visitors")
    return [Figure("from a committed insert to the start of its run", times["start"], 1000,
                   unit=" ms")]


def figures(session, rounds, say):
    parts = ((lambda: beside_sessions(session, rounds), "beside sessions"),
             (lambda: idle(session), "idle"), (lambda: latency(session, rounds), "latency"))
    found = []
    for part, name in parts:
        say(f"retraining: {name}")
        found += part()
    return found
