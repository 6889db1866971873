"""skulens finds, reads and compares products by their pictures with vision-language models."""

__version__ = "0.1.0"
