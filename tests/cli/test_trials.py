"""augment, balance and assess: what they say, what they write, and what they leave alone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contrafact.tasks import helps
from contrafact.tasks.helps import Effort

TOY = ("--set", "steps=2", "--set", "width=8", "--set", "batch=32")
BLINK = {"quick": Effort(seeds=2, folds=2, epochs=1, least=4, most=4)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two classes of tiny pictures, 12 and 6, with a space and Chinese in their names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(helps, "EFFORTS", BLINK)
    monkeypatch.setattr(helps, "possible", lambda high, wide: ("flip",))
    draw = np.random.default_rng(0)
    for name, count in (("甲 a", 12), ("b", 6)):
        (tmp_path / "cells" / name).mkdir(parents=True)
        for i in range(count):
            Image.fromarray(draw.integers(0, 256, (6, 6)).astype(np.uint8)).save(tmp_path / "cells" / name / f"{i}.png")
    return "cells"


def files(folder: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(folder).rglob("*.png")}


def test_augment_writes_pictures_by_class_and_gives_each_arm_as_a_score(folder, say):
    before = files(folder)
    said = say("augment", folder, "-o", "new", "-n", "6", *TOY, "--json")
    told = said.json
    assert said.status == 0 and told["command"] == "augment" and told["pictures"] == 6 and told["files"] == ["new"]
    score = told["scores"]["accuracy_gan"]
    assert {"value", "low", "high", "n", "better", "floor"} <= set(score) and score["n"] == 6
    assert "accuracy_real" in told["scores"] and "gain_gan" in told["scores"] and "Generated" in told["verdict"]
    assert {Path(name).parent.name for name in files("new")} == {"甲 a", "b"} and files(folder) == before
    assert "check: seed 2 of 2, gan:" in said.err and "classic: flip" in said.err


def test_balance_fills_the_rare_class_and_lays_out_recalls(folder, say):
    said = say("balance", folder, "--target", "class", "-o", "more.zip", *TOY)
    assert said.status == 0 and "Made 6 pictures in more.zip" in said.out and Path("more.zip").exists()
    assert "recall of class" in said.out and "balanced_accuracy_repeats" in said.out
    told = say("balance", folder, "--to", "14", "--check", "off", *TOY, "--json").json
    assert told["pictures"] == 10 and told["scores"] == {} and told["files"] == []


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("augment", "cells", "-o", "cells"), 2, "E315"),
        (("augment", "cells", "-o", "cells/b/new"), 2, "E315"),
        (("balance", "cells/b", "-o", "."), 2, "E315"),
        (("augment", "cells", "-o", "busy"), 2, "E315"),
        (("augment", "cells", "--check", "of"), 2, "E128"),
        (("augment", "cells", "--recipe", "gaussian"), 2, "E109"),
        (("augment", "cells", "--set", "stps=3"), 2, "E101"),
        (("augment", "cells", "--recipe", "classic", "--set", "steps=3"), 2, "E101"),
        (("augment", "deep.npz", "-o", "new"), 2, "E121"),
        (("augment", "cells/b"), 65, "E212"),
        (("augment", "ring"), 65, "E242"),
        (("balance", "ring", "--target", "smoker"), 65, "E242"),
        (("balance", "cells", "--target", "clas"), 2, "E115"),
        (("balance", "cells", "--to", "5"), 2, "E243"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_refused_before_anything_is_trained(words, status, code, folder, say):
    Path("busy").mkdir()
    Path("busy/mine.txt").write_text("mine")
    np.savez(
        "deep.npz",
        items=np.random.default_rng(0).integers(0, 255, (12, 16, 16, 5), dtype=np.uint8),
        labels=["a", "b"] * 6,
    )
    said = say(*words, "--json")
    assert said.status == status and said.json["error"]["code"] == code
    assert "step=" not in said.err and Path("busy/mine.txt").read_text() == "mine"


@pytest.fixture
def slides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures of a bright square, their masks, and an instrument that cuts at the middle."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for name in ("pictures", "masks"):
        (tmp_path / name).mkdir()
    for i in range(6):
        mask = np.zeros((20, 20), dtype=np.uint8)
        y, x = draw.integers(2, 10, 2)
        mask[y : y + 6, x : x + 6] = 255
        picture = np.clip(60 + 0.4 * mask + 10 * draw.normal(size=mask.shape), 0, 255).astype(np.uint8)
        Image.fromarray(mask).save(tmp_path / "masks" / f"{i}.png")
        Image.fromarray(picture).save(tmp_path / "pictures" / f"{i}.png")
    (tmp_path / "cut.py").write_text(
        "import sys\nfrom PIL import Image\n"
        "Image.open(sys.argv[1]).convert('L').point(lambda v: 255 * (v > 110)).save(sys.argv[2])\n"
    )
    return tmp_path


def test_assess_runs_a_command_on_generated_and_real_pictures(slides, say):
    command = f"'{sys.executable}' -I cut.py {{picture}} {{out}}"
    words = ("assess", "pictures", "--pairs", "masks", "--instrument", command, "-n", "2", "--grade", "gaussian=.1")
    said = say(*words, "--budget", "0.1s", "-o", "out", "--json")
    assert said.status == 0, said.err
    told = said.json
    assert told["instruments"] == ["cut"] and told["grades"] == ["plain", "gaussian-0.1"]
    assert told["scores"]["dice_real_cut_plain"]["value"] > 0.9
    assert set(told["scores"]) == {f"dice_{side}_cut_{g}" for side in ("generated", "real") for g in told["grades"]}
    assert Path("out/scores.csv").exists() and len(list(Path("out").rglob("*.png"))) == 8
    assert say(*words[:-4], "--instrument", "false {picture}", "--budget", "0.1s", "-q", "--json").status == 65
    assert say("assess", "pictures", "--pairs", "masks", "-o", "pictures/x", "--json").json["error"]["code"] == "E315"
    assert say("assess", "pictures", "--pairs", "masks", "--json").json["error"]["code"] == "E244"
    refused = say(*words, "--grade", "blur=2", "--json")
    assert refused.status == 2 and refused.json["error"]["code"] == "E246"
