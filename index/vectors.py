"""Nearest neighbours by inner product, in memory, by FAISS on the CPU or on a GPU.

Everything here can be made again from the store, so a checkpoint that is missing, stale or
damaged is never an error: the caller rebuilds.
"""

import hashlib
import json
import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from index.errors import DeviceError
from index.identity import EmbedderIdentity

Device = Literal["auto", "cpu", "cuda"]

# Up to here comparing with every vector takes under 10 ms on one core (384 dimensions).
FLAT_LIMIT = 20_000
# A fifth of the cells: 100,000 vectors of 512 dimensions in 2 to 7 ms on busy cores (one by one
# 80 to 100), and recall@10 0.99 over the passages and sentences of SQuAD2 and chunking_evaluation.
_PROBED_SHARE = 5
_TRAINING_VECTORS_PER_CELL = 64
_REPARTITION_GROWTH = 4
_CHECKPOINT_FORMAT = 1
# faiss.DirectMap.Hashtable, which FAISS's own type stubs leave out.
_HASHTABLE = 2

_logger = logging.getLogger(__name__)


class VectorIndex:
    """Vectors of one dimension under integer ids; safe to share by threads.

    Small sets are compared one by one, which is exact. Past `FLAT_LIMIT` vectors they are
    partitioned (IVF, Sivic and Zisserman 2003) and a fifth of the cells is searched. Both allow
    removal, which graph indexes such as HNSW do not.

    `device` "auto" takes a GPU where FAISS sees one, and "cuda" insists on it (DeviceError). The
    CPU copy stays the master; a GPU copy is made at the first search after a change.
    """

    def __init__(self, dimension: int, device: Device = "auto") -> None:
        self.dimension = dimension
        self.device: Literal["cpu", "cuda"] = _choose_device(device)
        self._lock = threading.RLock()
        self._index = _flat(dimension)
        self._ids: set[int] = set()
        self._partitioned_at = 0
        self._gpu: Any = None
        self._gpu_resources: Any = None

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> frozenset[int]:
        """The ids that are in."""
        with self._lock:
            return frozenset(self._ids)

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors, float32 (n, d), under ids, int64 (n,). Raises ValueError for an id twice."""
        ids, vectors = np.asarray(ids, np.int64), np.ascontiguousarray(vectors, np.float32)
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"{len(ids)} ids for vectors of shape {vectors.shape}")
        new = set(ids.tolist())
        with self._lock:
            if len(new) != len(ids) or new & self._ids:
                raise ValueError("an id was added twice")
            if not new:
                return
            self._index.add_with_ids(vectors, ids)
            self._ids |= new
            self._gpu = None
            if len(self) > max(FLAT_LIMIT, _REPARTITION_GROWTH * self._partitioned_at):
                self._partition()

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove ids; those not in are passed over. Returns how many were removed."""
        with self._lock:
            known = self._ids & set(np.asarray(ids, np.int64).tolist())
            if known:
                self._index.remove_ids(np.fromiter(known, np.int64, len(known)))
                self._ids -= known
                self._gpu = None
            return len(known)

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors under some ids, float32 (n, d). Raises KeyError for an id that is not in."""
        ids = np.asarray(ids, np.int64)
        with self._lock:
            if missing := set(ids.tolist()) - self._ids:
                raise KeyError(min(missing))
            if not len(ids):
                return np.empty((0, self.dimension), np.float32)
            with _one_thread():
                return self._index.reconstruct_batch(ids)

    def search(
        self, query: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ids and inner products of the best `k` (or fewer), best first.

        `query` is float32 (d,). Equal products come in the order of their ids.
        """
        with self._lock:
            k = min(k, len(self))
            if k <= 0:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            row = np.ascontiguousarray(query, np.float32).reshape(1, self.dimension)
            index = self._searched()
            with _one_thread():
                scores, ids = index.search(row, k)
        found = ids[0] >= 0
        ids, scores = ids[0][found], scores[0][found]
        order = np.lexsort((ids, -scores))
        return ids[order], scores[order]

    def write_checkpoint(self, path: Path, generation: int, identity: EmbedderIdentity) -> bool:
        """Save the index to `path` and what it holds to a manifest beside it.

        Returns whether it was saved: a full disk is logged and otherwise does no harm. Both
        files are staged, synced and moved in place, the manifest last; the manifest holds the
        SHA-256 of the index, so a pair that does not belong together is seen by the reader.
        """
        import faiss

        with self._lock:
            content = faiss.serialize_index(self._index).tobytes()
            manifest = _manifest(generation, identity) | {
                "count": len(self),
                "partitioned_at": self._partitioned_at,
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        try:
            _replace(path, content)
            _replace(_manifest_path(path), json.dumps(manifest, indent=1).encode())
        except OSError as error:
            _logger.warning("The vector checkpoint %s could not be written: %s", path, error)
            return False
        return True

    @classmethod
    def read_checkpoint(
        cls, path: Path, generation: int, identity: EmbedderIdentity, device: Device = "auto"
    ) -> Self | None:
        """The index saved at `path`, None unless it is whole and of this very state.

        None stands for anything to be rebuilt: missing, truncated, altered, of another
        generation, of another embedder, or written by another version.
        """
        import faiss

        try:
            manifest = json.loads(_manifest_path(path).read_bytes())
            expected = _manifest(generation, identity)
            if {key: manifest.get(key) for key in expected} != expected:
                return None
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
                _logger.warning("The vector checkpoint %s is damaged; rebuilding it", path)
                return None
            index = faiss.deserialize_index(np.frombuffer(content, np.uint8))
            if index.d != identity.dimension or index.ntotal != manifest["count"]:
                return None
            loaded = cls(identity.dimension, device)
            loaded._adopt(index, int(manifest["partitioned_at"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            _logger.warning("The vector checkpoint %s is of no use (%s); rebuilding", path, error)
            return None
        return loaded

    def _adopt(self, index: Any, partitioned_at: int) -> None:
        import faiss

        if partitioned_at:
            lists = index.invlists
            ids = [
                faiss.rev_swig_ptr(lists.get_ids(cell), lists.list_size(cell)).copy()
                for cell in range(index.nlist)
                if lists.list_size(cell)
            ]
            known = np.concatenate(ids) if ids else np.empty(0, np.int64)
        else:
            known = faiss.vector_to_array(index.id_map)
        # The object that was read owns the memory; one that is made from it by a downcast does not.
        self._index = index
        self._ids = set(known.tolist())
        self._partitioned_at = partitioned_at
        if len(self._ids) != index.ntotal:
            raise ValueError("ids are repeated")

    def _partition(self) -> None:
        import faiss

        ids = np.sort(np.fromiter(self._ids, np.int64, len(self)))
        vectors = self._index.reconstruct_batch(ids)
        cells = int(np.sqrt(len(ids)))
        partitioned = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(self.dimension), self.dimension, cells, faiss.METRIC_INNER_PRODUCT
        )
        sample = np.random.default_rng(0).permutation(len(ids))
        partitioned.train(vectors[sample[: cells * _TRAINING_VECTORS_PER_CELL]])
        partitioned.nprobe = max(16, cells // _PROBED_SHARE)
        # Lets vectors be read back and removed by id.
        partitioned.set_direct_map_type(_HASHTABLE)
        partitioned.add_with_ids(vectors, ids)
        self._index = partitioned
        self._partitioned_at = len(ids)

    def _searched(self) -> Any:
        if self.device == "cpu":
            return self._index
        import faiss

        if self._gpu is None:
            if self._gpu_resources is None:
                self._gpu_resources = faiss.StandardGpuResources()
            self._gpu = faiss.index_cpu_to_gpu(self._gpu_resources, 0, self._index)
        return self._gpu


def gpu_count() -> int:
    """How many GPUs FAISS can use; 0 with the CPU build."""
    import faiss

    return int(faiss.get_num_gpus()) if hasattr(faiss, "StandardGpuResources") else 0


def _choose_device(device: Device) -> Literal["cpu", "cuda"]:
    if device == "cpu":
        return "cpu"
    if gpu_count() > 0:
        return "cuda"
    if device == "cuda":
        raise DeviceError(
            "Device `cuda` was asked for, and FAISS sees no GPU.",
            hint="Install the `gpu` extra in place of `cpu` on a machine with a GPU, or use "
            "device `auto`.",
        )
    return "cpu"


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep FAISS to this thread: for one query, waking others costs milliseconds on busy cores."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _flat(dimension: int) -> Any:
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))


def _manifest(generation: int, identity: EmbedderIdentity) -> dict[str, Any]:
    return {
        "format": _CHECKPOINT_FORMAT,
        "generation": generation,
        "embedder": identity.revision,
        "dimension": identity.dimension,
    }


def _manifest_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _replace(path: Path, content: bytes) -> None:
    descriptor, staged = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(staged).replace(path)
    finally:
        Path(staged).unlink(missing_ok=True)
