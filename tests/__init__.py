"""Property tests have no deadline: a shared machine stops for longer than any."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
