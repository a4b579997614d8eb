"""Graphs with known answers, by the names under which the literature knows them."""

from __future__ import annotations

IDENTIFIED = {
    "simple": ("X -> Y", "X", "Y"),
    "back door": ("Z -> X; Z -> Y; X -> Y", "X", "Y"),
    "front door": ("X -> Z; Z -> Y; X <-> Y", "X", "Y"),
    "napkin": ("W -> Z -> X -> Y; W <-> X; W <-> Y", "X", "Y"),
    "M": ("X -> Y; Z <-> X; Z <-> Y", "X", "Y"),
    "M with arrows": ("A -> X; A -> M; B -> M; B -> Y; X -> Y", "X", "Y"),
    "verma": ("A -> B -> C -> D; B <-> D", "A", "D"),
    "verma, last step": ("A -> B -> C -> D; B <-> D", "C", "D"),
    "Tian 2002": ("Z2 -> X -> Z1 -> Y; Z2 -> Z1; Z2 -> Z3 -> Y; X <-> Y; X <-> Z2; X <-> Z3; Y <-> Z2", "X", "Y"),
    "Tian 2002, the mediator": (
        "Z2 -> X -> Z1 -> Y; Z2 -> Z1; Z2 -> Z3 -> Y; X <-> Y; X <-> Z2; X <-> Z3; Y <-> Z2",
        "X",
        "Z1",
    ),
    "napkin in a chain": ("V1 -> V2 -> X -> V4 -> Y; V1 -> X; V2 -> V4; V1 <-> X; V2 <-> Y", "X", "Y"),
    "front door with a confounder": ("X -> Z1 -> Y; W -> X; W -> Y; X <-> Y", "X", "Y"),
    "two stages": ("X1 -> Z -> X2 -> Y; X1 -> Y; Z -> Y; Z <-> Y", "X1,X2", "Y"),
    "back door through a collider": ("X -> Y; A -> X; A -> C; B -> C; B -> Y; C -> X; C <-> Y", "X", "Y"),
    "front door with a parent": ("W -> X; W -> Z; W -> Y; X -> Z -> Y; X <-> Y", "X", "Y"),
    "long napkin": ("W1 -> W2 -> X -> Z -> Y; W1 <-> X; W1 <-> Z; W2 <-> Y", "X", "Y"),
    "hidden cause without an arrow": ("X <-> Y", "X", "Y"),
}

REFUSED = {
    "bow": ("X -> Y; X <-> Y", "X", "Y"),
    "extended bow": ("X -> Z -> Y; X <-> Z", "X", "Y"),
    "double bow": ("X -> Z -> Y; X <-> Z; Z <-> Y", "X", "Y"),
    "instrument": ("Z -> X -> Y; X <-> Y", "X", "Y"),
    "bad M": ("X -> Y; Z -> Y; Z <-> Y; X <-> Z; Z -> X", "X", "Y"),
    "back door M": ("Z -> X; Z -> Y; X -> Y; X <-> Z; Z <-> Y", "X", "Y"),
    "butterfly": ("Z -> X -> Y; Z <-> X; X <-> Y", "X", "Y"),
    "confounded front door": ("X -> Z -> Y; X <-> Y; X <-> Z", "X", "Y"),
    "front door confounded below": ("X -> Z -> Y; X <-> Y; Z <-> Y", "X", "Y"),
    "hedge around a collider": ("Z -> X; X -> W -> Y; Z <-> W; Z <-> X; X <-> Y; Z <-> Y", "X", "Y"),
}
