"""Functions learned from rows, in closed form or by trees, that can be kept as plain arrays."""
