"""Types that the whole package shares."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Arrays = Sequence[NDArray[Any]]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Value = float | Array  # at one point, or (n,) at samples

Edge = tuple[str, str]  # (node, wrt): of ∂node/∂wrt
