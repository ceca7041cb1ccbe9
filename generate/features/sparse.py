"""Product of a sparse and a dense matrix, compiled: scipy spends more time on checks than on a block of frames."""

from __future__ import annotations

import numpy as np

from augment_audio.dsp.compiled import compiled


@compiled
def multiply(indptr: np.ndarray, indices: np.ndarray, data: np.ndarray, dense: np.ndarray, out: np.ndarray) -> None:
    """Write the product of a sparse matrix, given by the arrays of a `scipy.sparse.csr_array`, and a dense one.

    Parameters
    ----------
    indptr : np.ndarray, shape=(rows + 1,), int32
    indices : np.ndarray, shape=(stored values,), int32
    data : np.ndarray, shape=(stored values,), float32
    dense : np.ndarray, shape=(columns of the sparse matrix, n), float32
    out : np.ndarray, shape=(rows, n), float32
        Written.
    """
    total = np.empty(dense.shape[1], dtype=np.float32)
    for row in range(len(out)):
        total[:] = 0
        for index in range(indptr[row], indptr[row + 1]):
            weight, values = data[index], dense[indices[index]]
            for column in range(len(values)):
                total[column] += weight * values[column]
        out[row] = total
