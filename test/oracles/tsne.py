"""Writes what scikit-learn's exact t-SNE makes of two point sets to src/charts/fixtures/tsne.json.

    pip install scikit-learn==1.9.1 && python test/oracles/tsne.py

Per set: the points, the perplexity, the conditional similarities of the first points, and of five embeddings (random
first places from five seeds) the divergence and the trustworthiness.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._utils import _binary_search_perplexity
from sklearn.metrics import pairwise_distances

FIXTURE = Path(__file__).parents[2] / "src" / "report" / "fixtures" / "tsne.json"
NEIGHBOURS = 10
random = np.random.default_rng(0)

centres = random.normal(size=(4, 8)) * 4
clusters = np.repeat(centres, 30, axis=0) + random.normal(size=(120, 8))
turn = np.linspace(0, 3 * np.pi, 120)
spiral = np.stack([turn * np.cos(turn), turn * np.sin(turn), 8 * random.random(120)], axis=1)


def record(points, perplexity):
    points = points.round(3)
    squared = pairwise_distances(points, metric="sqeuclidean").astype(np.float32)
    conditional = _binary_search_perplexity(squared, perplexity, 0)
    divergences, trust = [], []
    for seed in range(5):
        tsne = TSNE(perplexity=perplexity, method="exact", init="random", random_state=seed)
        places = tsne.fit_transform(points)
        divergences.append(round(float(tsne.kl_divergence_), 5))
        trust.append(round(float(trustworthiness(points, places, n_neighbors=NEIGHBOURS)), 5))
    return {
        "points": points.tolist(),
        "perplexity": perplexity,
        "conditional": [[round(float(p), 7) for p in row] for row in conditional[:3]],
        "divergences": divergences,
        "trustworthiness": trust,
    }


sets = {"clusters": record(clusters, 15), "spiral": record(spiral, 30)}
FIXTURE.write_text(json.dumps(sets) + "\n")
print({name: (s["divergences"], s["trustworthiness"]) for name, s in sets.items()})
