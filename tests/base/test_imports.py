"""The front is light: importing the package, its help and its list of methods load nothing heavy and no network."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "pandas", "matplotlib", "sklearn", "scipy", "pydantic", "safetensors")

LOADED = """
import sys
def loaded(): return sorted(name for name in {heavy} if name in sys.modules)
import socket
def refuse(*args, **kwargs): raise RuntimeError("the network was opened")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
"""

FRONT = """
import contrafact
assert contrafact.__version__ and not loaded(), loaded()
assert set(contrafact.__all__) == set(dir(contrafact)) and not loaded(), loaded()
from contrafact.cli.main import main
def run(*words):
    try: return main(words)
    except SystemExit as end: return end.code
for words in (["--help"], ["--version"], ["train", "--help"], ["zoo"], ["zoo", "gan"], ["explain"], ["explain", "E101"],
              ["explain", "E999"], ["nonsense"], ["runs", "nowhere"]):
    status = run(*words)
    assert status in (0, 2) and not loaded(), (words, status, loaded())
"""

CLASSICAL = """
import contrafact, numpy as np
from contrafact import zoo
model = zoo.GaussianMixture(components=2).fit(np.random.default_rng(0).normal(size=(50, 2)))
zoo.Markov().fit(["ab", "ba"]).sample(3)
assert "torch" not in loaded() and "matplotlib" not in loaded(), loaded()
"""


@pytest.mark.parametrize("script", [FRONT, CLASSICAL], ids=["the front", "classical methods"])
def test_nothing_heavy_is_loaded_by(script):
    code = LOADED.format(heavy=HEAVY) + script
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_an_unknown_public_name_is_an_attribute_error_with_a_guess():
    import contrafact

    with pytest.raises(AttributeError):
        _ = contrafact.nonsense
    with pytest.raises(AttributeError, match="Did you mean R3GAN"):
        _ = contrafact.zoo.R3GNA
    with pytest.raises(ImportError):
        from contrafact.zoo import Nonsense  # noqa: F401
