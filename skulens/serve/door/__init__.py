"""Every request passes here: who asks, how much, how long, and what is said of it."""
