"""Product of a sparse and a dense matrix, compiled: for blocks of frames scipy's spends most of its time on checks."""

from __future__ import annotations

import numpy as np

from augment_audio.dsp.compiled import compiled


@compiled
def multiply(indptr, indices, data, dense, out):
    """Write the product of a sparse matrix, by the arrays of a `scipy.sparse.csr_array`, and a dense one into `out`.

    Parameters
    ----------
    indptr : np.ndarray, shape=(rows + 1,), int32
    indices : np.ndarray, shape=(stored numbers,), int32
    data : np.ndarray, shape=(stored numbers,), float32
    dense : np.ndarray, shape=(columns of the sparse matrix, n), float32
    out : np.ndarray, shape=(rows, n), float32
        Written.
    """
    total = np.empty(dense.shape[1], dtype=np.float32)
    for row in range(len(out)):
        total[:] = 0
        for place in range(indptr[row], indptr[row + 1]):
            weight, values = data[place], dense[indices[place]]
            for column in range(len(values)):
                total[column] += weight * values[column]
        out[row] = total
