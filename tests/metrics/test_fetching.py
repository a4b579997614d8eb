"""Fetching is explicit, https only, and keeps nothing but the file that was meant."""

import hashlib
import io
from pathlib import Path

import pytest

from contrafact.base.errors import StorageError, UsageError
from contrafact.metrics.fetching import fetch

GOOD = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def answer(url: str, timeout: float) -> io.BytesIO:
        asked.append(url)
        return io.BytesIO(b"weights")

    monkeypatch.setattr("urllib.request.urlopen", answer)
    return asked


def test_the_right_file_is_kept_and_not_fetched_twice(tmp_path: Path, network: list[str]) -> None:
    for _ in range(2):
        place = fetch("https://example.org/w", GOOD.upper(), tmp_path / "new" / "w")
        assert place.read_bytes() == b"weights" and list(place.parent.iterdir()) == [place]
    assert network == ["https://example.org/w"]


def test_another_file_is_thrown_away(tmp_path: Path, network: list[str]) -> None:
    with pytest.raises(StorageError, match="another file") as caught:
        fetch("https://example.org/w", "0" * 64, tmp_path / "w")
    assert caught.value.code == "E317" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["http://example.org/w", "file:///etc/passwd", "w"])
def test_only_https_is_fetched(tmp_path: Path, url: str, network: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        fetch(url, GOOD, tmp_path / "w")
    assert caught.value.code == "E317" and network == []


def test_a_network_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: str, timeout: float) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(UsageError, match="no route to host"):
        fetch("https://example.org/w", GOOD, tmp_path / "w")
