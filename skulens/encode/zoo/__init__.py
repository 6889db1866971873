"""The published pairs of open_clip: rows.py (the table), warnings.py (the words), rules.py (who gets which)."""
