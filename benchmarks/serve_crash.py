"""Does a server lose, tear or double products when it is killed while they are upserted over HTTP?

`kill -9` at random while a client upserts calls of 12 products, each with a picture that is embedded
and with an Idempotency-Key; a synced ledger outside says what was acknowledged. After each kill the
server is started again on its store, the call that was open is repeated under its key, and so are some
of those that were acknowledged: these must get the answer of the first time and change nothing. A
killed process is no power failure: for that, `benchmarks/store_crash.py --rates` counts syncs.

    python -m benchmarks.serve_crash --save
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.common import report, spread
from tests.serve import crash
from tests.serve.kept import ENCODER, make_store

MOST_S = 3.0
"""Longest that a client goes on before the server is killed."""


def measure(rounds: int, seed: int, folder: Path) -> dict:
    """The line of the table."""
    place = folder / "shop.store"
    make_store(place).close()
    found = crash.kill_rounds(place, folder, rounds, seed, MOST_S)
    return {
        "what": "kill -9 during upserts over HTTP",
        "kills": found.kills,
        "calls acknowledged": found.acknowledged,
        "products acknowledged": found.acknowledged * crash.BATCH,
        "calls repeated": found.repeated,
        "open calls that were there": found.open_and_there,
        "lost": found.lost,
        "torn": found.torn,
        "duplicates": found.duplicates,
        "other answers": found.other_answers,
        "wrong vectors": found.wrong_vectors,
        "restart s": spread(found.restart_s),
        "clean": found.is_clean,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20, help="kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    print(f"seed {args.seed}")
    with tempfile.TemporaryDirectory() as folder:
        row = measure(args.rounds, args.seed, Path(folder))
    report("serve_crash", [row], vars(args) | {"encoder": ENCODER}, args.save)
    raise SystemExit(not row["clean"])


if __name__ == "__main__":
    main()
