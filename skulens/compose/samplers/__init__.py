"""Proposal laws: one file and one row of the registry each (`proposals.Sampler`)."""
