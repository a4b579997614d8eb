"""Measures of pictures are what they say: checked on pictures drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.nets.measures import measures


def bar(*, left: int = 10, wide: int = 4, high: int = 20, lean: float = 0.0, ink: int = 255) -> torch.Tensor:
    picture = np.zeros((32, 32), dtype=np.uint8)
    for y in range(6, 6 + high):
        x = left + round(lean * (6 + high / 2 - y))
        picture[y, x : x + wide] = ink
    return torch.from_numpy(picture)[None, None]


def measured(picture: torch.Tensor) -> dict[str, float]:
    return {name: float(value[0]) for name, value in measures(picture).items()}


def test_a_bar_that_is_moved_is_moved_by_as_many_pixels() -> None:
    before, after = measured(bar(left=10)), measured(bar(left=15))
    assert after["right"] - before["right"] == pytest.approx(5)
    assert {k: after[k] for k in after if k != "right"} == pytest.approx({k: before[k] for k in before if k != "right"})
    assert before["right"] == pytest.approx(11.5) and before["down"] == pytest.approx(15.5)


def test_thickness_is_the_width_of_a_long_stroke() -> None:
    for wide in (1, 2, 5):
        assert measured(bar(wide=wide, high=24))["thickness"] == pytest.approx(wide * 24 / (wide + 24))
    assert measured(bar(ink=90))["thickness"] == pytest.approx(measured(bar())["thickness"])


def test_slant_is_the_shear_of_a_bar_and_has_its_sign() -> None:
    assert measured(bar())["slant"] == pytest.approx(0, abs=1e-6)
    assert measured(bar(lean=0.5))["slant"] == pytest.approx(0.5, abs=0.05)
    assert measured(bar(lean=-0.25))["slant"] == pytest.approx(-0.25, abs=0.05)


def test_size_and_width_are_standard_deviations_of_the_ink() -> None:
    found = measured(bar(wide=4, high=20))
    across, along = (4**2 - 1) / 12, (20**2 - 1) / 12
    assert found["size"] == pytest.approx((across + along) ** 0.5)
    assert found["width"] == pytest.approx(np.log(across / along) / 2)


def test_dark_ink_on_a_light_ground_is_measured_like_light_ink_on_a_dark_one() -> None:
    light, dark = measured(bar(lean=0.3)), measured(255 - bar(lean=0.3))
    for name in ("right", "down", "slant", "size", "width", "thickness", "contrast"):
        assert dark[name] == pytest.approx(light[name], abs=1e-5)
    assert dark["brightness"] == pytest.approx(1 - light["brightness"])


def test_a_checkerboard_is_rough_and_a_slope_is_not() -> None:
    board = torch.from_numpy((np.indices((32, 32)).sum(0) % 2 * 255).astype(np.uint8))[None, None]
    slope = torch.arange(32, dtype=torch.uint8).expand(32, 32)[None, None] * 8
    assert measured(board)["roughness"] == pytest.approx(8 / 9, abs=0.1)
    assert measured(slope)["roughness"] < 0.1


def test_colours_are_told_by_the_channel_that_stands_out() -> None:
    blue = torch.zeros(1, 3, 8, 8)
    blue[:, 2] = 255
    assert measured(blue)["blue"] == pytest.approx(2 / 3) and measured(blue)["red"] == pytest.approx(-1 / 3)
    assert "red" not in measured(bar())
    veiled = torch.cat([blue, torch.full((1, 1, 8, 8), 51.0)], dim=1)
    assert measured(veiled)["opacity"] == pytest.approx(0.2) and measured(veiled)["blue"] == pytest.approx(2 / 3)
    assert measured(torch.cat([bar(), 255 + 0 * bar()], dim=1))["opacity"] == 1


def test_an_empty_picture_has_finite_measures() -> None:
    assert all(np.isfinite(list(measured(torch.full((1, 1, 8, 8), level)).values())).all() for level in (0, 7, 255))
