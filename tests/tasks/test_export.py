"""An exported generator draws what the model draws, or is not written."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from contrafact import zoo
from contrafact.base.demos import digits, ring
from contrafact.base.errors import ContrafactError, UsageError
from contrafact.tasks import export as exporting
from contrafact.tasks.export import BOUND, export


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, str]:
    model = zoo.R3GAN.toy().but(steps=5).fit(digits(), seed=0)
    folder = tmp_path_factory.mktemp("export") / "model"
    model.save(folder)
    return model, str(folder)


def run(path: Path, **inputs: np.ndarray) -> np.ndarray:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path)).run(None, inputs)[0]


def test_the_file_draws_the_models_pictures_and_says_what_it_is(pictures, tmp_path: Path) -> None:
    import onnx

    model, folder = pictures
    done = export(folder, str(tmp_path / "m.onnx"))
    assert 0 <= done.difference <= BOUND and list(done.inputs) == ["noise", "class"]
    for n in (1, 5, 130):
        rows = model.latents(n, seed=9)
        pixels = run(tmp_path / "m.onnx", noise=rows.noise, **{"class": model.codec.places(rows.labels)})
        items = np.rint(pixels[:, 0]).astype(np.uint8)
        assert np.abs(items.astype(int) - model.sample(n, seed=9).items.astype(int)).max() <= 1  # where .5 is rounded
        assert (items == model.sample(n, seed=9).items).mean() > 0.999
    told = {entry.key: entry.value for entry in onnx.load(tmp_path / "m.onnx").metadata_props}
    assert told["source"].startswith("Synthetic") and told["method"] == "r3gan"
    assert json.loads(told["classes"]) == [str(digit) for digit in range(10)]
    assert json.loads(told["noise"])["size"] == 64 and "normal" in json.loads(told["noise"])["law"]


def test_rows_come_in_the_datas_units_with_constant_columns_in_place(tmp_path: Path) -> None:
    items = np.column_stack([100 + 5 * ring(300).items, np.full(300, 7.0)])[:, [0, 2, 1]]
    model = zoo.R3GAN.toy().but(steps=5, latent_signs=2).fit(items, seed=0)
    model.save(tmp_path / "model")
    done = export(str(tmp_path / "model"), str(tmp_path / "m.onnx"))
    assert done.difference <= BOUND and "the last 2 columns -1 or 1" in done.inputs["noise"]
    noise = np.zeros((40, model.latent.width), dtype=np.float32)
    noise[:, -2:] = 1
    import torch

    with torch.no_grad():
        expected = model.codec.decode(model.generator(torch.from_numpy(noise)).numpy())
    assert np.allclose(run(tmp_path / "m.onnx", noise=noise), expected, atol=1e-3)


def test_a_file_that_draws_something_else_is_not_written(pictures, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(exporting, "written", lambda graph: b"")
    monkeypatch.setattr(exporting, "compare", lambda graph, payload: 2e-4)
    with pytest.raises(ContrafactError, match=r"off by 0\.0002 of the range") as caught:
        export(pictures[1], str(tmp_path / "m.onnx"))
    assert caught.value.code == "E127" and not list(tmp_path.iterdir())


def test_what_is_not_installed_is_named_with_its_extra(pictures, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(UsageError, match="onnxscript") as caught:
        export(pictures[1], str(tmp_path / "m.onnx"))
    assert caught.value.code == "E111" and "contrafact[onnx]" in caught.value.fix


def test_a_model_without_a_generator_and_a_file_of_another_kind_are_refused(pictures, tmp_path: Path) -> None:
    zoo.GaussianMixture().fit(ring(100)).save(tmp_path / "bell")
    for what, out, code in ((str(tmp_path / "bell"), "m.onnx", "E126"), (pictures[1], "m.pt", "E121")):
        with pytest.raises(UsageError) as caught:
            export(what, str(tmp_path / out))
        assert caught.value.code == code
