"""What a server counts, for Prometheus. Labels are routes, methods and states of ours, never what
a user sends."""

from collections.abc import Callable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from skulens.search.answers import Answer

__all__ = ["CONTENT_TYPE", "METHODS", "Meters"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZES = (1, 2, 4, 8, 16, 32, 64)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Meters:
    """Counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own = self.registry
        self.requests = Counter(
            "skulens_requests", "Requests answered.", ["method", "route", "status"], registry=own
        )
        self.latency = Histogram(
            "skulens_request_seconds", "From the request's headers to the end of its answer.",
            ["route"], buckets=SECONDS, registry=own,
        )  # fmt: skip
        self.groups = Histogram(
            "skulens_encoder_batch", "Requests embedded together.", buckets=SIZES, registry=own
        )
        self.encoder = Histogram(
            "skulens_encoder_seconds", "Embedding of a group.", buckets=SECONDS, registry=own
        )
        self.engine = Histogram(
            "skulens_engine_seconds",
            "Search of the store, per request.",
            buckets=SECONDS,
            registry=own,
        )
        self.waiting = Gauge("skulens_queue", "Requests that wait for a thread.", registry=own)
        self.inside = Gauge(
            "skulens_open_requests", "Requests that are being answered.", registry=own
        )
        self.rows = Gauge("skulens_products", "Products of the store.", registry=own)
        self.ready = Gauge("skulens_ready", "1: requests should be sent here.", registry=own)
        # `labels` makes and compares texts each time; routes, methods and states are few.
        self._count_of = cache(self.requests.labels)
        self._seconds_of = cache(self.latency.labels)

    def watch(self, waiting: Callable[[], float], ready: Callable[[], float]) -> None:
        """Read these whenever somebody asks."""
        self.waiting.set_function(waiting)
        self.ready.set_function(ready)

    def record_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Args: route: template of ours, such as /v1/products/{product}."""
        known = method if method in METHODS else "other"
        self._count_of(known, route, status).inc()
        self._seconds_of(route).observe(seconds)

    def record_group(self, requests: int, seconds: float) -> None:
        self.groups.observe(requests)
        self.encoder.observe(seconds)

    def record_answer(self, answer: Answer) -> None:
        self.engine.observe(answer.took_s.get("search", 0.0))

    def write(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self.registry)
