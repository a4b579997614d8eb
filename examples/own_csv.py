"""Learn a table of numbers, draw rows under a condition, and fill holes: exact with a Gaussian mixture."""

import numpy as np
import pandas as pd

import contrafact

random = np.random.default_rng(0)
height = random.normal(170, 10, 500)
frame = pd.DataFrame({"height": height.round(1), "weight": (0.9 * height - 85 + random.normal(0, 8, 500)).round(1)})
model = contrafact.zoo.GaussianMixture(components=2).fit(frame, seed=0)

tall = model.sample(200, given={"height": 190.0}, seed=0)
print(f"weight at 190 cm: {tall['weight'].mean():.1f} kg on average")

holes = frame.copy()
holes.loc[::5, "weight"] = np.nan
filled = model.impute(holes)
error = (filled["weight"] - frame["weight"])[::5].abs().mean()
print(f"filled weights are {error:.1f} kg off on average")
