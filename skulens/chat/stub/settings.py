"""What a stub is told: how it answers, how it fails, how long it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from skulens.chat.stub.faults import check_shares
from skulens.errors import DataError


@dataclass(frozen=True)
class StubSettings:
    """What the server answers and how it fails."""

    model: str = "stub"
    """The one model it serves; a question to another is a 404."""
    seed: int = 0
    """With the content of a question it decides on the fault that the question meets."""
    latency_s: float = 0.0
    """Before each answer, times 0.5 to 1.5 by the content of the question."""
    token_s: float = 0.0
    """For each token of an answer on top, with the same factor."""
    faults: Mapping[str, float] = field(default_factory=dict)
    """Fault -> share of questions that meet it; "all": spread over every fault of `faults.FAULTS`
    that ends no run."""
    slow_s: float = 5.0
    """What the fault `slow` adds."""
    hang_s: float = 600.0
    """The longest that the fault `hang` keeps a client waiting."""
    retry_after_s: float = 1.0
    """What the fault `429` asks a client to wait."""
    key: str = field(default="", repr=False)
    """API key that requests must carry; empty: any or none."""
    most_pictures: int = 0
    """More pictures than this in one question are a 400; 0: no limit."""
    die_after: int = 0
    """Questions after which the server closes its socket and all connections; 0: never."""
    script: str = ""
    """A JSON or JSONL file of rules; see `answers.read_rules`."""
    engine: str = "scripted"
    """"scripted", or "smollm2": the real small text model."""

    def __post_init__(self) -> None:
        check_shares(self.faults)
        if self.engine not in ("scripted", "smollm2"):
            raise DataError(
                f"the stub has no engine {self.engine!r}; it has 'scripted' and 'smollm2'"
            )
        for name in ("latency_s", "token_s", "slow_s", "hang_s", "retry_after_s"):
            if not 0 <= getattr(self, name) < 1e6:
                raise DataError(f"{name} is {getattr(self, name)}, expected seconds from 0 on")
