"""open_clip's published pairs: rows.py (table), warnings.py (words), rules.py (who gets which)."""
