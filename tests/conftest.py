"""Every test starts from one thread, leaves the global random state as it was, and keeps what it learns to itself."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
# One folder for each process: a test must not find what an earlier run of the tests has left.
os.environ["CONTRAFACT_CACHE"] = tempfile.mkdtemp(prefix="contrafact-tests-")
atexit.register(shutil.rmtree, os.environ["CONTRAFACT_CACHE"], ignore_errors=True)
