"""Weights: where they are, what is in them, and the network they make."""
