"""Names of array types and of their axes: n examples, d features, c classes, k columns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]  # (n,)
Matrix = NDArray[np.float64]  # (n, k)
Indices = NDArray[np.int64]  # (n,)
AnyArray = NDArray[Any]
