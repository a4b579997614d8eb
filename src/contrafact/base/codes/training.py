"""What the doctor says of a training."""

from __future__ import annotations

ROWS = (
    (
        "D201",
        "Numbers became infinite or not a number",
        "Too high a learning rate, or a penalty that is too strong.",
        "The names of the numbers that are not finite.",
        "The training goes back to the last good state and halves the rates, three times at most; then it stops.",
    ),
    (
        "D202",
        "A gradient exploded",
        "Too high a learning rate, often with no gradient penalty.",
        "The gradient against its usual size.",
        "The training goes back to the last good state and halves the rates, three times at most; then it stops.",
    ),
    (
        "D210",
        "Too little variety (mode collapse)",
        "The generator fools the critic with a few kinds of items, and the critic forgets the others.",
        "The share of regions of held-out data that get fakes, the spread of fakes, coverage over time.",
        "Use r3gan; or add r1 and r2, or instance noise; contrafact compare shows what each does.",
    ),
    (
        "D211",
        "The critic is too strong",
        "It tells nearly every fake from a real row, so that its opinion teaches little.",
        "The share of pairs that it ranks right, and a held-out score under .4.",
        "Add r1 or instance noise, lower the rate, or make fewer critic steps.",
    ),
    (
        "D212",
        "The generator's gradient has vanished",
        "With the minimax loss a sure critic gives no slope to follow.",
        "The gradient against the largest so far, and the critic's wins.",
        "Use the non-saturating or the relativistic loss, or instance noise.",
    ),
    (
        "D220",
        "A plateau",
        "The model has learned what it can with these settings.",
        "The held-out score over the last checks and its noise.",
        "Stop. Where the number of steps was left open, the training stops by itself.",
    ),
    (
        "D230",
        "The critic knows its training data by heart",
        "The data are few for so many steps, or nothing changes them from one time to the next.",
        "How much more often the critic ranks training items above held-out ones than below, over three checks; for "
        "pictures, with what chance each augmentation is applied.",
        "Pictures: augment what the critic sees, --set augment=auto; the chance then adapts by itself. Where it is at "
        "its most, and for other data: more data, fewer steps, stronger penalties.",
    ),
    (
        "D231",
        "The generator copies training pictures",
        "The critic knows the pictures by heart and draws the generator to them.",
        "The share of fakes at most half as far from one training picture as from any other real one, or how much "
        "rarer than by chance a held-out picture is the nearest.",
        "Augment what the critic sees, make fewer steps, or give more pictures. Such fakes are no new pictures.",
    ),
    (
        "D232",
        "A checkerboard in the fakes",
        "A generator's transposed convolutions overlap unevenly, or the critic cannot see single pixels.",
        "Energy at the finest frequency against real pictures and against the frequencies beside it.",
        "Use a kernel that its stride divides, or a pixel shuffle; let the critic see single pixels; make more steps.",
    ),
    (
        "D233",
        "The colours drift",
        "The critic is blind to brightness or contrast, or the learning rates are too high to settle.",
        "How far a channel's mean or spread is from that of real pictures, beyond three standard errors.",
        "Lower the learning rates, or raise the penalties; a critic must see pixels as they are.",
    ),
    (
        "D234",
        "A dead class, or classes that are not told apart",
        "The class is rare or hardly counts, so that the generator never learned it. Where no class is told apart, the "
        "run is too short, the networks are too small, or the labels say little about the pictures.",
        "How far its fakes lie from each other against real ones, and how often they look like its class; both also "
        "for the class in the middle.",
        "Show all classes equally often: --set resample=equal; or weigh them: --set class_weights=balanced. Where none "
        "is told apart: more steps, a larger width, or no labels, --set conditional=no.",
    ),
    (
        "D240",
        "Silent fakes",
        "The generator has learned nothing but the silence between sounds, or its gradient has vanished.",
        "The share of fakes that are nowhere louder than -54 decibels of full scale, over three checks.",
        "Make more steps, or lower the rates; a critic that wins too much starves the generator.",
    ),
    (
        "D241",
        "Fakes that are one steady tone",
        "A generator that raises its rate step by step leaves tones of its own, or the critic hears one resolution "
        "alone.",
        "The share of fakes in which one frequency holds nearly all energy, or whose spectrum stands still, over three "
        "checks, and that share among real clips.",
        "Make more steps, or lower the rates; let critics of several resolutions and periods listen.",
    ),
    (
        "D242",
        "Clipped fakes",
        "The generator's last layer is driven into its ends.",
        "The share of fakes whose samples crowd at the ends of their range, over three checks, and that share among "
        "real clips.",
        "Lower the generator's rate; real clips must have a peak below 1.",
    ),
    (
        "D243",
        "Fakes that are a click in silence",
        "Early in a training, or where real clips begin or end with a sudden step.",
        "The share of fakes with nearly all energy within four milliseconds, over three checks.",
        "Make more steps; fade the ends of real clips.",
    ),
)
