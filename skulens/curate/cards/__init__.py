"""Attribute cards: the keys and values by which the products of a class are described."""
