"""Figures of models with segments: fifty of them, large and small."""

from measure import in_turn, ratio
from scoring import FEATURES

SOURCE = "bench.customer_segments"


def load(session):
    """The customers, whose first two coefficients depend on the segment."""
    session.run(f"DROP TABLE IF EXISTS {SOURCE}")
    session.run(
        f"CREATE TABLE {SOURCE} AS SELECT id, 'segment ' || segment AS segment, "
        "random() < 1 / (1 + exp(-((segment % 5 - 2) * x1 + (segment % 3 - 1) * x2 + 0.3 * x3))) AS churned, "
        f"{', '.join(FEATURES)} FROM (SELECT *, floor(50 * power((hashint4(id) & 1048575) / 1048576.0, 1.5))::integer "
        "AS segment FROM bench.customers) AS c")
    session.run(f"VACUUM (ANALYZE, FREEZE) {SOURCE}")


def train(features, options, name):
    columns = ", ".join(f"'{x}'" for x in features)
    return (f"SELECT cvm.train('{name}', '{SOURCE}', 'churned', algorithm => 'logistic', key => 'id', "
            f"features => ARRAY[{columns}], options => '{options}')")


def figures(session, rounds):
    load(session)
    whole = list(FEATURES) + ["segment"]
    times = in_turn(
        rounds,
        common=lambda: session.run(train(whole, "{}", "bench_common")),
        segments=lambda: session.run(train(whole, '{"segment_by": "segment"}', "bench_segments")),
        given=lambda: session.run(train(
            whole, '{"segment_by": "segment", "segment_shrinkage": 8, "segment_rounds": 0}', "bench_given")))
    scoring = in_turn(
        rounds,
        common=lambda: session.run(f"SELECT avg(cvm.predict('bench_common', c)) FROM {SOURCE} AS c"),
        segments=lambda: session.run(f"SELECT avg(cvm.predict('bench_segments', c)) FROM {SOURCE} AS c"))
    return [
        ratio("train with 50 segments / one common model", times, "segments", "common", 2),
        ratio("the same with segment_shrinkage given, no rounds", times, "given", "common", None),
        ratio("predict of a row by 50 segments / by one common model", scoring, "segments", "common", 1.25),
    ]
