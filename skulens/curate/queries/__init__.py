"""Composed queries of a catalogue: made, split, described."""
