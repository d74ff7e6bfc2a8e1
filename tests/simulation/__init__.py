"""Deterministic simulation of the shipped engine: one seed, one history, every invariant after every commit."""
