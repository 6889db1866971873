"""The printed label of a product: what it says, and how it is laid out."""
