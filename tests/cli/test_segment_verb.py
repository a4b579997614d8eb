"""The segment verb: learn from two folders, then make masks for new pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for side in ("cells", "masks", "new"):
        (tmp_path / side).mkdir()
    for i in range(6):
        mask = draw.random((20, 16)) < 0.3
        picture = np.clip(np.where(mask, 200, 80) + draw.normal(0, 20, mask.shape), 0, 255).astype(np.uint8)
        Image.fromarray(picture).save(tmp_path / "cells" / f"{i}.png")
        Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(tmp_path / "masks" / f"{i}.tif")
    Image.fromarray(picture[:11]).save(tmp_path / "new" / "one.png")
    return tmp_path


def opened(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_learning_and_making_masks(cells, say):
    said = say("segment", "cells", "--pairs", "masks", "-o", "r", "--steps", "8", "--json")
    assert said.status == 0, said.err
    told = said.json
    assert told["command"] == "segment" and told["run"] == "r" and told["error"] is None
    assert {"dice", "iou", "dice_pix2pix", "dice_unet", "dice_threshold"} <= set(told["scores"])
    assert told["scores"]["dice"]["n"] == 2 == len(told["held_out"]) and "threshold" in told["verdict"]
    assert set(told["training_cpu_seconds"]) == {"pix2pix", "unet"}
    assert all(Path(file).exists() for file in told["files"])
    made = say("segment", "new", "--run", "r", "-o", "out", "--json")
    assert made.status == 0, made.err
    assert made.json["files"] == ["out/one.png"]
    assert opened("out/one.png").shape == (11, 16) and set(np.unique(opened("out/one.png"))) <= {0, 255}
    drawn = say("sample", "r", "-n", "3", "-o", "x.png", "--json")
    assert drawn.status == 2 and drawn.json["error"]["code"] == "E126" and "segment" in drawn.json["error"]["fix"]
    alone = say("segment", "new/one.png", "--run", "r", "-o", "out2", "--method", "unet", "-q")
    assert alone.status == 0 and alone.out == "Wrote 1 mask to out2.\n"


def test_one_method_alone(cells, say):
    said = say("segment", "cells", "--pairs", "masks", "--method", "unet", "--steps", "8")
    assert said.status == 0, said.err
    assert "held-out pictures" in said.out and "pix2pix" not in said.out
    assert (cells / "runs" / "cells-masks" / "segment.json").exists()
    assert say("segment", "new", "--run", "cells-masks", "-o", "out").status == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["cells"], "E100"),
        (["cells", "--pairs", "masks", "--run", "r"], "E100"),
        (["cells", "--run", "r"], "E100"),
        (["new", "--run", "nowhere", "-o", "out"], "E117"),
        (["cells", "--pairs", "new", "-o", "r"], None),
        (["cells", "--pairs", "nowhere", "-o", "r"], None),
    ],
)
def test_what_cannot_be_done_is_said(cells, say, words, code):
    said = say("segment", *words, "--json")
    error = said.json["error"]
    assert said.status in (2, 65) and error["fix"] and (code is None or error["code"] == code)
