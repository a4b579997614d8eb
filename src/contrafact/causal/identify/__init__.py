"""What can be computed from data of a given kind: decided by the graph alone, before any number is seen.

One published algorithm a file: `id` (Shpitser and Pearl 2006), `idc` (its conditional form), `factors` (experiments
beside observations), `counterfactual` (other worlds and nested questions), `adjustment`, `front_door`, `instruments`;
`rules` holds the three rules of do-calculus, and `expression` the formulas that come out. `ask.identify` is the door.
"""
