"""Attributes of many products -> queries of several conditions, with all their answers."""
