"""Figures of the fitting aggregates, serial and with parallel workers."""

from measure import in_turn, ratio

# the model comes from a subquery, so that it is looked up once and workers get it
STEP = ("SELECT cvm.descend((SELECT cvm.active_model('bench_array')), churned, x) "
        "FROM bench.customer_arrays")
EPOCH = "SELECT cvm.sgd_logistic(churned, x) FROM bench.customer_arrays"

SERIAL = "SET max_parallel_workers_per_gather = 0"
# the leader only waits, so that there are two at work and not three
TWO_WORKERS = ("SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off; "
               "SET parallel_setup_cost = 0")


def one_epoch(session, rounds):
    times = in_turn(rounds,
                    epoch=lambda: session.run(EPOCH),
                    count=lambda: session.run("SELECT count(x) FROM bench.customer_arrays"))
    return [ratio("sgd_logistic, one epoch / count of the float8[]", times, "epoch", "count", 1.4)]


def two_workers(session, rounds):
    def timed(setting, statement):
        session.run(setting)
        return session.run(statement, serial=False)

    figures = []
    for name, statement in (("sgd_logistic", EPOCH), ("descend", STEP)):
        times = in_turn(rounds,
                        serial=lambda: timed(SERIAL, statement),
                        parallel=lambda: timed(TWO_WORKERS, statement))
        figures.append(ratio(f"{name}, serial / two workers", times, "serial", "parallel", 1.7,
                             at_least=True))
    session.run(SERIAL)
    return figures
