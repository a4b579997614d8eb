"""Two speakers who mostly say other words: what seeing a speaker tells, and what setting one does.

What it shows: anna mostly says three of the words, boris the others. Clips that are drawn for a speaker who is seen
hold that speaker's words mostly; clips for a speaker who is set hold all words as often as everybody's do, in that
voice, also those that it hardly ever said. Attributes are read from the names of the files; `causalgan` joins them to
a `specgan`.
"""

import numpy as np

from contrafact.zoo import CausalGAN
from shown import full_or_toy, spread, table
from speech_digits import EACH, SEEDS, SMALL, SPEAKERS, WORDS, Ear, record

STEPS = full_or_toy(120, 2)
NAMES = {"word": "part1", "speaker": "part2"}
LEAF = {"method": "specgan", "resample": "equal", **SMALL}
DRAWN = full_or_toy(120, 8)
USUAL = {"anna": ("ai", "ia", "oo"), "boris": ("mam", "sa", "su")}


def tied(seed):
    """Record the speakers, each mostly with his own words."""
    counts = {(word, who): EACH * 3 // 2 if word in USUAL[who] else EACH // 2 for word in WORDS for who in SPEAKERS}
    return record(counts, np.random.default_rng(seed))


def share(words, who):
    """Give the share of the words that a speaker says mostly."""
    return float(np.isin(np.asarray(words).astype(str), USUAL[who]).mean())


def study(seed):
    """Learn the clips, and draw them for each speaker, seen and set; ears tell what the clips hold."""
    data = tied(seed)
    fresh = record({(word, who): EACH for word in WORDS for who in SPEAKERS}, np.random.default_rng(100 + seed))
    word_ear, voice_ear = (Ear(fresh, fresh.attributes[part]) for part in ("part1", "part2"))
    recipe = CausalGAN(
        graph="word <-> speaker",  # who was asked for what: a cause that is not in the names
        names=NAMES,
        controller={"method": "discrete"},
        leaf=LEAF,
        steps=STEPS,
    )
    model, rows = recipe.fit(data, seed=seed), {}
    for who in SPEAKERS:
        world = model.do(speaker=who)
        seen = model.sample(DRAWN, given={"speaker": who}, seed=seed)
        made = world.sample(DRAWN, seed=seed)
        rows[who] = {
            "in the data": share(data.attributes["part1"][data.attributes["part2"] == who], who),
            "seen, as heard": share(word_ear.hear(seen), who),
            "set, as told": share(world.attributes(5000, seed=seed)["word"], who),
            "set, as heard": share(word_ear.hear(made), who),
            "word as asked": float(np.mean(word_ear.hear(made) == made.attributes["word"])),
            "voice as set": float(np.mean(voice_ear.hear(made) == who)),
        }
    return rows


def main():
    """Tell the story."""
    worlds = [study(seed) for seed in SEEDS]
    table(
        "speech_speakers-shares",
        [
            {"speaker": who, **{name: spread([each[who][name] for each in worlds]) for name in worlds[0][who]}}
            for who in SPEAKERS
        ],
    )


if __name__ == "__main__":
    main()
