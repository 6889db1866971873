"""Vectors -> neighbours: one file per engine."""
