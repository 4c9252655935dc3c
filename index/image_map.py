"""Vectors on a plane."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def project_map(
    vectors: Vectors, query: Vectors | None
) -> tuple[NDArray[np.float64], tuple[float, float] | None, float]:
    """Places, float64 (n, 2) within -1 to 1, the query's place, and the share of variance shown.

    The first two principal components (Pearson 1901), each turned so that its largest loading is
    positive, so that the same vectors give the same map. A query may lie outside -1 to 1.
    """
    if not len(vectors):
        return np.empty((0, 2)), None, 0.0
    mean = vectors.mean(0)
    centred = np.asarray(vectors - mean, np.float64)
    values, directions = np.linalg.eigh(centred.T @ centred)
    plane = directions[:, ::-1][:, :2]
    plane = plane * np.where(plane[np.abs(plane).argmax(0), [0, 1]] < 0, -1.0, 1.0)
    places = centred @ plane
    reach = max(float(np.abs(places).max()), 1e-12)
    total = max(float(values.sum()), 1e-12)
    of_query = None
    if query is not None:
        x, y = (query - mean) @ plane / reach
        of_query = (float(x), float(y))
    return places / reach, of_query, float(values[-2:].sum()) / total
