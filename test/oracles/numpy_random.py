"""Writes src/base/fixtures/numpy-random.json: what numpy's generators give for some seeds.

Run from the repository root with numpy 2.4.6: python test/oracles/numpy_random.py
"""

import json

import numpy as np

RANGES = [(0, 1), (0, 2), (-3, 4), (0, 10), (0, 1000), (-(2**31), 2**31 - 1), (0, 3 * 2**30), (0, 2**32)]
WIDE = [(0, 2**33 + 1), (-(2**50), 2**51 + 12345)]


def legacy(seed):
    """1300 draws pass two refills of the 624 words."""
    np.random.seed(seed)
    return {
        "seed": seed,
        "random_sample": np.random.random_sample(1300).tolist()[-6:],
        "uniform": np.random.uniform([-0.1, 0.9, 0.0], [0.1, 0.9, 0.3]).tolist(),
        "randint": [[low, high, [int(np.random.randint(low, high)) for _ in range(5)]] for low, high in RANGES],
        "after": float(np.random.random_sample()),
    }


def generator(seed):
    rng = np.random.default_rng(seed)
    return {
        "seed": seed,
        "random": rng.random(6).tolist(),
        "uniform": rng.uniform([-0.1, 0.9, 0.0], [0.1, 0.9, 0.3]).tolist(),
        "integers": [[low, high, [int(rng.integers(low, high)) for _ in range(5)]] for low, high in RANGES + WIDE],
        "after": float(rng.random()),
    }


def sequence(entropy):
    return {"entropy": entropy, "state": np.random.SeedSequence(entropy).generate_state(9).tolist()}


fixture = {
    "numpy": np.__version__,
    "sequence": [sequence(e) for e in ([], [0], [1], [7, 8], [1, 2, 3, 4], [1, 2, 3, 4, 5, 2**32 - 1])],
    "legacy": [legacy(seed) for seed in (0, 1, 42, 2**32 - 1)],
    "generator": [generator(seed) for seed in (0, 1, 42, 2**32 - 1, 2**32 + 5, 2**53 - 1)],
}

with open("src/base/fixtures/numpy-random.json", "w") as file:
    json.dump(fixture, file, indent=1)
    file.write("\n")
