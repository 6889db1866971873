"""Products in: one reader per format, found by path or by name; start at `skulens.catalog.open`."""
