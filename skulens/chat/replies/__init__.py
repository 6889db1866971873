"""Replies on disk: `store` keeps them, `stored` shows them."""
