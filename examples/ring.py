"""Train a GAN on the ring, watch its score, and judge it against a truth that is known."""

import os

import contrafact

steps = 100 if os.environ.get("CONTRAFACT_TOY") else None  # None: the default, most of a minute
data = contrafact.read("ring")
training = contrafact.zoo.R3GAN(steps=steps).training(data, seed=0, run_dir="ring-run")
for progress in training:
    if "score" in progress.row:
        print(f"step {progress.step:5d}  score {progress.row['score']:.3f}")
fakes = training.model.sample(2500, seed=1)
report = contrafact.judge(data, fakes)
print(report)
report.save("ring.html")
