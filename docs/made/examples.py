"""Short examples of names whose docstrings have none; the tests run each as it stands."""

EXAMPLES = {
    "read": """
import contrafact

patients = contrafact.read("patients")  # a demo set; a path works alike
print(patients.shape, list(patients.columns))
""",
    "load": """
import contrafact

contrafact.zoo.Copula().fit(contrafact.read("patients"), seed=0).save("patients-model")
again = contrafact.load("patients-model")
print(again.sample(3, seed=1))
""",
    "judge": """
import contrafact

ring = contrafact.read("ring").take(range(500))
fakes = contrafact.zoo.GaussianMixture(components=8).fit(ring, seed=0).sample(300, seed=1)
report = contrafact.judge(ring, fakes)
print(report.scores["coverage"])  # value, interval, floor, ceiling
""",
    "synth": """
import contrafact

result = contrafact.synth(contrafact.read("patients").head(300), n=200, method="copula", seed=0)
print(result.verdict)
print(result.scores["shapes"], len(result.data))
""",
    "impute": """
import contrafact

patients = contrafact.read("patients")
result = contrafact.impute(patients, method="ice", seed=0)
print(patients.isna().sum().sum(), "holes before,", result.data.isna().sum().sum(), "after.", result.verdict)
""",
    "augment": """
import contrafact
from sklearn.datasets import load_wine

wine = load_wine(as_frame=True).frame
result = contrafact.augment(wine, target="target", n=50, method="smote", check="off", seed=0)
print(result.data["_source"].value_counts())
""",
    "balance": """
import contrafact
from sklearn.datasets import load_wine

wine = load_wine(as_frame=True).frame.query("target < 2")
result = contrafact.balance(wine, target="target", method="smote", check="off", seed=0)
print(result.data["target"].value_counts())
""",
    "cate": """
import contrafact
import numpy as np

chance = np.random.default_rng(0)
rows = chance.normal(size=(200, 2))
treated = chance.integers(0, 2, size=200)
outcome = rows[:, 0] + treated * (1 + rows[:, 1]) + chance.normal(size=200)
model = contrafact.cate(rows, treated, outcome, method="t", seed=0)
print(model.effect(rows[:3]), model.ate())
""",
    "discover": """
import contrafact
import numpy as np
import pandas as pd

chance = np.random.default_rng(0)
dose = chance.normal(size=300)
frame = pd.DataFrame({"dose": dose, "response": np.tanh(2 * dose) + 0.3 * chance.normal(size=300)})
print(contrafact.discover(frame, method="dagma", seed=0, bootstrap=2))
""",
    "recipe.fit": """
import contrafact

recipe = contrafact.zoo.GAN(steps=50, r1=0.1)
model = recipe.fit(contrafact.read("ring"), seed=0)
print(recipe.but(r1=1).settings()["r1"], model.sample(4, seed=1)[0])
""",
    "ContrafactError": """
import contrafact

try:
    contrafact.zoo.GAN(stepz=50)
except TypeError as error:
    print(error)
try:
    contrafact.zoo.GAN(steps=-1)
except contrafact.ContrafactError as error:
    print(error.code, error.what, error.fix)
""",
    "sklearn.Imputer": """
import contrafact
from contrafact.sklearn import Imputer

patients = contrafact.read("patients")
print(Imputer(method="ice", random_state=0).fit_transform(patients).isna().sum().sum())
""",
    "sklearn.Balancer": """
from contrafact.sklearn import Balancer
from sklearn.datasets import load_wine

wine = load_wine(as_frame=True)
few = wine.target < 2
rows, classes = Balancer(method="smote", random_state=0).fit_resample(wine.data[few], wine.target[few])
print(classes.value_counts())
""",
    "sklearn.Synthesizer": """
import contrafact
from contrafact.sklearn import Synthesizer

drawn = Synthesizer(method="copula", random_state=0).fit(contrafact.read("patients")).sample(5)
print(drawn)
""",
    "metrics.frechet": """
import numpy as np
from contrafact import metrics

chance = np.random.default_rng(0)
print(metrics.frechet(chance.normal(size=(500, 4)), chance.normal(0.5, 1, size=(500, 4))))
""",
    "metrics.bleu": """
from contrafact import metrics

real = [line.split() for line in ("Dm7 G7 Cmaj7", "Dm7 G7 Em7 A7")]
print(metrics.bleu([["Dm7", "G7", "A7"]], real)[2])
""",
}
