"""export RUN: write a generator as an ONNX file."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer

HELP = "write a generator as an ONNX file that other programs can run"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="RUN", help="a run's name or folder, @last, @best, or a saved model")
    parser.add_argument("-o", "--out", metavar="FILE", default="model.onnx", help="the file (default model.onnx)")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.export import BOUND, export
    from contrafact.tasks.sample import place_of

    done = export(args.what, args.out, args.seed)
    same = f"On {done.checked} draws it differs from the model by {done.difference:.1g} of the range at most."
    told = [f"Wrote {done.path}. {same}", *(f"  reads {name}: {what}" for name, what in done.inputs.items())]
    fields = {"difference": done.difference, "bound": BOUND, "inputs": done.inputs, "output": done.output}
    return Answer(
        text="\n".join([*told, f"  gives {done.output}"]),
        verdict=same,
        run=str(place_of(args.what)),
        files=[done.path],
        fields=fields,
    )
