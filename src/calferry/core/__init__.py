"""Decisions. Nothing here does I/O, reads a clock, makes an id or rolls dice."""
