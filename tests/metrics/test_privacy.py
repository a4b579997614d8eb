"""Attacks on privacy: a memoriser must be found, fresh rows must not be accused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from contrafact.metrics.disclosure import _risk, disclosure_risks
from contrafact.metrics.membership import _above, membership_attacks, worst
from contrafact.metrics.privacy import privacy


def rows(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    return pd.DataFrame(
        {
            "x": x,
            "y": x + draw.normal(size=n),
            "z": draw.exponential(size=n),
            "c": draw.choice(list("abcde"), n),
            "d": np.where(x + draw.normal(size=n) > 0, "u", "v"),
        }
    )


def jittered(frame: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    copied = frame.iloc[draw.integers(0, len(frame), n)].reset_index(drop=True)
    return copied.assign(**{name: copied[name] + 0.01 * draw.normal(size=n) for name in "xyz"})


REAL, HOLDOUT, FRESH = rows(100, 0), rows(400, 1), rows(600, 2)
MEMORISED = privacy(REAL, jittered(REAL, 600, 3), HOLDOUT)
INNOCENT = privacy(rows(400, 4), FRESH, HOLDOUT)


def test_a_deliberate_memoriser_is_found_by_every_kind_of_attack() -> None:
    scores = MEMORISED.scores
    assert scores["membership_auc"].low > 0.8 and scores["nearer_train"].low > 0.9
    assert all(scores[name].low > 0 for name in ("linkability", "inference"))
    assert any("Membership by distance" in said for said in MEMORISED.findings())
    (distance,) = (attack for attack in MEMORISED.attacks if attack.name == "distance")
    assert distance.found[0.01].low > 0.5 and 0.001 not in distance.found


def test_fresh_rows_are_not_accused_and_are_told_that_this_is_no_proof() -> None:
    scores = INNOCENT.scores
    for name in ("membership_distance", "membership_density", "membership_classifier", "nearer_train"):
        assert scores[name].value == pytest.approx(0.5, abs=0.06)
    assert INNOCENT.findings() == () and "no proof" in INNOCENT.notes()[-1]
    assert scores["membership_auc"].high == max(attack.auc.high for attack in INNOCENT.attacks)


def test_exact_copies_are_counted_and_the_nearest_pairs_name_them() -> None:
    real = rows(300, 0)
    fake = rows(100, 1)
    fake.iloc[7], fake.iloc[40] = real.iloc[200], real.iloc[3]
    found = privacy(real, fake)
    assert found.exact == 2 and found.copies.value == 0.02 and len(found.nearest) == 10
    assert {(pair.fake, pair.real) for pair in found.nearest[:2]} == {(7, 200), (40, 3)}
    assert found.nearest[0].distance == 0 < found.nearest[0].usual
    many = privacy(real, pd.concat([fake, real.iloc[100:110]]))
    assert any("repeat a real row" in said for said in many.findings())


def test_a_near_copy_is_a_near_pair_and_no_exact_copy() -> None:
    real = rows(200, 0)
    found = privacy(real, jittered(real, 50, 1))
    assert found.exact == 0 and found.nearest[0].distance < 0.2 * found.nearest[0].usual


def test_data_that_repeat_themselves_are_no_finding() -> None:
    draw = np.random.default_rng(0)
    coins = [pd.DataFrame(draw.choice(list("ab"), (200, 3)), columns=list("xyz")) for _ in range(3)]
    for holdout in (coins[2], None):
        found = privacy(coins[0], coins[1], holdout)
        assert found.copies.value == 1 == found.copies.ceiling
        assert not any("repeat" in said for said in found.findings())


def test_without_a_holdout_what_was_not_assessed_is_said() -> None:
    found = privacy(REAL, FRESH)
    assert set(found.scores) == {"copies"} and any("Not assessed" in note for note in found.notes())


def test_texts_and_keys_that_repeat_word_for_word_are_named() -> None:
    real, fake = rows(300, 0), rows(200, 1)
    real["mail"] = [f"someone{i}@example.org" for i in range(300)]
    fake["mail"] = [f"else{i}@example.org" if i >= 50 else f"someone{i}@example.org" for i in range(200)]
    found = privacy(real, fake)
    assert found.verbatim == {"mail": 0.25}
    assert any("25% of the texts in 'mail'" in note for note in found.notes())


def test_a_record_is_json_without_a_single_real_cell() -> None:
    told = json.dumps(MEMORISED.to_json(), allow_nan=False)
    assert "membership" not in told or "auc" in told
    assert str(REAL["x"].iloc[0])[:8] not in told


def test_shares_found_at_few_false_alarms_by_hand() -> None:
    others = np.arange(1000.0)
    assert _above(np.array([995.5, 989.5, 988.5, 2000.0]), others, 0.01) == 0.75
    assert _above(np.array([998.5, 999.5]), others, 0.001) == 1.0
    assert _above(others, others, 0.01) == 0.01


def test_attacks_on_equal_sides_find_nothing_and_the_worst_is_by_its_upper_end() -> None:
    attacks = membership_attacks(rows(200, 5), rows(200, 6), rows(400, 7))
    assert [attack.name for attack in attacks] == ["distance", "density", "classifier"]
    assert worst(attacks).high == max(attack.auc.high for attack in attacks)
    assert all(attack.members == 200 and attack.others == 200 for attack in attacks)


def test_a_risk_is_main_less_control_and_void_when_guessing_is_as_good() -> None:
    # Newcombe's own example: 56 of 70 against 48 of 80 gives .0524 to .3339.
    risk = _risk("linkability", (56 / 70, 70), (48 / 80, 80), 0.1, 10)
    assert (risk.score.low, risk.score.high) == pytest.approx((0.0524, 0.3339), abs=1e-4) and not risk.void
    assert _risk("linkability", (0.1, 50), (0.05, 50), 0.1, 10).void
    assert "Void" not in " ".join(INNOCENT.notes()) or any(r.void for r in INNOCENT.risks)


def test_copied_rows_link_and_infer_what_held_out_rows_do_not() -> None:
    real, holdout = rows(300, 0), rows(300, 1)
    risks, inferred = disclosure_risks(real, real, holdout)
    by_name = {risk.name: risk for risk in risks}
    assert by_name["linkability"].main == 1 > by_name["linkability"].control
    assert by_name["inference"].main == 1 and by_name["inference"].score.low > 0.2
    assert by_name["singling_out"].main == 1 and by_name["singling_out"].score.low > 0
    assert {risk.column for risk in inferred} == set(real.columns)


def test_the_target_is_guessed_even_among_many_columns() -> None:
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 40)), columns=[f"c{i}" for i in range(40)])
    _, inferred = disclosure_risks(wide, wide[::-1], wide, target="c39")
    assert "c39" in {risk.column for risk in inferred} and len(inferred) == 12


def test_attacks_repeat_for_a_seed_and_leave_everything_alone() -> None:
    real, fake, holdout = rows(60, 0), rows(60, 1), rows(60, 2)
    kept, state = real.copy(), np.random.get_state()[1].copy()
    one, other = (privacy(real, fake, holdout, seed=5) for _ in range(2))
    assert one.to_json() == other.to_json()
    pd.testing.assert_frame_equal(real, kept)
    assert (np.random.get_state()[1] == state).all()
