"""Systems that can be measured and rank by something else than one encoder."""
