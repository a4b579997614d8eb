import numpy as np

from contrafact.metrics.held_out_lines import held_out_lines


def lines(count: int, seed: int, stay: float = 0.8) -> dict[str, np.ndarray]:
    """Walk round a circle of eight symbols, staying on it with this chance."""
    draw = np.random.default_rng(seed)
    steps = np.where(draw.random((count, 10)) < stay, 1, draw.integers(0, 8, (count, 10)))
    return {"codes": (steps.cumsum(1) % 8).astype(np.int32), "lengths": np.full(count, 10)}


def score(fake: dict[str, np.ndarray]) -> dict[str, float]:
    return held_out_lines(lines(500, 1), 8, False).beside(lines(2000, 0))(fake)


def test_more_real_lines_score_near_one_and_broken_or_dull_ones_less():
    real, broken, dull = score(lines(500, 2)), score(lines(500, 3, stay=0.2)), score(lines(500, 4, stay=1.0))
    assert real["score"] > 0.9 > 0.6 > max(broken["score"], dull["score"])
    assert broken["transition_gap"] < -0.5 and dull["transition_gap"] > 0.3


def test_what_is_left_out_is_missed():
    few = lines(500, 5)
    few["codes"] = np.resize(few["codes"][:3], few["codes"].shape)
    assert score(few)["missing"] > 0.3 > 0.1 > abs(score(lines(500, 6))["missing"])
