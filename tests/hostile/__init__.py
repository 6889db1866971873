"""Attacks on what skulens reads and keeps: pictures, tables, encoders, archives, stores.

A field is one module with `cases(count, seed)`; `field.FIELDS` lists them. A few of each run with
the tests, many by `python -m benchmarks.hostile`.
"""
