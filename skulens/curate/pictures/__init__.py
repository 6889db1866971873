"""Which pictures show their product well: scores, thresholds, and the best picture of each."""
