"""The standard scores of rows."""

import subprocess
import sys

import numpy as np
import pytest

import contrafact.metrics
from contrafact.base.data import Mixture
from contrafact.metrics import copies, membership_auc, rows_scores

ALWAYS = {"precision", "recall", "density", "coverage", "mmd", "energy", "sliced_wasserstein", "c2st", "copies"}
TRUTH = Mixture(means=np.array([[-3.0, 0.0], [3.0, 0.0]]), sd=0.5)


def draw(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return TRUTH.means[rng.integers(0, 2, n)] + 0.5 * rng.normal(size=(n, 2))


def test_a_perfect_generator_passes_and_a_copier_is_caught() -> None:
    real, holdout = draw(0, 200), draw(1, 200)
    perfect = rows_scores(real, draw(2, 200), holdout)
    copier = rows_scores(real, np.concatenate([real[:100], draw(3, 100)]), holdout)
    assert perfect["copies"].value == 0
    assert perfect["membership_auc"].low < 0.5 < perfect["membership_auc"].high
    assert copier["copies"].value == 0.5
    assert copier["membership_auc"].low > 0.6


def test_what_is_given_decides_what_is_scored() -> None:
    real, fake = draw(0, 60), draw(1, 60)
    assert set(rows_scores(real, fake)) == ALWAYS
    with_truth = set(rows_scores(real, fake, holdout=draw(2, 50), truth=TRUTH)) - ALWAYS
    assert with_truth == {"membership_auc", "modes", "high_quality", "reverse_kl", "spread_low", "spread_high"}


def test_every_row_score_lies_in_its_interval_and_knows_its_anchors() -> None:
    for name, score in rows_scores(draw(0, 150), draw(1, 130), holdout=draw(2, 100), truth=TRUTH).items():
        assert score.name == name
        assert score.low <= score.value <= score.high, score
        assert score.ceiling is not None
        assert score.n == 130
        if name in ALWAYS - {"copies"}:
            assert score.floor is not None


def test_two_rows_and_a_constant_column_give_finite_scores() -> None:
    real = np.array([[0.0, 1.0], [1.0, 1.0]])
    for score in rows_scores(real, real + 0.1, holdout=real[:1] + 5, truth=TRUTH).values():
        assert np.isfinite([score.value, score.low, score.high]).all(), score


def test_scores_do_not_depend_on_the_units_of_a_column() -> None:
    real, fake = draw(0, 60), draw(1, 60) + 0.1
    units = np.array([1024.0, 1.0])  # a power of two: no digit changes
    plain, scaled = rows_scores(real, fake), rows_scores(real * units, fake * units)
    assert {k: s.value for k, s in plain.items()} == pytest.approx({k: s.value for k, s in scaled.items()})


def test_row_scores_repeat_for_a_seed_and_leave_everything_alone() -> None:
    real, fake = draw(0, 50), draw(1, 50)
    kept, state = (real.copy(), fake.copy()), np.random.get_state()[1].copy()
    assert rows_scores(real, fake, seed=2) == rows_scores(real, fake, seed=2)
    assert (real == kept[0]).all() and (fake == kept[1]).all()
    assert (np.random.get_state()[1] == state).all()


def test_many_rows_are_cut_and_the_size_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contrafact.metrics.judge.MOST_ROWS", 100)
    scores = rows_scores(draw(0, 400), draw(1, 300), truth=TRUTH)
    assert {score.n for score in scores.values()} == {100}


def test_copies_are_sought_among_all_real_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contrafact.metrics.judge.MOST_ROWS", 100)
    real = draw(0, 400)
    assert rows_scores(real, real[:90])["copies"].value == 1


@pytest.mark.parametrize("columns", [2, 12])
def test_a_near_copy_counts_and_a_near_neighbour_does_not(columns: int) -> None:
    real = np.random.default_rng(0).normal(size=(200, columns))
    assert copies(real, real[:20] + 1e-9).value == 1
    assert copies(real, real[:20] + 1e-4).value == 0


def test_data_that_repeat_themselves_show_it_in_the_ceiling_of_copies() -> None:
    coins = np.random.default_rng(0).integers(0, 2, (100, 3)).astype(float)
    score = copies(coins[:50], coins[:50], coins[50:])
    assert score.value == 1
    assert score.ceiling > 0.8


def test_membership_by_hand() -> None:
    real, holdout, fake = np.array([0.0, 1.0]), np.array([5.0, 0.2]), np.array([0.0, 1.1])
    assert membership_auc(real, fake, holdout).value == 1
    assert membership_auc(holdout, fake, real).value == 0


def test_the_functions_keep_their_names_when_modules_of_the_same_name_are_imported_first() -> None:
    code = (
        "import sys; import contrafact.metrics.frechet, contrafact.metrics.modes, contrafact.metrics.neighbours as n;"
        "import contrafact.metrics as m; assert callable(m.frechet) and callable(m.modes) and callable(m.neighbours);"
        "assert not {'torch', 'scipy', 'sklearn', 'pandas'} & set(sys.modules), 'heavy import'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert all(callable(getattr(contrafact.metrics, name)) for name in contrafact.metrics.__all__)
