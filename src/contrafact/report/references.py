"""What pages of causal answers cite."""

from __future__ import annotations

import re
from collections.abc import Iterable

from contrafact.base.effects import Effect
from contrafact.report.markup import Html, element
from contrafact.report.page import Section, section

REFERENCES = {
    "pearl2009": "@book{pearl2009,\n  author = {Pearl, Judea},\n  title = {Causality},\n  edition = {2},\n"
    "  publisher = {Cambridge University Press},\n  year = {2009}\n}",
    "robins1994": "@article{robins1994,\n  author = {Robins, James M. and Rotnitzky, Andrea and Zhao, Lue Ping},\n"
    "  title = {Estimation of Regression Coefficients When Some Regressors Are Not Always Observed},\n"
    "  journal = {Journal of the American Statistical Association},\n  volume = {89},\n  pages = {846--866},\n"
    "  year = {1994}\n}",
    "chernozhukov2018": "@article{chernozhukov2018,\n  author = {Chernozhukov, Victor and Chetverikov, Denis and "
    "Demirer, Mert and Duflo, Esther and Hansen, Christian and Newey, Whitney and Robins, James},\n"
    "  title = {Double/Debiased Machine Learning for Treatment and Structural Parameters},\n"
    "  journal = {The Econometrics Journal},\n  volume = {21},\n  pages = {C1--C68},\n  year = {2018}\n}",
    "robinson1988": "@article{robinson1988,\n  author = {Robinson, Peter M.},\n"
    "  title = {Root-N-Consistent Semiparametric Regression},\n  journal = {Econometrica},\n  volume = {56},\n"
    "  pages = {931--954},\n  year = {1988}\n}",
    "fulcher2020": "@article{fulcher2020,\n  author = {Fulcher, Isabel R. and Shpitser, Ilya and Marealle, Stella and "
    "Tchetgen Tchetgen, Eric J.},\n  title = {Robust Inference on Population Indirect Causal Effects: "
    "The Generalized Front Door Criterion},\n"
    "  journal = {Journal of the Royal Statistical Society B},\n  volume = {82},\n  pages = {199--214},\n"
    "  year = {2020}\n}",
    "imbens1994": "@article{imbens1994,\n  author = {Imbens, Guido W. and Angrist, Joshua D.},\n"
    "  title = {Identification and Estimation of Local Average Treatment Effects},\n  journal = {Econometrica},\n"
    "  volume = {62},\n  pages = {467--475},\n  year = {1994}\n}",
    "cinelli2020": "@article{cinelli2020,\n  author = {Cinelli, Carlos and Hazlett, Chad},\n"
    "  title = {Making Sense of Sensitivity: Extending Omitted Variable Bias},\n"
    "  journal = {Journal of the Royal Statistical Society B},\n  volume = {82},\n  pages = {39--67},\n"
    "  year = {2020}\n}",
    "vanderweele2017": "@article{vanderweele2017,\n  author = {VanderWeele, Tyler J. and Ding, Peng},\n"
    "  title = {Sensitivity Analysis in Observational Research: Introducing the {E}-Value},\n"
    "  journal = {Annals of Internal Medicine},\n  volume = {167},\n  pages = {268--274},\n  year = {2017}\n}",
    "athey2021": "@article{athey2021,\n  author = {Athey, Susan and Wager, Stefan},\n"
    "  title = {Policy Learning With Observational Data},\n  journal = {Econometrica},\n  volume = {89},\n"
    "  pages = {133--161},\n  year = {2021}\n}",
    "balke1994": "@inproceedings{balke1994,\n  author = {Balke, Alexander and Pearl, Judea},\n"
    "  title = {Counterfactual Probabilities: Computational Methods, Bounds and Applications},\n"
    "  booktitle = {Uncertainty in Artificial Intelligence},\n  year = {1994}\n}",
    "oberst2019": "@inproceedings{oberst2019,\n  author = {Oberst, Michael and Sontag, David},\n"
    "  title = {Counterfactual Off-Policy Evaluation with Gumbel-Max Structural Causal Models},\n"
    "  booktitle = {International Conference on Machine Learning},\n  year = {2019}\n}",
    "xia2021": "@inproceedings{xia2021,\n  author = {Xia, Kevin and Lee, Kai-Zhan and Bengio, Yoshua and "
    "Bareinboim, Elias},\n  title = {The Causal-Neural Connection: Expressiveness, Learnability, and Inference},\n"
    "  booktitle = {Advances in Neural Information Processing Systems},\n  year = {2021}\n}",
}
_BY_ESTIMATOR = {
    "aipw": ("robins1994", "chernozhukov2018"),
    "partially linear": ("robinson1988", "chernozhukov2018"),
    "front-door aipw": ("fulcher2020",),
    "wald": ("imbens1994",),
    "2sls": ("imbens1994",),
}


def cited(key: str) -> str:
    """Write a reference as it stands in a text.

    >>> cited("pearl2009"), cited("imbens1994"), cited("robins1994")
    ('(Pearl, 2009)', '(Imbens and Angrist, 1994)', '(Robins et al., 1994)')
    """
    found = re.search(r"author = \{(.*)\}", REFERENCES[key])
    assert found is not None
    names = [author.split(",")[0] for author in found[1].split(" and ")]
    told = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return f"({told}, {key[-4:]})"


def to_copy(text: str, keys: Iterable[str]) -> Section:
    """Write the part of a page with a paragraph for a methods section, and the BibTeX of what it cites.

    Arguments:
        text: The paragraph.
        keys: The references.
    """
    entries = "\n\n".join(REFERENCES[key] for key in dict.fromkeys(keys))
    bibtex = Html("<pre>" + "\n".join(str(element("span", line)) for line in entries.split("\n")) + "</pre>")
    return section("Methods, to copy", element("p", text), element("h3", "BibTeX"), bibtex)


def references_for(effect: Effect, challenged: bool) -> tuple[str, ...]:
    """Name what the methods text of an effect cites, and what challenges rest on."""
    more = ("cinelli2020", "vanderweele2017") if challenged and effect.strategy == "adjustment" else ()
    return ("pearl2009", *_BY_ESTIMATOR.get(effect.estimator, ()), *more)
