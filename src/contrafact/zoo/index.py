"""The index of methods: a line for each, read without torch; each method is the file of its name.

Adding a method is writing its file and its line here; deleting it is deleting both.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from contrafact.base.errors import UsageError, did_you_mean


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One method.

    Arguments:
        name: The file's name, `r3gan`.
        recipe: The recipe's class, `R3GAN`.
        line: What it is, in one line.
        paper: Where it comes from.
        year: When.
        kinds: Kinds of data that it fits.
        abilities: What its model can do, beside `save`.
    """

    name: str
    recipe: str
    line: str
    paper: str
    year: int
    kinds: tuple[str, ...]
    abilities: tuple[str, ...]


SCORES = Path(__file__).with_name("scores.json")
_VECTORS = ("vectors", "pictures", "table")
_ADVERSARIAL = ("sample", "critic", "refine")

INDEX: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            name="bernoulli",
            recipe="Bernoulli",
            line="Independent yes/no columns: a share for each.",
            paper="J. Bernoulli, Ars Conjectandi",
            year=1713,
            kinds=_VECTORS,
            abilities=("sample", "log_prob"),
        ),
        Entry(
            name="gaussian",
            recipe="GaussianMixture",
            line="One Gaussian, or a mixture of them fitted by EM.",
            paper="Dempster, Laird and Rubin, Maximum likelihood from incomplete data via the EM algorithm",
            year=1977,
            kinds=_VECTORS,
            abilities=("sample", "log_prob", "impute"),
        ),
        Entry(
            name="shuttle",
            recipe="Shuttle",
            line="One model of series: draws them, goes on, fills gaps, takes conditions; the default.",
            paper="Uria, Murray and Larochelle, A deep and tractable density estimator",
            year=2014,
            kinds=("series",),
            abilities=("sample", "impute", "forecast"),
        ),
        Entry(
            name="timegan",
            recipe="TimeGAN",
            line="Series from a learned space, judged by a critic, with a supervisor that knows the next step.",
            paper="Yoon, Jarrett and van der Schaar, Time-series generative adversarial networks",
            year=2019,
            kinds=("series",),
            abilities=("sample",),
        ),
        Entry(
            name="hmm",
            recipe="HMM",
            line="Series from a few hidden states, fitted by EM.",
            paper="Rabiner, A tutorial on hidden Markov models and selected applications in speech recognition",
            year=1989,
            kinds=("series",),
            abilities=("sample", "log_prob", "impute", "forecast"),
        ),
        Entry(
            name="var",
            recipe="VAR",
            line="Each step of a series a straight function of the last ones, and Gaussian noise.",
            paper="Sims, Macroeconomics and reality",
            year=1980,
            kinds=("series",),
            abilities=("sample", "impute", "forecast"),
        ),
        Entry(
            name="seasonal",
            recipe="SeasonalNaive",
            line="The last cycle of a series again, with its usual errors; the model KEEPS training steps.",
            paper="Hyndman and Athanasopoulos, Forecasting: principles and practice",
            year=2021,
            kinds=("series",),
            abilities=("sample", "impute", "forecast"),
        ),
        Entry(
            name="markov",
            recipe="Markov",
            line="The next symbol from the last k, with Witten-Bell smoothing.",
            paper="Witten and Bell, The zero-frequency problem",
            year=1991,
            kinds=("text",),
            abilities=("sample", "log_prob"),
        ),
        Entry(
            name="lstm",
            recipe="LSTM",
            line="Lines by likelihood, the next symbol from all before it; the baseline of adversarial text.",
            paper="Hochreiter and Schmidhuber, Long short-term memory",
            year=1997,
            kinds=("text",),
            abilities=("sample", "log_prob"),
        ),
        Entry(
            name="seqgan",
            recipe="SeqGAN",
            line="Lines by a policy gradient with roll-outs, once the critic tells held-out lines from drawn ones.",
            paper="Yu et al., SeqGAN: sequence generative adversarial nets with policy gradient",
            year=2017,
            kinds=("text",),
            abilities=("log_prob", *_ADVERSARIAL),
        ),
        Entry(
            name="scratchgan",
            recipe="ScratchGAN",
            line="Lines without a likelihood start: a critic rewards every symbol that might come next.",
            paper="de Masson d'Autume et al., Training language GANs from scratch",
            year=2019,
            kinds=("text",),
            abilities=("log_prob", *_ADVERSARIAL),
        ),
        Entry(
            name="relgan",
            recipe="RelGAN",
            line="Lines through softened draws, with a memory that attends to itself and a critic of many views.",
            paper="Nie, Narodytska and Patel, RelGAN: relational generative adversarial networks for text generation",
            year=2019,
            kinds=("text",),
            abilities=("log_prob", *_ADVERSARIAL),
        ),
        Entry(
            name="rewriter",
            recipe="Rewriter",
            line="A line from a line, by attention and copying, then against a critic of pairs.",
            paper="See, Liu and Manning, Get to the point: summarization with pointer-generator networks",
            year=2017,
            kinds=("text pairs", "text"),
            abilities=("translate",),
        ),
        Entry(
            name="gan",
            recipe="GAN",
            line="The first one: minimax or non-saturating, critic and generator in turn.",
            paper="Goodfellow et al., Generative adversarial nets",
            year=2014,
            kinds=_VECTORS,
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="cgan",
            recipe="CGAN",
            line="Pictures of a class or of a short caption, judged by projection on the condition.",
            paper="Mirza and Osindero, Conditional generative adversarial nets",
            year=2014,
            kinds=("pictures",),
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="dcgan",
            recipe="DCGAN",
            line="The classic of convolutions: transposed in the generator, strided in the critic, batch norm in both.",
            paper="Radford, Metz and Chintala, Unsupervised representation learning with deep convolutional GANs",
            year=2016,
            kinds=("pictures",),
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="fgan",
            recipe="FGAN",
            line="Any f-divergence: Kullback and Leibler's either way, Pearson's, Hellinger's, total variation.",
            paper="Nowozin, Cseke and Tomioka, f-GAN: training generative neural samplers",
            year=2016,
            kinds=_VECTORS,
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="lsgan",
            recipe="LSGAN",
            line="Least squares in place of logarithms.",
            paper="Mao et al., Least squares generative adversarial networks",
            year=2017,
            kinds=_VECTORS,
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="wgan_gp",
            recipe="WGANGP",
            line="Wasserstein distance with a gradient penalty.",
            paper="Gulrajani et al., Improved training of Wasserstein GANs",
            year=2017,
            kinds=_VECTORS,
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="sngan",
            recipe="SNGAN",
            line="Hinge loss with spectrally normalised critic layers.",
            paper="Miyato et al., Spectral normalization for generative adversarial networks",
            year=2018,
            kinds=_VECTORS,
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="r3gan",
            recipe="R3GAN",
            line="Relativistic pairing with R1 and R2 penalties: the default.",
            paper="Huang et al., The GAN is dead; long live the GAN! A modern baseline GAN",
            year=2024,
            kinds=_VECTORS,
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="wavegan",
            recipe="WaveGAN",
            line="Sound sample by sample: one-dimensional convolutions with phase shuffle.",
            paper="Donahue, McAuley and Puckette, Adversarial audio synthesis",
            year=2019,
            kinds=("sound",),
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="specgan",
            recipe="SpecGAN",
            line="Sound as pictures of its spectrum, by class, and phases that fit: the default for clips.",
            paper="Donahue, McAuley and Puckette, Adversarial audio synthesis",
            year=2019,
            kinds=("sound",),
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="istftgan",
            recipe="ISTFTGAN",
            line="Sound from frames with phases of their own, judged as wave and as spectrum.",
            paper="After Siuzdak, Vocos, and Huang et al., The GAN is dead; long live the GAN!",
            year=2024,
            kinds=("sound",),
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="acgan",
            recipe="ACGAN",
            line="The critic also names the class.",
            paper="Odena, Olah and Shlens, Conditional image synthesis with auxiliary classifier GANs",
            year=2017,
            kinds=("pictures",),
            abilities=_ADVERSARIAL,
        ),
        Entry(
            name="infogan",
            recipe="InfoGAN",
            line="Codes that a picture gives back: finds kinds and traits without labels.",
            paper="Chen et al., InfoGAN: interpretable representation learning by information maximizing GANs",
            year=2016,
            kinds=("pictures",),
            abilities=(*_ADVERSARIAL, "encode"),
        ),
        Entry(
            name="vaegan",
            recipe="VAEGAN",
            line="An autoencoder with a critic: encode, reconstruct, draw.",
            paper="Larsen et al., Autoencoding beyond pixels using a learned similarity metric",
            year=2016,
            kinds=("pictures",),
            abilities=(*_ADVERSARIAL, "encode"),
        ),
        Entry(
            name="causalgan",
            recipe="CausalGAN",
            line="Pictures, sound or text that follow from attributes with a causal graph: see, do, imagine.",
            paper="Kocaoglu et al., CausalGAN: learning causal implicit generative models with adversarial training",
            year=2018,
            kinds=("pictures", "sound", "text"),
            abilities=("sample", "do", "counterfactual"),
        ),
        Entry(
            name="unet",
            recipe="UNet",
            line="Picture to mask or picture, told the truth pixel by pixel: the plain baseline.",
            paper="Ronneberger, Fischer and Brox, U-Net: convolutional networks for biomedical image segmentation",
            year=2015,
            kinds=("pairs",),
            abilities=("translate",),
        ),
        Entry(
            name="pix2pix",
            recipe="Pix2Pix",
            line="A U-Net that must also convince a critic of patches: masks and pictures from pictures.",
            paper="Isola et al., Image-to-image translation with conditional adversarial networks",
            year=2017,
            kinds=("pairs",),
            abilities=("translate",),
        ),
        Entry(
            name="inpaint",
            recipe="Inpaint",
            line="Fills any hole in a picture, in as many ways as there are.",
            paper="Pathak et al., Context encoders: feature learning by inpainting",
            year=2016,
            kinds=("pictures",),
            abilities=("sample", "inpaint"),
        ),
        Entry(
            name="cyclegan",
            recipe="CycleGAN",
            line="Translates between two kinds of pictures without pairs; the two classes are the kinds.",
            paper="Zhu et al., Unpaired image-to-image translation using cycle-consistent adversarial networks",
            year=2017,
            kinds=("pictures",),
            abilities=("translate",),
        ),
        Entry(
            name="independent",
            recipe="Independent",
            line="Every column of a table drawn alone: the floor under every model of tables.",
            paper="Chow and Liu, Approximating discrete probability distributions with dependence trees",
            year=1968,
            kinds=("table",),
            abilities=("sample", "log_prob"),
        ),
        Entry(
            name="discrete",
            recipe="Discrete",
            line="A causal graph over few levels, hidden causes and all, by response types: do, what would have been.",
            paper="Balke and Pearl, Counterfactual probabilities: computational methods, bounds and applications",
            year=1994,
            kinds=("table",),
            abilities=("sample", "log_prob", "do", "counterfactual"),
        ),
        Entry(
            name="copula",
            recipe="Copula",
            line="The columns' own laws, joined by one correlation for each pair of columns.",
            paper="Hoff, Extending the rank likelihood for semiparametric copula estimation",
            year=2007,
            kinds=("table",),
            abilities=("sample",),
        ),
        Entry(
            name="smote",
            recipe="SMOTE",
            line="New rows on the line between neighbours of one class; the model KEEPS the training rows.",
            paper="Chawla et al., SMOTE: synthetic minority over-sampling technique",
            year=2002,
            kinds=("table",),
            abilities=("sample",),
        ),
        Entry(
            name="fill",
            recipe="Fill",
            line="One value for the holes of a column; rule: mean, median, most_frequent, minimum or maximum.",
            paper="Little and Rubin, Statistical Analysis with Missing Data",
            year=1987,
            kinds=("table",),
            abilities=("impute",),
        ),
        Entry(
            name="interpolate",
            recipe="Interpolate",
            line="Holes from the rows before and after along an order, by lines or polynomials.",
            paper="de Boor, A Practical Guide to Splines",
            year=1978,
            kinds=("table",),
            abilities=("impute",),
        ),
        Entry(
            name="ice",
            recipe="ICE",
            line="Holes by ridge regressions of each column on the others, in rounds (MICE).",
            paper="van Buuren and Groothuis-Oudshoorn, mice: multivariate imputation by chained equations in R",
            year=2011,
            kinds=("table",),
            abilities=("impute",),
        ),
        Entry(
            name="forest",
            recipe="Forest",
            line="Holes by boosted trees for each column on the others, in rounds (needs the extra trees).",
            paper="Stekhoven and Bühlmann, MissForest: non-parametric missing value imputation for mixed-type data",
            year=2012,
            kinds=("table",),
            abilities=("impute",),
        ),
        Entry(
            name="ctgan",
            recipe="CTGAN",
            line="Tables by modes and one-hots, under a condition on one column, sampled so that rare levels are seen.",
            paper="Xu et al., Modeling tabular data using conditional GAN",
            year=2019,
            kinds=("table",),
            abilities=("sample",),
        ),
        Entry(
            name="gain",
            recipe="GAIN",
            line="Fills holes: a critic must tell filled cells from known ones, and is given hints.",
            paper="Yoon, Jordon and van der Schaar, GAIN: missing data imputation using generative adversarial nets",
            year=2018,
            kinds=("table",),
            abilities=("impute",),
        ),
        Entry(
            name="metalearner",
            recipe="MetaLearner",
            line="What a treatment does to each row, by regressions in five ways, weighed on unseen rows: the default.",
            paper="Künzel, Sekhon, Bickel and Yu, Metalearners for estimating heterogeneous treatment effects",
            year=2019,
            kinds=("table",),
            abilities=("effect",),
        ),
        Entry(
            name="tarnet",
            recipe="TARNet",
            line="What a treatment does to each row: one network with a head for each arm.",
            paper="Shalit, Johansson and Sontag, Estimating individual treatment effect: bounds and algorithms",
            year=2017,
            kinds=("table",),
            abilities=("effect",),
        ),
        Entry(
            name="cfr",
            recipe="CFR",
            line="TARNet whose picture of the treated an adversary cannot tell from that of the untreated.",
            paper="Shalit, Johansson and Sontag, Estimating individual treatment effect: bounds and algorithms",
            year=2017,
            kinds=("table",),
            abilities=("effect",),
        ),
        Entry(
            name="ganite",
            recipe="GANITE",
            line="Two games: outcomes of the other arms are filled in, then effects of new rows are learned.",
            paper="Yoon, Jordon and van der Schaar, GANITE: individualized treatment effects using GANs",
            year=2018,
            kinds=("table",),
            abilities=("effect",),
        ),
        Entry(
            name="loom",
            recipe="Loom",
            line="One network of any order for a table: draws, conditions, fills and judges rows; the default.",
            paper="Uria, Murray and Larochelle, A deep and tractable density estimator",
            year=2014,
            kinds=("table",),
            abilities=("sample", "log_prob", "impute"),
        ),
        Entry(
            name="scm",
            recipe="SCM",
            line="A mechanism for each node of a causal graph, by likelihood: draws, sets, and imagines the same rows.",
            paper="Pearl, Causality: models, reasoning and inference",
            year=2009,
            kinds=("table",),
            abilities=("sample", "log_prob", "do", "counterfactual"),
        ),
        Entry(
            name="ncm",
            recipe="NCM",
            line="A mechanism for each node of a graph, against a critic; bounds where the graph settles nothing.",
            paper="Xia, Pan and Bareinboim, Neural causal models for counterfactual identification and estimation",
            year=2023,
            kinds=("table",),
            abilities=("sample", "do", "counterfactual"),
        ),
        Entry(
            name="sam",
            recipe="SAM",
            line="Arrows between columns: mechanisms behind gates that must convince one critic; runs agree or not.",
            paper="Kalainathan et al., Structural agnostic modeling: adversarial learning of causal graphs",
            year=2022,
            kinds=("table",),
            abilities=("edges",),
        ),
        Entry(
            name="dagma",
            recipe="DAGMA",
            line="Arrows between columns by regressions under a log-determinant that forbids cycles.",
            paper="Bello, Aragam and Ravikumar, DAGMA: learning DAGs via M-matrices and a log-determinant acyclicity",
            year=2022,
            kinds=("table",),
            abilities=("edges",),
        ),
    )
}


def find(name: str) -> Entry:
    """Find a method by its file's or its recipe's name.

    Raises:
        UsageError: There is none; the nearest names are given.
    """
    wanted = name.lower()
    for entry in INDEX.values():
        if wanted in (entry.name, entry.recipe.lower()):
            return entry
    raise UsageError(
        f"There is no method '{name}'.", why=did_you_mean(name, INDEX), fix="List them all: contrafact zoo", code="E103"
    )


def boards() -> list[dict[str, Any]]:
    """Read the leaderboards that were measured for this release: `name`, `about`, `columns` and `rows` of each."""
    if not SCORES.exists():
        return []
    read: list[dict[str, Any]] = json.loads(SCORES.read_text(encoding="utf-8"))
    return read


def module(name: str) -> ModuleType:
    """Import a method's file; only names in the index are ever imported."""
    return importlib.import_module(f"contrafact.zoo.{find(name).name}")


def recipe(name: str) -> Any:
    """Give a method's recipe class."""
    return getattr(module(name), find(name).recipe)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A recipe's field as its own file states it."""

    name: str
    type: str
    default: str
    meaning: str


def settings_of(name: str) -> list[Setting]:
    """Read a method's settings from its source: names, types, defaults and the comments behind them; no torch.

    Arguments:
        name: A method's name.
    """
    import ast
    from pathlib import Path

    entry = find(name)
    source = (Path(__file__).parent / f"{entry.name}.py").read_text(encoding="utf-8")
    lines = source.splitlines()
    body = next(n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == entry.recipe).body
    return [
        Setting(
            name=node.target.id,
            type=ast.unparse(node.annotation),
            default="" if node.value is None else ast.unparse(node.value),
            meaning=lines[(node.end_lineno or node.lineno) - 1].partition("  # ")[2],
        )
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
