"""The standard scores of generated sound.

Clips are seen as log-mel spectrograms (see `sound_features`), which brings them to one rate and one loudness and leaves
out silence at their ends. Then everything that is measured of pictures is measured of them, in features learned from
the user's own clips: `frechet`, `kernel`, `precision`, `recall`, `density`, `coverage`, `c2st`; with labels
`inception`, `label_kl` and `agreement`; with a holdout `membership_auc`. Their floor is what noise with the same mean
spectrogram gets, their ceiling what real clips get against other real ones. Beside them stand

- `copies`: as for pictures, but by the distance between the spectrograms themselves,
- `bins`: the share of the data's regions that get too many or too few fakes (see `bins`),
- `tstr`: how often a classifier that was trained on the fakes alone is right about real clips; its ceiling is the
  classifier that was trained on the real ones, its floor guessing,
- `log_spectral`: the distance between the mean spectra of both sides in decibels, over all frequencies alike,
- the shares of fakes with signs of failure, and `clean`, that of fakes without any (see `sound_signs`).

No score but the last kind hears phase: a metallic voice has a perfect spectrogram. Listen, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.bins import Bins, bins_score
from contrafact.metrics.features import Features, learned_features, pixel_features
from contrafact.metrics.inputs import at_most, halves
from contrafact.metrics.pictures import MOST, picture_scores, pixel_noise, share_of_copies
from contrafact.metrics.sound_features import DEEPEST, Hearing, as_clips, log_mel, named_for_sound, spectra
from contrafact.metrics.sound_signs import sign_scores
from contrafact.metrics.spread import DRAWS, percentiles, share


def sound_scores(real: Data, fake: Data, holdout: Data | None = None, seed: int = 0) -> dict[str, Score]:
    """Score generated clips against the clips that a model was trained on.

    Arguments:
        real: The training clips, with labels or without.
        fake: Generated clips; with labels where they were asked for.
        holdout: Real clips kept away from training: a better ceiling, a fair test of `tstr`, a test of membership.
        seed: Seed of every choice; not of the features, so that figures of several runs can be compared.
    """
    given = {"real": real, "fake": fake} | ({} if holdout is None else {"held-out": holdout})
    clips, rate = as_clips(real)
    hearing = Hearing.of(clips, rate)
    seen = {name: log_mel(side, hearing) for name, side in given.items()}
    features = learned_features(seen["real"])
    scores = picture_scores(seen["real"], seen["fake"], seen.get("held-out"), seed=seed, features=features)
    told = named_for_sound(features).name
    scores = {name: replace(score, features=told) for name, score in scores.items()}
    scores["copies"] = _copies(seen, seed)
    scores["bins"] = _bins(seen, seed)
    if (usefulness := _useful(features, seen)) is not None:
        scores["tstr"] = usefulness
    scores["log_spectral"] = log_spectral(given, hearing, seed)
    return scores | sign_scores(real, fake)


def _copies(seen: dict[str, Data], seed: int) -> Score:
    """Find the share of fakes whose spectrogram lies far nearer to one training clip than to any other real one."""
    pixels = pixel_features(seen["real"])
    sides = {name: pixels.see(side, at_most(np.arange(len(side)), MOST, seed, name)) for name, side in seen.items()}
    return replace(share_of_copies(pixels, seen["real"].items, sides, seed), features="")


def _rows(pictures: Any, seed: int = 0, purpose: str = "") -> np.ndarray:
    flat = np.asarray(pictures).reshape(len(pictures), -1)
    return at_most(flat, MOST, seed, purpose).astype(np.float64) / 255


def _bins(seen: dict[str, Data], seed: int) -> Score:
    """Count different bins, with what noise and other real clips get as floor and ceiling."""
    real, fake = (_rows(seen[name].items, seed, name) for name in ("real", "fake"))
    cut = Bins.of(real, seed, len(fake))
    noise = np.concatenate([_rows(block) for block in pixel_noise(seen["real"].items, len(fake), seed)])
    one, other = (real, _rows(seen["held-out"].items)) if "held-out" in seen else halves(real, seed)
    floor, ceiling = (bins_score(cut, *sides, seed).value for sides in ((real, noise), (one, other)))
    return replace(bins_score(cut, real, fake, seed), floor=floor, ceiling=ceiling)


def _useful(features: Features, seen: dict[str, Data]) -> Score | None:
    """Train on fakes and test on real clips; nothing where either side lacks classes."""
    fake, test = seen["fake"], seen.get("held-out", seen["real"])
    if not features.classes or fake.labels is None or test.labels is None:
        return None
    learned = learned_features(fake)
    if not learned.classes:
        return None
    true = np.array([str(label) for label in test.labels])
    right = np.array(learned.classes)[learned.see(test.items).classes] == true
    ceiling = features.facts.get("held_out_accuracy")
    if "held-out" in seen:
        ceiling = float((np.array(features.classes)[features.see(test.items).classes] == true).mean())
    floor = float(np.unique(true, return_counts=True)[1].max() / len(true))
    return replace(share("tstr", right, n=len(fake), ceiling=ceiling), floor=floor)


def log_spectral(sides: dict[str, Data], hearing: Hearing, seed: int = 0) -> Score:
    """Measure the root mean square difference of two mean spectra in decibels.

    The spectrum of each clip counts the same, however loud or long it is; 60 decibels below the loudest frequency
    nothing is told apart any more. The floor is what white noise gets.

    Arguments:
        sides: real, fake and maybe held-out clips.
        hearing: How clips are heard.
        seed: Seeds the interval, the halves and the noise.
    """
    each = {name: mean_spectra(side, hearing) for name, side in sides.items()}
    real, fake = each["real"], each["fake"]
    one, other = (real, each["held-out"]) if "held-out" in each else halves(real, seed)
    noise = mean_spectra(_white(sides["fake"], seed), hearing)
    weights = generator(seed, "log spectral").multinomial(len(fake), np.full(len(fake), 1 / len(fake)), size=DRAWS)
    value = float(_apart(fake.mean(0), real.mean(0)))
    low, high = percentiles(value, _apart(weights @ fake / len(fake), real.mean(0)))
    return Score(
        name="log_spectral",
        value=value,
        low=max(low, 0.0),
        high=high,
        n=len(fake),
        better="lower",
        floor=float(_apart(noise.mean(0), real.mean(0))),
        ceiling=float(_apart(other.mean(0), one.mean(0))),
    )


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    levels = [10 * np.log10(np.maximum(s, s.max(-1, keepdims=True) * 10 ** (-DEEPEST / 10))) for s in (one, other)]
    return np.asarray(np.sqrt(((levels[0] - levels[1]) ** 2).mean(-1)))


def mean_spectra(data: Data, hearing: Hearing) -> np.ndarray:
    """Give each clip's mean spectrum, with a sum of 1; an even one for a clip that is silent."""
    clips, _ = as_clips(data, hearing.rate)
    return np.stack([_mean_spectrum(clip, hearing.window) for clip in clips])


def _mean_spectrum(clip: np.ndarray, window: int) -> np.ndarray:
    padded = np.pad(clip, (0, max(window - len(clip), 0)))
    power = spectra(padded, window, window // 2).mean(0, dtype=np.float64)
    whole = float(power.sum())
    return power / whole if whole > 0 else np.full(len(power), 1 / len(power))


def _white(data: Data, seed: int) -> Data:
    """Make as many clips of white noise as there are, as long as they are."""
    draw = generator(seed, "white noise")
    items = [draw.standard_normal(len(clip)).astype(np.float32) / 4 for clip in data.items]
    return replace(data, items=items, labels=None)
