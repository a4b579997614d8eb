"""Assess: pictures that obey a known law, instruments whose quality is known, and rankings that must agree."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from discs import LEVELS, OBJECT, SPREADS, Known, masks, pairs
from PIL import Image
from scipy import ndimage

from contrafact.base.data import Data, Pairs
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.pairs import PairCodec
from contrafact.tasks.assess import Assessing, assess, assessing
from contrafact.tasks.grades import grade
from contrafact.tasks.painting import Painter, as_source
from contrafact.zoo.pix2pix import Pix2Pix

TOY = Pix2Pix.toy().but(steps=2, masks=False)
PAIRS = pairs(12)


def cut_at(level: float, smooth: float = 1.0):
    def instrument(picture):
        return ndimage.gaussian_filter(picture.astype(float), smooth) > level

    return instrument


def counter(picture) -> int:
    return ndimage.label(ndimage.gaussian_filter(picture.astype(float), 1.0) > 118)[1]


QUALITY = {"good": cut_at(115), "fair": cut_at(100, 0.1), "poor": cut_at(140), "blind": lambda p: p * 0 == 1}


def known(instruments, **options) -> Assessing:
    """Prepare a job whose painter knows the law."""
    job = assessing(instruments, PAIRS, recipe=TOY, **options)
    job.painter.training = Known()
    return job


def done(job: Assessing):
    for _ in job.steps():
        pass
    return job.result()


def test_a_picture_has_the_levels_of_its_mask_and_the_texture_of_others():
    codec = PairCodec.fit(PAIRS, masks=True)
    painter = Painter(codec=codec, learned=PAIRS, training=Known())
    places = (masks(30, seed=9) == OBJECT).astype(int)
    made = painter.paint(places, seed=0)[..., 0]
    for place in (0, 1):
        assert made[places == place].mean() == pytest.approx(LEVELS[place], abs=1.5)
        assert made[places == place].std() == pytest.approx(SPREADS[place], rel=0.1)
    assert (painter.paint(places, 0)[..., 0] == made).all() and (painter.paint(places, 1)[..., 0] != made).any()
    assert painter.rounded(made[..., None]).shape == (30, 40, 40)
    bare = Painter(codec=codec, learned=PAIRS, training=Known(), texture=False).paint(places, 0)[..., 0]
    assert set(np.unique(bare)) == set(LEVELS)


def test_classes_are_shown_as_black_and_white_or_as_a_channel_each():
    places = np.array([[[0, 1], [2, 1]]])
    assert as_source(places % 2, 2).items.tolist() == [[[0, 255], [0, 255]]]
    assert as_source(places, 3).items.shape == (1, 2, 2, 3)
    assert (as_source(places, 3).items.argmax(-1) == places).all() and as_source(places, 3).items.sum() == 4 * 255


def test_instruments_come_out_in_the_same_order_on_generated_and_on_real_pictures():
    result = done(known(QUALITY, n=8, grades=[grade("gaussian=.3"), grade("contrast=.2")]))
    value = {(row.instrument, row.grade): (row.made.value, row.real.value) for row in result.rows}
    for side in (0, 1):
        plain = [value[name, "plain"][side] for name in QUALITY]
        assert plain == sorted(plain, reverse=True) and plain[0] > 0.9 and plain[-1] == 0
        assert value["good", "gaussian-0.3"][side] < value["good", "plain"][side] - 0.03
    assert abs(value["good", "plain"][0] - value["good", "plain"][1]) < 0.05
    agreed = result.scores["rank_agreement"]
    assert agreed.value == 1 and agreed.low > 0.5 and "rank_agreement_contrast-0.2" in result.scores
    assert "The rankings of 4 instruments on generated and on real pictures agree" in result.verdict
    assert "good suffers most from contrast-0.2" in result.verdict and "No grade costs blind" in result.verdict
    assert result.scores["dice_generated_good_plain"] == result.rows[0].made


def test_counts_are_scored_by_their_error_and_density_changes_what_is_there():
    result = done(
        known(
            {"count": counter, "always nine": lambda picture: 9}, n=6, grades=[grade("density=.5"), grade("density=2")]
        )
    )
    rows = {(row.instrument, row.grade): row for row in result.rows}
    objects = {name: rows["count", name].objects for name in ("plain", "density-0.5", "density-2")}
    assert objects["density-0.5"] == pytest.approx(objects["plain"] / 2, abs=0.5)
    assert objects["density-2"] == pytest.approx(2 * objects["plain"], rel=0.15)
    right, nine = rows["count", "plain"].made, rows["always nine", "plain"]
    assert right.name == "count_error" and right.better == "lower" and right.value < 0.2
    assert nine.real.value == pytest.approx(1.25) and rows["count", "density-2"].real is None
    assert "rank_agreement" not in result.scores


def test_masks_of_ones_own_are_painted_and_masks_without_objects_are_not_made_denser():
    own = masks(5, discs=1, seed=5)
    job = known(cut_at(115), n=5, masks=lambda n, seed: own[:n], grades=[grade("density=2")])
    result = done(job)
    assert (result.pairs.target.items == own).all() and {row.grade for row in result.rows} == {"plain"}
    assert any("Density was not graded" in note for note in result.notes)
    with pytest.raises(DataError, match="shape") as caught:
        done(known(cut_at(115), n=5, masks=lambda n, seed: own[:2]))
    assert caught.value.code == "E232"


def test_everything_from_pairs_to_files(tmp_path):
    kept, before = PAIRS.source.items.copy(), torch.random.get_rng_state()
    result = assess([cut_at(115), counter], PAIRS, recipe=TOY, n=3, grades=[grade("gaussian=.1")], seed=2)
    assert torch.equal(torch.random.get_rng_state(), before) and (PAIRS.source.items == kept).all()
    again = assess([cut_at(115), counter], PAIRS, recipe=TOY, n=3, grades=[grade("gaussian=.1")], seed=2)
    assert (again.pairs.source.items == result.pairs.source.items).all() and again.verdict == result.verdict
    assert any("not ranked together" in note for note in result.notes)
    files = result.save(tmp_path / "out")
    assert len(list((tmp_path / "out").rglob("*.png"))) == 12 and len(files) == 3
    with Image.open(tmp_path / "out" / "pictures" / "gaussian-0.1" / "00003.png") as one:
        assert "Synthetic" in one.text["Description"]
    rows = list(csv.reader((tmp_path / "out" / "scores.csv").read_text().splitlines()))
    assert len(rows) == 5 and rows[1][:2] == ["instrument", "plain"] and rows[0][0] == "instrument"
    assert "generated" in str(result)


def test_the_painter_does_not_see_the_pictures_that_are_compared_with():
    job = known(cut_at(115))
    learned = {item.tobytes() for item in job.painter.learned.source.items}
    assert len(job.real) == 4 and not learned & {item.tobytes() for item in job.real.source.items}
    others = pairs(3, seed=8)
    job = assessing(cut_at(115), PAIRS, real=others, recipe=TOY)
    assert job.real is others and len(job.painter.learned) == 12


def test_false_and_true_are_objects_whatever_their_value_and_other_values_are_refused():
    dark = Pairs(source=PAIRS.source, target=Data(kind="pictures", items=255 - PAIRS.target.items))
    job = assessing(cut_at(115), dark, recipe=TOY, n=2, grades=[])
    assert job.codec.classes[job.objects[0]] == 0
    truth = job.places(dark.target)
    assert job._looked("instrument", dark.source.items, truth).sum(0)[0, 0] > 0
    with pytest.raises(DataError, match="value 7") as caught:
        job.instruments["instrument"] = lambda picture: np.full(picture.shape, 7, dtype=np.uint8)
        job._looked("instrument", dark.source.items, truth)
    assert caught.value.code == "E245"
    with pytest.raises(DataError, match="for another") as caught:
        answers = iter([1.0, np.zeros((40, 40), dtype=bool)] * 9)
        job.instruments["instrument"] = lambda picture: next(answers)
        job._looked("instrument", dark.source.items, truth)
    assert caught.value.code == "E245"
    assert assessing(cut_at(115), dark, recipe=TOY, objects=255).objects == (1,)


@pytest.mark.parametrize(
    ("instruments", "data", "options", "code"),
    [
        ([], PAIRS, {}, "E244"),
        (counter, PAIRS.take([0, 1, 2]), {}, "E206"),
        (counter, PAIRS, {"objects": 7}, "E233"),
        (counter, PAIRS, {"n": -1}, "E104"),
    ],
)
def test_what_cannot_be_assessed_is_refused_by_name(instruments, data, options, code):
    with pytest.raises((DataError, UsageError)) as caught:
        assessing(instruments, data, recipe=TOY, **options)
    assert caught.value.code == code
