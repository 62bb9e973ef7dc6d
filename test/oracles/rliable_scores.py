"""Writes src/base/fixtures/rliable.json: what rliable, scipy and numpy make of some scores.

Run from the repository root with rliable 1.2.0, scipy 1.17.1, numpy 2.4.6 and pandas < 3:
python test/oracles/rliable_scores.py
Scores are lists per task of one number per run, as `stratifiedBootstrap` takes them.
"""

import json

import numpy as np
import scipy.stats
from rliable import library, metrics

RNG = np.random.default_rng(0)


def interval(scores, statistic, resamples=50_000):
    np.random.seed(0)  # rliable draws from the global stream
    _, intervals = library.get_interval_estimates(
        {"x": scores}, lambda *x: np.array([statistic(*x)]), reps=resamples
    )
    return intervals["x"][:, 0].tolist()


def aggregates(runs, tasks, draw):
    scores = draw((runs, tasks))
    return {
        "scores": scores.T.tolist(),
        "iqm": float(metrics.aggregate_iqm(scores)),
        "iqm_interval": interval(scores, metrics.aggregate_iqm),
        "mean": float(metrics.aggregate_mean(scores)),
        "mean_interval": interval(scores, metrics.aggregate_mean),
    }


def improvement(runs_x, runs_y, tasks, draw, lead):
    x, y = draw((runs_x, tasks)) + lead, draw((runs_y, tasks))
    return {
        "x": x.T.tolist(),
        "y": y.T.tolist(),
        "probability": float(metrics.probability_of_improvement(x, y)),
        "interval": interval([x, y], metrics.probability_of_improvement, resamples=5_000),
    }


def rates(shape):
    """Success rates of 50 episodes, the tasks unlike each other: many ties."""
    return RNG.binomial(50, RNG.beta(1.5, 1.0, shape[1]), shape) / 50


values = [RNG.standard_normal(n).round(6).tolist() for n in range(1, 14)]
json.dump(
    {
        "trimmed": [{"values": v, "mean": float(scipy.stats.trim_mean(v, 0.25))} for v in values],
        "percentiles": [
            {"values": v, "share": share, "value": float(np.percentile(v, 100 * share))}
            for v in values[::3]
            for share in (0, 0.025, 0.5, 0.95, 1)
        ],
        "aggregates": [
            aggregates(3, 10, rates),
            aggregates(5, 9, rates),
            aggregates(10, 4, RNG.standard_normal),
            aggregates(20, 1, RNG.standard_normal),
        ],
        "improvements": [
            improvement(3, 3, 10, rates, 0.1),
            improvement(5, 8, 6, RNG.standard_normal, 0.5),
            improvement(4, 4, 5, lambda shape: RNG.integers(0, 3, shape), 0),
        ],
    },
    open("src/base/fixtures/rliable.json", "w"),
)
