"""Search over HTTP, the page that people use, and its static export.

A request passes door/, is read by routes/ (its form is in bodies/), becomes a search in answering/ and
waits for its turn in work/. pictures/ has those of requests and of the catalogue, page/ what runs in
browsers, front/ how it is sent; publish/ makes the static site, remote/ asks a server from Python.
"""
