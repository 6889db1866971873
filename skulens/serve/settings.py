"""What a server allows, and how long it waits."""

from dataclasses import dataclass
from pathlib import Path

from skulens.errors import DataError
from skulens.machine import count_cores


@dataclass(frozen=True)
class Settings:
    """Limits of a server.

    Raises:
        DataError: a limit that lets nothing through.
    """

    body_bytes: int = 20_000_000
    """Of a request."""
    picture_pixels: int = 40_000_000
    """Of a decoded picture."""
    parts: int = 16
    """Photos and texts of a query."""
    characters: int = 10_000
    """Of all texts of a query together."""
    filter_depth: int = 8
    """Filters inside one another."""
    filter_leaves: int = 200
    """Comparisons of a filter."""
    k: int = 1_000
    reach: int = 10_000
    """offset + k."""
    workers: int = 0
    """Threads that search; 0: one for each core."""
    waiting: int = 64
    """Requests that may wait for a thread; further ones get 429."""
    deadline_s: float = 30.0
    """From the last byte of a request to its answer."""
    read_s: float = 30.0
    """From the first byte of a request to its last; a client that is slower gets 408."""
    head_s: float = 10.0
    """From the first byte of a request to the end of its headers, and for a connection that says
    nothing."""
    send_s: float = 30.0
    """How long a client may read nothing of its answer."""
    head_bytes: int = 32_768
    """Of a request's line and headers."""
    bodies_bytes: int = 300_000_000
    """Of all bodies held at once; a request beyond that gets 429."""
    connections: int = 1_000
    """Open at once; further ones are told to come later."""
    linger_s: float = 1.0
    """How long a server that ends still takes requests, so that whoever balances the load sees in
    time that it is not ready."""
    drain_s: float = 15.0
    """How long it then waits for requests that it has begun."""
    disk_free: float = 0.05
    """Share of the store's disk below which the server is not ready."""
    hosts: tuple[str, ...] = ()
    """Names under which the server may be asked (`Host`); none: any."""
    url_hosts: tuple[str, ...] = ()
    """Hosts that pictures may be fetched from, "*.example.com" for those below one; none: no
    addresses are fetched."""
    photos: Path | None = None
    """Folder of example photos for the page."""
    batch: int = 32
    """Requests whose parts are embedded together, at most."""

    def __post_init__(self):
        for name in ("body_bytes", "picture_pixels", "parts", "k", "reach", "batch"):
            if getattr(self, name) < 1:
                raise DataError(f"{name} is at least 1, got {getattr(self, name)!r}")
        for name in ("deadline_s", "read_s", "head_s", "send_s"):
            if not getattr(self, name) > 0:
                raise DataError(f"{name} is above 0 s, got {getattr(self, name)!r}")
        if self.workers < 0 or self.waiting < 0:
            raise DataError(f"threads and waiting are from 0, got {self.workers}, {self.waiting}")

    @property
    def threads(self) -> int:
        return self.workers or count_cores()
