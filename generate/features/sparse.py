"""Product of a sparse and a dense matrix, compiled: for blocks of frames scipy's spends most of its time on checks."""

from __future__ import annotations

import numpy as np

from augment_audio.fourier import compiled


@compiled
def multiply(indptr, indices, data, dense, out):
    """Write the product of a sparse matrix, by the arrays of a `scipy.sparse.csr_array`, and a dense one into `out`."""
    total = np.empty(dense.shape[1], dtype=np.float32)
    for row in range(len(out)):
        total[:] = 0
        for place in range(indptr[row], indptr[row + 1]):
            weight, values = data[place], dense[indices[place]]
            for column in range(len(values)):
                total[column] += weight * values[column]
        out[row] = total
