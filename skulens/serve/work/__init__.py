"""The shop at work: threads, turns, groups, what is kept, counted and done once."""
