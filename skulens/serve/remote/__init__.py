"""A server asked from Python."""
