"""Captions of products by a language model, checked and reviewed."""
