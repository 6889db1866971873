"""What the machine offers to this process."""

import os


def count_cores() -> int:
    """Cores that this process may use; all of the machine where the system does not say."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
