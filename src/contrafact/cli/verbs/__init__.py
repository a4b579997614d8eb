"""The verbs, one small file each; each has HELP, `add(parser)` and `run(args) -> Answer`."""

from __future__ import annotations

from types import ModuleType

from contrafact.cli.verbs import (
    assess,
    augment,
    balance,
    compare,
    demo,
    doctor,
    explain,
    export,
    identify,
    impute,
    inpaint,
    judge,
    look,
    plan,
    report,
    runs,
    sample,
    segment,
    synth,
    train,
    translate,
    zoo,
)

VERBS: dict[str, ModuleType] = {
    "look": look,
    "plan": plan,
    "train": train,
    "sample": sample,
    "judge": judge,
    "synth": synth,
    "impute": impute,
    "augment": augment,
    "balance": balance,
    "inpaint": inpaint,
    "segment": segment,
    "translate": translate,
    "assess": assess,
    "identify": identify,
    "report": report,
    "export": export,
    "runs": runs,
    "compare": compare,
    "zoo": zoo,
    "doctor": doctor,
    "explain": explain,
    "demo": demo,
}
