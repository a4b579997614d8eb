"""Which leaderboards are shown, and how each is read."""

from __future__ import annotations

from made.boards import CPU, Board, Column, Row

SCORE = Column(head="AUC of trees (.5 ideal)", key="c2st_trees", lower=True)
NO_METHOD = (("most frequent", None), ("minimum", None), ("maximum", None), ("mean", "fill, means"))
HOLE_NAMES = (*NO_METHOD, ("median", None))


def hole(name: str) -> Column:
    """Give the column of the distance of fills in one kind of hole."""

    def distance(row: Row) -> float | None:
        return row["holes"][name].get("distance")

    return Column(head=name, key=distance, digits=2, lower=True)


def temperatures(row: Row) -> list[Row]:
    """Give what the oracle said of a method: of the likelihood's own lines one row for each temperature."""
    told = [(f"{row['method']}, temperature {each}", row[each]) for each in ("0.8", "0.6") if each in row]
    told += [(row["method"], row[each]) for each in ("1", "end") if each in row]
    return [{**row, **said, "method": name} for name, said in told]


def overlap(row: Row, *, union: bool) -> float:
    """Compute Dice or intersection over union from a run's counts of pixels: shared, found, true, of each picture."""
    shared, found, true = (sum(picture[0][part] for picture in row["counts"]) for part in range(3))
    return shared / (found + true - shared) if union else 2 * shared / (found + true)


VECTORS = [
    Board(
        kind="vectors",
        title=title,
        about=f"{centres} narrow clusters, defaults of every method, 100,000 rows learned, 2,500 samples judged:"
        " reverse KL over the clusters, clusters found, and the share of samples within 3 standard deviations of a"
        " centre.",
        bench="modes",
        command="make bench-modes",
        setting=name,
        columns=(
            Column(head="reverse KL", key="reverse_kl", digits=4, lower=True),
            Column(head=f"clusters of {centres}", key="modes", digits=1),
            Column(head="high quality", key="high_quality"),
            CPU,
        ),
        names=(
            ("gan minimax", "gan with loss=minimax"),
            ("gan non-saturating", "gan"),
            ("fgan kl", "fgan with divergence=kl"),
            ("fgan reverse_kl", "fgan with divergence=reverse_kl"),
        ),
    )
    for name, title, centres in (("ring", "The ring", 8), ("grid", "The grid", 25))
]
PICTURES = [
    Board(
        kind="pairs",
        title="Membranes in electron micrographs",
        about="20 pictures with masks learned, the other 10 tested; as much time for each method.",
        bench="segment",
        command="make bench-segment",
        setting=lambda name: name.startswith("isbi2012_em"),
        columns=(
            Column(head="Dice", key=lambda row: overlap(row, union=False)),
            Column(head="IoU", key=lambda row: overlap(row, union=True)),
            CPU,
        ),
    ),
    Board(
        kind="pictures",
        title="A quarter of each digit missing",
        about="MNIST; Fréchet distance of the filled pictures to real ones, by the shape of the hole. Rows that are no"
        " method are what is simpler: the mean picture, the nearest training picture, diffusion from the rim.",
        bench="inpaint",
        command="make bench-inpaint",
        setting="mnist",
        columns=(hole("centre"), hole("rectangle"), hole("strokes"), CPU),
    ),
]


TABLES = [
    Board(
        kind="table",
        title="Adult: new rows",
        about="32,561 rows of mixed columns learned, as many drawn, judged with the 16,281 test rows. Trees that learn"
        " on drawn rows are tested on real ones (TSTR).",
        bench="tables",
        command='make bench-tables ARGS="--parts adult"',
        setting="adult",
        columns=(
            SCORE,
            Column(head="pairs", key="pairs"),
            Column(head="shapes", key="shapes"),
            Column(head="TSTR AUC", key="tstr_auc"),
            Column(head="membership AUC", key="membership_auc", lower=True),
            CPU,
        ),
        names=(("ctgan, package index", None), ("shuffled", "columns shuffled"), ("holdout", "other real rows")),
    ),
    *(
        Board(
            kind="table",
            title=title,
            about="A fifth of the cells hidden at random and filled; root mean square error, each column from 0 to 1."
            ' `loom` with `learn="holes"`, as `contrafact impute` sets it.',
            bench="tables",
            command='make bench-tables ARGS="--parts holes"',
            setting=f"{name}, holes",
            columns=(Column(head="RMSE", key="rmse", digits=4, lower=True), CPU),
            names=HOLE_NAMES,
        )
        for name, title in (
            ("letter", "Letter: holes filled"),
            ("spam", "Spam: holes filled"),
            ("breast", "Breast: holes filled"),
        )
    ),
]
CAUSES = [
    Board(
        kind="table",
        title="Effects of single rows",
        about="IHDP 1 to 10, a simulated trial whose effects are known: root mean square error of the test"
        " rows' effects (PEHE), over the ten. `metalearner` as `auto` sets it.",
        bench="causal",
        command='make bench-causal ARGS="--parts cate"',
        setting=lambda name: name.startswith("ihdp "),
        columns=(
            Column(head="PEHE, median", key="pehe_test", lower=True, median=True),
            Column(head="PEHE, mean", key="pehe_test", lower=True),
            Column(head="error of the average", key="ate_test", lower=True),
            CPU,
        ),
        names=(("auto", "metalearner"), ("boosting", "boosted trees, one an arm"), ("decide", None)),
    ),
    Board(
        kind="table",
        title="Arrows between columns",
        about="20 random nonlinear graphs of 10 nodes, 500 rows each: area under precision and recall of the arrows,"
        " and the arrows that are wrong, missing or turned round (SHD) where confidence is .5 or more.",
        bench="causal",
        command='make bench-causal ARGS="--parts discovery"',
        setting="simulated",
        columns=(
            Column(head="AUPR", key="aupr"),
            Column(head="SHD", key="shd", digits=1, lower=True),
            Column(head="CPU s", key="cpu_seconds", digits=1, lower=True),
        ),
    ),
]
SOUND = [
    Board(
        kind="sound",
        title="Spoken digits",
        about="FSDD, 200 clips of each digit by each method after about as much time, judged by a classifier trained on"
        " real training clips: Fréchet distance in its features, and the share of clips recognised.",
        bench="audio",
        command='make bench-audio ARGS="--seeds 2"',
        setting=lambda name: name in ("fsdd", "fsdd, gate"),
        columns=(
            Column(head="Fréchet distance", key="frechet", digits=1, lower=True),
            Column(head="recognised", key="right"),
            Column(head="copies", key="copies"),
            CPU,
        ),
    )
]
TEXT = [
    Board(
        kind="text",
        title="Lines of an oracle",
        about="9,984 lines of 20 tokens drawn from a known law; how unlikely lines are, in nats a token. The second"
        " column alone can be bought with a lower temperature; the two together cannot.",
        bench="text",
        command='make bench-text SIZE=full ARGS="--parts oracle"',
        setting="oracle",
        columns=(
            Column(head="the oracle's lines under the method", key="test", lower=True),
            Column(head="its lines under the oracle", key="oracle", lower=True),
            CPU,
        ),
        parted=temperatures,
    ),
    Board(
        kind="text",
        title="Captions",
        about="10,000 captions learned, 10,000 drawn: how much of what is drawn is in real lines (BLEU-2 to 4, more is"
        " better), and in other drawn ones (self-BLEU, less is better).",
        bench="text",
        command='make bench-text SIZE=full ARGS="--parts captions"',
        setting="captions",
        columns=(
            Column(head="BLEU-3", key="bleu3"),
            Column(head="BLEU-2", key="bleu2"),
            Column(head="BLEU-4", key="bleu4"),
            Column(head="self-BLEU-2", key="self_bleu2", lower=True),
            CPU,
        ),
        names=(("real", "real training lines"),),
    ),
    *(
        Board(
            kind="text pairs",
            title=title,
            about="8,000 pairs learned, 1,000 unseen ones rewritten.",
            bench="text",
            command='make bench-text SIZE=full ARGS="--parts pairs"',
            setting=name,
            columns=(Column(head="exact matches", key="exact"), CPU),
        )
        for name, title in (("dates", "Dates to ISO"), ("reduced", "Captions to their rarer words"))
    ),
]
SERIES = [
    Board(
        kind="series",
        title="ETTh1: what comes next, and gaps",
        about="Seven variables by the hour, the last three tenths unseen: CRPS of the next 24 hours, root mean square"
        " error of gaps of 4 and of 12 hours, all in standard deviations.",
        bench="series",
        command='make bench-series SIZE=full ARGS="--parts ahead"',
        setting="ETTh1 ahead",
        columns=(
            Column(head="CRPS, 24 hours", key="crps", lower=True),
            Column(head="gaps of 4", key="rmse 4", lower=True),
            Column(head="gaps of 12", key="rmse 12", lower=True),
            CPU,
        ),
        names=(("lines", "straight lines"),),
    ),
    Board(
        kind="series",
        title="ETTh1: drawn series",
        about="Windows of 24 hours: how far above a half a recurrent classifier tells drawn from real (0 to .5),"
        " and the error of a forecaster that learned from drawn windows only; beside each what real windows get.",
        bench="series",
        command='make bench-series SIZE=full ARGS="--parts draw"',
        setting="ETTh1",
        columns=(
            Column(head="discriminative", key="discriminative", lower=True),
            Column(head="real", key="discriminative ceiling"),
            Column(head="predictive", key="predictive", lower=True),
            Column(head="real", key="predictive ceiling"),
            CPU,
        ),
    ),
]
BOARDS = [*VECTORS, *PICTURES, *TABLES, *CAUSES, *SOUND, *TEXT, *SERIES]
