"""The words of labels in five languages,
with the American spelling and terms beside the British ones.
"""

import json
from functools import cache
from pathlib import Path

MARKETS = {"US": "en", "GB": "en", "ID": "id", "MY": "ms", "VN": "vi", "TH": "th"}
"""Market -> language of its labels."""


@cache
def words(market: str) -> dict[str, dict[str, str]]:
    """Section -> key -> what labels of that market say, from `words.json`."""
    sections = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    tongue = MARKETS[market]
    return {
        name: {
            key: (market == "US" and entry.get("us")) or entry[tongue]
            for key, entry in section.items()
        }
        for name, section in sections.items()
        if name != "note"
    }
