"""Settings with which a training takes a blink."""

TOY = ("--set", "steps=40", "--set", "width=16", "--set", "depth=1", "--set", "batch=32")
