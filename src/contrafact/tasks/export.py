"""Write a generator as an ONNX file, and show that the file draws the same.

The file reads noise, and a class or a condition beside it, and gives pixels from 0 to 255 (rows in the user's units for
vectors). What is left to its reader, rounding and the names of classes, stands in its metadata.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.errors import ContrafactError, UsageError
from contrafact.engine.bundle import write_atomically
from contrafact.engine.run import environment
from contrafact.tasks.sample import model_of
from contrafact.tasks.write_pictures import MARK

CHECKED, BOUND = 64, 1e-4


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that draws what a model draws.

    Arguments:
        path: The file.
        inputs: What it reads: a name, and what stands there.
        output: What it gives.
        difference: The largest difference from the model, as a share of the range of values.
        checked: On how many draws.
    """

    path: str
    inputs: dict[str, str]
    output: str
    difference: float
    checked: int = CHECKED


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """What is to be written: a module with the names of its inputs and what to try it on.

    Arguments:
        module: The network.
        inputs: Input arrays by name, one row a draw.
        told: What each input is.
        output: Name and description of the output.
        span: The range of its values.
        facts: What else a reader of the file needs to know.
    """

    module: Any
    inputs: dict[str, np.ndarray]
    told: dict[str, str]
    output: tuple[str, str]
    span: float | None
    facts: dict[str, Any]


def export(what: str, out: str, seed: int = 0) -> Exported:
    """Write a run's generator as an ONNX file and compare both on 64 draws.

    Arguments:
        what: A run, or a saved model's folder.
        out: The file, ending in .onnx.
        seed: Seeds the draws that both are compared on.

    Raises:
        UsageError: The model has no generator, or what writes the file is not installed.
        ContrafactError: The file draws something else; it is not written.
    """
    if not out.lower().endswith(".onnx"):
        raise UsageError(
            f"A generator cannot be written to '{out}'.",
            why="It becomes an ONNX file.",
            fix="-o model.onnx",
            code="E121",
        )
    needed()
    graph = graph_of(model_of(what), seed)
    payload = written(graph)
    difference = compare(graph, payload)
    if not difference <= BOUND:
        raise ContrafactError(
            f"The exported generator is off by {difference:.2g} of the range of its values.",
            why=f"It may be off by {BOUND:g} at most, as numbers of 32 bits round; nothing was written.",
            fix="Report it with the versions that contrafact doctor prints.",
            code="E127",
        )
    write_atomically(Path(out), payload)
    return Exported(path=out, inputs=graph.told, output=graph.output[1], difference=difference)


def needed() -> None:
    """Ask for what writes and runs ONNX files.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "ONNX files cannot be written.",
            why=f"It needs {error.name}, which is not installed.",
            fix='pip install "contrafact[onnx]"',
            code="E111",
        ) from error


def graph_of(model: Any, seed: int) -> Graph:
    """Find what of a model can be written.

    Raises:
        UsageError: Nothing can.
    """
    from contrafact.nets.picture_model import PictureModel
    from contrafact.nets.pushforward import Pushforward
    from contrafact.nets.sound_model import Heard

    if isinstance(model, Heard):
        raise UsageError(
            f"{model.recipe.method} cannot be exported.",
            why="Phases and loudness of sound are made outside of its network.",
            fix="Draw clips to a folder: contrafact sample RUN -n 100 -o FOLDER",
            code="E126",
        )
    if isinstance(model, PictureModel):
        return _of_pictures(model, seed)
    if isinstance(model, Pushforward):
        return _of_vectors(model, seed)
    raise UsageError(
        f"{model.recipe.method} cannot be exported.",
        why="It is no network that turns noise into items.",
        fix="Export an adversarial model, such as r3gan; or sample to a file.",
        code="E126",
    )


def _facts(model: Any, **more: Any) -> dict[str, Any]:
    law = {"law": "normal, mean 0, deviation 1" if model.latent.law == "normal" else "uniform, -1 to 1"}
    return {
        "source": MARK,
        "versions": environment()["versions"],
        "method": model.recipe.method,
        "noise": {**asdict(model.latent), **law},
        **more,
    }


def _of_pictures(model: Any, seed: int) -> Graph:
    from contrafact.nets.exported import ClassPixels, Pixels

    generator, codec = copy.deepcopy(model.generator).cpu().eval(), model.codec
    drawn = model.latents(CHECKED, seed)
    inputs, told = {"noise": drawn.noise}, {"noise": _noise(model)}
    module: Any = Pixels(generator)
    if codec.classes and not codec.words:
        module = ClassPixels(generator, codec.conditions)
        inputs["class"] = codec.places(drawn.labels)
        ends = f"0 is {codec.classes[0]}, {len(codec.classes) - 1} is {codec.classes[-1]}"
        told["class"] = f"n whole numbers, each the place of a class: {ends}"
    elif drawn.conditions is not None:
        inputs["condition"] = drawn.conditions.astype(np.float32)
        words = ", a one for each word of the caption" if codec.words else ", as model.latents(n).conditions has them"
        told["condition"] = f"n x {drawn.conditions.shape[1]}{words}"
    facts = _facts(model, classes=codec.classes, words=codec.words, channels_first=True)
    shape = " x ".join(map(str, codec.shape))
    return Graph(
        module=module,
        inputs=inputs,
        told=told,
        output=("pixels", f"n x {shape} numbers from 0 to 255, to be rounded"),
        span=255.0,
        facts=facts,
    )


def _of_vectors(model: Any, seed: int) -> Graph:
    import torch

    from contrafact.engine.play import Step
    from contrafact.nets.exported import Rows

    generator, codec = copy.deepcopy(model.generator).cpu().eval(), model.codec
    largest = max(abs(value) for value in (*codec.mean, *codec.scale))
    if largest > 1e30:
        raise UsageError(
            "This model cannot be exported.",
            why=f"Its columns hold values up to {largest:.2g}, more than numbers of 32 bits do.",
            fix="Fit it on columns in other units.",
            code="E126",
        )
    step = Step(number=0, total=1, generator=torch.Generator().manual_seed(seed))
    return Graph(
        module=Rows(generator, codec.mean, codec.scale),
        inputs={"noise": model.latent.draw(step, CHECKED).numpy()},
        told={"noise": _noise(model)},
        output=("rows", f"n x {len(codec.names)} columns, in the data's units, not rounded"),
        span=None,
        facts=_facts(model, columns=[str(name) for name in codec.names], dtypes=codec.dtypes, shape=codec.shape),
    )


def _noise(model: Any) -> str:
    law = model.latent
    signs = f"; the last {law.signs} columns -1 or 1" if law.signs else ""
    return f"n x {law.width} numbers, {'standard normal' if law.law == 'normal' else 'uniform from -1 to 1'}{signs}"


def written(graph: Graph) -> bytes:
    """Give the bytes of an ONNX file that computes what the module does, for any number of rows."""
    import torch

    from contrafact.engine.play import own_randomness

    examples = tuple(torch.from_numpy(values[:3]) for values in graph.inputs.values())
    rows = torch.export.Dim.DYNAMIC
    with own_randomness(0, torch.device("cpu")), _quietly():
        program = torch.onnx.export(
            graph.module,
            examples,
            dynamo=True,
            verbose=False,
            input_names=list(graph.inputs),
            output_names=[graph.output[0]],
            dynamic_shapes=tuple({0: rows} for _ in examples),
        )
    assert program is not None
    proto = program.model_proto
    proto.producer_name = "contrafact"
    for name, fact in graph.facts.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = name, fact if isinstance(fact, str) else json.dumps(fact)
    return bytes(proto.SerializeToString())


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep torch from telling its users about its own deprecations and about packages that are not needed."""
    log = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def compare(graph: Graph, payload: bytes) -> float:
    """Give the largest difference between a file's output and the module's, as a share of the range of values."""
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(payload, providers=["CPUExecutionProvider"])
    (theirs,) = session.run(None, dict(graph.inputs))
    with torch.no_grad():
        ours = graph.module(*(torch.from_numpy(values) for values in graph.inputs.values())).numpy()
    if theirs.shape != ours.shape or not len(ours):
        return math.inf
    span = graph.span or np.maximum(ours.max(0) - ours.min(0), 1e-30)
    return float(np.max(np.abs(theirs.astype(np.float64) - ours) / span))
