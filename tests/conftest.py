"""Every test starts from one thread and leaves the global random state as it was."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
