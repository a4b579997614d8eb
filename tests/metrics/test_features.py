"""Features have names, widths and blocks, whoever gives them."""

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.metrics import Features, named_features, pixel_features
from contrafact.metrics.features import as_pictures, chosen_features, cuts


def draw(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype)


def means(pictures: np.ndarray) -> np.ndarray:
    return pictures.mean((1, 2))


def test_pictures_without_channels_get_one() -> None:
    assert as_pictures(draw(5, 4, 3)).shape == (5, 4, 3, 1)
    assert as_pictures(Data(kind="pictures", items=draw(5, 4, 3, 2))).shape == (5, 4, 3, 2)
    assert as_pictures(draw(5, 4, 3, dtype=np.uint16)).dtype == np.uint16
    assert as_pictures(Data(kind="pictures", items=[draw(4, 3), draw(4, 3)])).shape == (2, 4, 3, 1)


@pytest.mark.parametrize(
    "items", [np.ones((3, 4, 4)), draw(0, 4, 4), draw(4, 4), draw(2, 2, 2, 2, 2), [draw(4, 4), draw(4, 5)], "abc"]
)
def test_what_are_no_pictures_of_one_size_is_refused(items: object) -> None:
    with pytest.raises(DataError) as caught:
        as_pictures(items, "fake pictures")
    assert caught.value.code == "E213" and "fake pictures" in caught.value.what


def test_sizes_that_differ_are_named() -> None:
    with pytest.raises(DataError, match="4 x 4 and 4 x 5"):
        as_pictures([draw(4, 4), draw(4, 5)])


def test_any_callable_with_a_name_can_give_features() -> None:
    features = named_features(means)
    assert features.name == "means"
    np.testing.assert_allclose(features(draw(7, 4, 4, 3)), draw(7, 4, 4, 3).mean((1, 2)))
    assert named_features(lambda x: x, name="mine").name == "mine"
    assert chosen_features(features, None) is features and chosen_features(means, None).name == "means"


@pytest.mark.parametrize("nameless", [lambda x: x, 3])
def test_features_without_a_name_are_refused(nameless: object) -> None:
    with pytest.raises(UsageError) as caught:
        chosen_features(nameless, None)
    assert caught.value.code == "E224"


def test_pictures_come_in_blocks_and_the_blocks_do_not_show() -> None:
    sizes = []

    def look(block: np.ndarray) -> np.ndarray:
        sizes.append(len(block))
        return block.reshape(len(block), -1)[:, :2]

    pictures = draw(11, 4, 4)
    rows = named_features(look, "corner", block=4)(pictures)
    assert sizes == [4, 4, 3] and (rows == pictures.reshape(11, -1)[:, :2]).all()
    places = np.array([9, 0, 3])
    assert (named_features(look, "corner").see(pictures, places).features == rows[places]).all()


def test_large_pictures_come_in_smaller_blocks() -> None:
    parts = list(cuts((100, 1024, 1024, 3)))
    assert parts[0] == slice(0, 5) and len(parts) == 20
    assert next(cuts((2, 10**5, 10**5, 3))) == slice(0, 1)


@pytest.mark.parametrize(
    "look",
    [lambda x: x, lambda x: x.mean((1, 2))[:-1], lambda x: np.array(["a"] * len(x))[:, None], lambda x: 1.0],
)
def test_a_callable_that_does_not_give_a_row_for_each_picture_is_refused(look: object) -> None:
    with pytest.raises(UsageError) as caught:
        named_features(look, "wrong")(draw(5, 4, 4))
    assert caught.value.code == "E224"


def test_features_that_cannot_classify_say_so() -> None:
    with pytest.raises(UsageError, match="know no classes"):
        named_features(means).probabilities(draw(5, 4, 4))
    sure = Features(name="sure", look=lambda x: (x.mean((1, 2)), np.tile([0.0, 1.0], (len(x), 1))))
    assert (sure.probabilities(draw(5, 4, 4)) == [0, 1]).all() and (sure.see(draw(5, 4, 4)).classes == 1).all()


def test_pixels_are_features_from_0_to_1() -> None:
    for dtype in (np.uint8, np.uint16):
        pictures = np.full((2, 3, 4, 2), np.iinfo(dtype).max, dtype=dtype)
        assert (pixel_features(pictures)(pictures) == np.ones((2, 24))).all()
