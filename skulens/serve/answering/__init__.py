"""Bodies -> requests of the house, and answers -> JSON; what is said of a store and of vectors."""
