"""The Inception network: names, shapes, TensorFlow's way to scale; no figure is tested against the real weights."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from contrafact.base.errors import DataError, StorageError, UsageError
from contrafact.engine.bundle import arrays_to_bytes
from contrafact.metrics import inception_features
from contrafact.metrics.inception import Inception, average, scaled


def test_names_and_shapes_are_those_of_the_usual_conversion() -> None:
    with torch.device("meta"):
        net = Inception()
    numbers = sum(weight.numel() for weight in net.parameters())
    # 21,785,568 is the network without its last layer, as torchvision counts it too; 1,008 classes are TensorFlow's.
    assert numbers == 21_785_568 + 1008 * 2049
    shapes = {name: list(tensor.shape) for name, tensor in net.state_dict().items()}
    assert shapes["Mixed_6c.branch7x7dbl_4.conv.weight"] == [160, 160, 7, 1]
    assert shapes["Mixed_7c.branch3x3dbl_3b.bn.running_var"] == [384]
    lines = "\n".join(sorted(f"{name} {shape}" for name, shape in shapes.items()))
    # Compared once with pytorch-fid's and torch-fidelity's own networks: the same names, shapes, and outputs.
    assert hashlib.sha256(lines.encode()).hexdigest()[:16] == "8cdd2faeb41211e1"


def test_pictures_are_scaled_as_tensorflow_1_did() -> None:
    row = torch.tensor([0.0, 30.0, 90.0]).view(1, 1, 1, 3).expand(1, 1, 3, 3)
    # Place i of 6 lies at i / 2: no half pixel, and the border repeats.
    assert scaled(row, 6)[0, 0, 0].tolist() == [0, 15, 30, 60, 90, 90]
    assert scaled(row.transpose(2, 3), 6)[0, 0, :, 0].tolist() == [0, 15, 30, 60, 90, 90]
    assert scaled(torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4), 2)[0, 0, 0].tolist() == [0, 2]


def test_the_border_does_not_count_in_averages() -> None:
    assert (average(torch.ones(1, 1, 4, 4)) == 1).all()


def test_pickles_are_never_read_and_the_message_says_how_to_convert(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"PK\x03\x04")
    for place in (path, path.rename(tmp_path / "weights.safetensors")):
        place.write_bytes(b"PK\x03\x04")
        with pytest.raises(UsageError, match="safetensors") as caught:
            inception_features(place)
        assert caught.value.code == "E316"


def test_other_weights_and_broken_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    for payload in (arrays_to_bytes({"fc.weight": np.zeros((1000, 2048), np.float32)}), b"", b"nonsense"):
        path.write_bytes(payload)
        with pytest.raises(StorageError) as caught:
            inception_features(path)
        assert caught.value.code == "E316"
    with pytest.raises(UsageError, match="nothing is downloaded"):
        inception_features(tmp_path / "missing.safetensors")


def test_weights_from_a_file_give_features_and_chances(tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in Inception().state_dict().items()}
    weights = {
        name: np.full(shape, 1 / max(np.prod(shape[1:]), 1), np.int64 if "num_batches" in name else np.float32)
        for name, shape in shapes.items()
    }
    path = tmp_path / "even.safetensors"
    path.write_bytes(arrays_to_bytes(weights))
    features = inception_features(path)
    grey = np.random.default_rng(0).integers(0, 256, (1, 20, 30), dtype=np.uint8)
    seen = features.see(grey)
    assert seen.features.shape == (1, 2048) and (seen.features >= 0).all() and seen.chances.shape == (1, 1008)
    assert seen.chances.sum() == pytest.approx(1) and features.name.startswith("inception-")
    with pytest.raises(DataError) as caught:
        features(np.zeros((1, 9, 9, 4), dtype=np.uint8))
    assert caught.value.code == "E213"
