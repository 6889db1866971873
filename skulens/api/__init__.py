"""What Python programs and notebooks call; `import skulens` offers all of it.

catalog = skulens.open_catalog("groceries-sample")
encoder = skulens.load_encoder("groceries")
found = skulens.nearest(photos, catalog, encoder, k=3)

The same code as the commands', so the numbers are theirs: `things.py` reads what is handed in,
`equipment.py` opens encoders and caches, `embedding.py`, `finding.py`, `measuring.py` and
`comparing.py` are one call each, `notebook.py` draws their answers.
"""
