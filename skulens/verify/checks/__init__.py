"""Claims against what the pictures show: one verifier per family of fields."""
