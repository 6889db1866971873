"""Why requests should not be sent to a server now."""

import shutil
from pathlib import Path

from skulens.serve.work.service import Service


def find_obstacles(service: Service) -> list[str]:
    """One sentence each; none: the server is ready."""
    found = []
    if service.draining:
        found.append("draining: the server is about to end")
    if service.failed is not None:
        found.append("failed: the store could not be opened")
    elif not service.loaded:
        found.append("loading: the store and its encoders are being opened")
    if service.folder is not None:
        found += look_at_disk(service.folder, service.settings.disk_free)
    return found


def look_at_disk(folder: Path, least: float) -> list[str]:
    """What is wrong with the folder of a store.

    Args:
        least: share of the disk that is free, at least.
    """
    try:
        if not any(folder.iterdir()):
            return ["missing: the folder of the store is empty"]
        used = shutil.disk_usage(folder)
    except OSError as e:
        return [f"missing: the store cannot be read, {e.strerror}"]
    free = used.free / used.total
    if free < least:
        return [f"disk: {free:.1%} of the store's disk is free, expected at least {least:.0%}"]
    return []
