"""The score of clips while a generator trains."""

import numpy as np

from contrafact.base.demos import beeps
from contrafact.codecs.audio import AudioCodec
from contrafact.metrics.held_out import held_out_pictures
from contrafact.metrics.held_out_sound import held_out_sound, listening

DATA, FRESH = beeps(240, seed=1), beeps(80, seed=2)
CODEC = AudioCodec.fit(DATA)
TRAINED, HELD, OTHERS = (CODEC.encode(data) for data in (DATA.take(range(160)), DATA.take(range(160, 240)), FRESH))
TIME = np.arange(CODEC.length) / CODEC.rate
WHISTLES = {**OTHERS, "waves": np.tile(0.5 * np.sin(2 * np.pi * 880 * TIME), (80, 1)).astype(np.float32)}


def test_real_clips_mix_with_held_out_ones_and_noise_does_not() -> None:
    score = held_out_sound(HELD, 0, CODEC.rate)
    noise = {**OTHERS, "waves": 0.3 * np.random.default_rng(0).standard_normal(OTHERS["waves"].shape)}
    good, bad = score(OTHERS), score(noise)
    assert good["score"] > 0.7 and bad["score"] < 0.3 and good["score_error"] > 0
    assert "silent" not in good


def test_with_the_clips_that_are_trained_on_signs_are_measured_beside() -> None:
    score = held_out_sound(HELD, 0, CODEC.rate).beside(TRAINED)
    found = score(WHISTLES)
    assert found["tone"] == 1 and found["silent"] == 0 and 0 < found["real_tone"] < 0.3
    assert {"copies", "class_truth"} <= set(found) and not {"checkerboard", "colour_drift"} & set(found)
    assert score(TRAINED)["copies"] > 0.9 > score(OTHERS)["copies"]
    assert held_out_sound(TRAINED, 0, CODEC.rate).beside(TRAINED)(OTHERS)["copies"] < 0.5


class Painted:
    """A codec that keeps clips as pictures of their own."""

    rate = CODEC.rate

    def decode(self, encoded: dict[str, np.ndarray]) -> np.ndarray:
        return encoded["waves"]


def test_a_score_of_something_else_can_listen_to_what_is_decoded() -> None:
    def pictures(encoded: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        cut = np.abs(encoded["waves"][:, :1024]).reshape(-1, 1, 32, 32)
        return {**encoded, "pictures": (255 * cut).astype(np.uint8)}

    score = listening(held_out_pictures, Painted())(pictures(HELD), 0).beside(pictures(TRAINED))
    found = score(pictures(WHISTLES))
    assert found["tone"] == 1 and found["real_tone"] > 0 and "score" in found and "checkerboard" not in found
