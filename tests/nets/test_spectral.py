"""Transforms, bands and waves from magnitudes, against other libraries and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from contrafact.nets.spectral import Bands, Frames, hanging, phases, slopes, sounded


def noise(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=shape).astype(np.float32))


def sung(length: int = 2048, rate: int = 8000) -> torch.Tensor:
    """Give a tone with overtones that rises and fades."""
    time = np.arange(length) / rate
    turns = 2 * np.pi * (180 * time + 150 * time**2)
    wave = sum(np.sin(k * turns) / k for k in range(1, 8)) * np.hanning(length)
    return torch.from_numpy(wave.astype(np.float32))


def convergence(frames: Frames, wave: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((frames.spectrum(wave).abs() - wanted).norm() / wanted.norm())


@pytest.mark.parametrize(("window", "hop"), [(512, 128), (384, 128), (64, 32), (30, 7)])
@pytest.mark.parametrize("length", [1000, 1024, 7, 1])
def test_a_wave_comes_back_from_its_spectrum(window, hop, length):
    frames, waves = Frames(window, hop), noise(2, 3, length)
    spectrum = frames.spectrum(waves)
    assert spectrum.shape == (2, 3, window // 2 + 1, frames.count(length))
    torch.testing.assert_close(frames.wave(spectrum, length), waves, atol=1e-5, rtol=0)


def test_spectra_are_those_of_torch_and_of_scipy():
    frames, wave = Frames(64, 16), noise(320)
    own = frames.spectrum(wave)
    around = torch.nn.functional.pad(wave, (24, 24))
    theirs = torch.stft(around, 64, 16, window=torch.hann_window(64), center=False, return_complex=True)
    torch.testing.assert_close(own, theirs, atol=1e-4, rtol=1e-4)
    bell = scipy.signal.get_window("hann", 64)
    by_hand = np.fft.rfft(around.numpy()[16 * 5 : 16 * 5 + 64] * bell)
    np.testing.assert_allclose(own[:, 5].numpy(), by_hand, atol=1e-4)


def test_the_inverse_transform_has_gradients_of_both_orders():
    frames = Frames(16, 8)
    wave = noise(1, 64).double().requires_grad_()

    def there_and_back(x: torch.Tensor) -> torch.Tensor:
        spectrum = frames.spectrum(x)
        return frames.wave(spectrum * (spectrum.real**2 + 1), 64)

    assert torch.autograd.gradcheck(there_and_back, wave)
    assert torch.autograd.gradgradcheck(there_and_back, wave)


def test_bands_are_a_bin_wide_below_and_wider_above():
    centres = Bands(257, 64).centres
    steps = np.diff(centres)
    assert centres[0] == 0 and centres[-1] == pytest.approx(256)
    assert steps[0] == pytest.approx(1, abs=0.03) and (np.diff(steps) > 0).all() and steps[-1] > 5


def test_as_many_bands_as_bins_change_nothing():
    bands, magnitudes = Bands(33, 33), noise(2, 33, 5).abs()
    torch.testing.assert_close(bands.gathered(magnitudes), magnitudes)
    torch.testing.assert_close(bands.spread(magnitudes.log()), magnitudes.log())


def test_bands_keep_an_even_spectrum_and_what_is_between_centres_is_interpolated():
    bands = Bands(129, 20)
    torch.testing.assert_close(bands.gathered(torch.full((129, 2), 3.0)), torch.full((20, 2), 3.0))
    logs = noise(20, 1)
    by_numpy = np.interp(np.arange(129), bands.centres, logs[:, 0].numpy())
    np.testing.assert_allclose(bands.spread(logs)[:, 0].numpy(), by_numpy, atol=1e-5)


def test_slopes_tell_the_frequency_of_a_tone():
    frames, hertz = Frames(256, 64), 1010.0
    wave = torch.sin(2 * np.pi * hertz / 8000 * torch.arange(2048))
    by_frame = slopes(frames, frames.spectrum(wave).abs().numpy())[0]
    # Two bins beside the tone also swing at its frequency, not at their own.
    for place in (31, 32, 33):
        assert by_frame[place, 16] == pytest.approx(64 * 2 * np.pi * hertz / 8000, rel=0.01)


def test_each_point_hangs_on_a_neighbour_and_all_on_the_loudest():
    magnitudes = np.random.default_rng(0).random((9, 7))
    on, places = hanging(magnitudes), np.arange(63)
    root = int(magnitudes.argmax())
    moved = np.abs(on // 7 - places // 7) + np.abs(on % 7 - places % 7)
    assert on[root] == root and (np.delete(moved, root) == 1).all()
    for _ in range(63):
        places = on[places]
    assert (places == root).all()


def test_phases_of_a_tone_are_its_own_up_to_one_turn():
    frames = Frames(256, 64)
    wave = torch.sin(2 * np.pi * 1010 / 8000 * torch.arange(2048))
    spectrum = frames.spectrum(wave)
    turned = torch.from_numpy(phases(frames, spectrum.abs().numpy())) - spectrum.angle()
    loudest = turned[32, 4:28]  # away from the ends
    assert torch.cos(loudest - loudest[12]).min() > 0.95


def test_estimated_phases_begin_near_the_wave_and_projections_come_nearer():
    frames, wave = Frames(384, 128), sung()
    wanted = frames.spectrum(wave).abs()[None]
    found = [convergence(frames, sounded(frames, wanted, 2048, passes), wanted) for passes in (0, 4, 16)]
    assert found[0] < 0.15 and found[2] < found[1] < found[0] and found[2] < 0.06
    spectrum = torch.polar(wanted, 2 * np.pi * torch.rand(wanted.shape, generator=torch.Generator().manual_seed(0)))
    assert convergence(frames, frames.wave(spectrum, 2048), wanted) > 0.4


def test_silence_and_single_frames_are_made():
    frames = Frames(32, 8)
    assert not sounded(frames, torch.zeros(2, 17, 4), 32).any()
    assert torch.isfinite(sounded(frames, noise(1, 17, 1).abs(), 8)).all()


def test_clips_of_a_batch_do_not_know_of_each_other():
    frames = Frames(64, 16)
    magnitudes = frames.spectrum(noise(3, 256)).abs()
    alone = sounded(frames, magnitudes[1:2], 256)
    torch.testing.assert_close(sounded(frames, magnitudes, 256)[1:2], alone, atol=1e-4, rtol=0)
