"""Result files of a batch -> replies in the store, each checked to belong to a question."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from skulens.chat.batch.files import MANIFEST, QUESTIONS, VERSION
from skulens.chat.failures import Failure
from skulens.chat.http.errors import judge_request, judge_status, read_complaint
from skulens.chat.http.wire import read_answer
from skulens.chat.money.ledger import as_mapping, normalise_usage, sum_usage
from skulens.chat.replies.spending import BATCH
from skulens.chat.replies.store import ReplyStore
from skulens.errors import DataError
from skulens.files import sha256_of_file
from skulens.protocols import Ask, Reply
from skulens.records import Image, Reject

TURN = 500
"""Replies stored in one commit."""
SHOWN_REJECTS = 1000
"""Rejects that are kept; all are counted."""
ASK_ANEW = "write what is missing as a new batch: run the asking command with --batch again"


@dataclass
class BatchResults:
    """What became of a batch's questions."""

    questions: int
    """In the batch."""
    answered: int = 0
    """New answers, now in the store."""
    failed: dict[str, int] = field(default_factory=dict)
    """Error class -> new failures, now in the store."""
    known: int = 0
    """Results that the store had already."""
    rejected: int = 0
    rejects: list[Reject] = field(default_factory=list)
    """Lines that are no result of this batch; the first `SHOWN_REJECTS`."""
    missing: int = 0
    """Questions without a result in these files and without an answer in the store."""
    missing_items: tuple[str, ...] = ()
    """What the first of them are about."""
    usage: dict[str, int] = field(default_factory=dict)
    """Tokens of the new replies."""
    engine: str = ""
    run: str = ""
    noted: dict[str, str] = field(default_factory=dict, repr=False)
    """Key -> error class, of the new failures."""

    def note(self, key: str, reply: Reply) -> None:
        """Count a new reply, in place of a failure of the same question before it."""
        self.usage = sum_usage([self.usage, reply.usage])
        if before := self.noted.pop(key, ""):
            self.failed[before] -= 1
            self.failed = {error: n for error, n in self.failed.items() if n}
        if reply.error:
            self.noted[key] = reply.error
            self.failed[reply.error] = self.failed.get(reply.error, 0) + 1
        else:
            self.answered += 1

    def reject(self, source: str, item: str, reason: str, todo: str = ASK_ANEW) -> None:
        self.rejected += 1
        if len(self.rejects) < SHOWN_REJECTS:
            self.rejects.append(Reject(source, item, reason, todo))


def read_batch(folder: Path, results: Sequence[Path], store: ReplyStore) -> BatchResults:
    """Store the replies of a batch's output and error files.

    A line that is cut, that no question of the batch belongs to, or whose question was answered
    before, becomes a reject. Where a question has several results, the first counts, but an answer
    replaces a failure. What the store holds already is not stored or counted as spent again.

    Args:
        folder: as `write_batch` made it.
        results: files of one JSON object per line, in any order.
    Raises:
        DataError: no batch in the folder, its files changed since, or no result file.
    """
    batch = Batch(folder)
    counts = BatchResults(
        len(batch.places), engine=batch.engine, run=f"{BATCH}{folder.resolve().name}"
    )
    for path in results:
        check_is_result(path)
    seen: dict[str, str] = {}
    """Key -> error class, of all lines so far."""
    for turn in in_turns(read_results(results, batch, seen, counts)):
        found = store.find([question["key"] for question, _ in turn])
        new = [
            (q["key"], batch.ask_of(q), reply)
            for q, reply in turn
            if is_news(reply, found.get(q["key"]))
        ]
        counts.known += len(turn) - len(new)
        hashes = {q["key"]: [p["image"] for p in q["parts"] if "image" in p] for q, _ in turn}
        store.put(new, batch.engine, counts.run, hashes)
        for key, _, reply in new:
            counts.note(key, reply)
    note_missing(batch, seen, store, counts)
    batch.close()
    return counts


def is_news(reply: Reply, before: Reply | None) -> bool:
    """Whether a result says more than the store: an answer where there is none, or a failure that
    is not the stored one."""
    if before is None:
        return True
    if not before.error:
        return False
    # Not the reason, from which the store takes out what looks like a key.
    return (reply.error, reply.text, dict(reply.usage)) != (
        before.error,
        before.text,
        dict(before.usage),
    )


def note_missing(
    batch: "Batch", seen: Mapping[str, str], store: ReplyStore, counts: BatchResults
) -> None:
    """Count the questions that neither these files nor the store answer."""
    items: list[str] = []
    for turn in in_turns(key for key in batch.places if key not in seen):
        found = store.find(turn)
        for key in turn:
            if key not in found:
                counts.missing += 1
                if len(items) < 20:
                    items.append(str(batch.question(key)["item"]))
    counts.missing_items = tuple(items)


class Batch:
    """A written batch: its manifest, and the questions by key.

    Raises:
        DataError: there is none, or its files are not as they were written.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        manifest = read_manifest(folder)
        try:
            self.engine, self.identity = str(manifest["engine"]), str(manifest["identity"])
            self.shared: Mapping[str, Any] = dict(manifest["shared"])
            wanted = {QUESTIONS: manifest["questions"]["sha256"]}
            wanted |= {str(f["file"]): f["sha256"] for f in manifest["requests"]}
        except (KeyError, TypeError, ValueError) as e:
            raise DataError(f"{folder / MANIFEST} is damaged ({e!r}): write the batch anew") from e
        for name, sha256 in wanted.items():
            path = folder / name
            # Sent files may have been moved away; what is here must be what was sent.
            if (path.exists() or name == QUESTIONS) and sha256_of_file(path) != sha256:
                raise DataError(
                    f"{path} was changed after it was written: its results cannot be matched to "
                    "questions; put the original back, or write the batch anew"
                )
        self.file: BinaryIO = (folder / QUESTIONS).open("rb")
        self.places: dict[str, int] = {}
        """Key -> offset of its question."""
        place = 0
        for line in self.file:
            self.places[json.loads(line)["key"]] = place
            place += len(line)

    def question(self, key: str) -> dict[str, Any]:
        """The line of a key."""
        self.file.seek(self.places[key])
        question = json.loads(self.file.readline())
        for name in ("system", "schema"):
            if digest := question.get(f"{name}_sha256"):
                question[name] = self.shared[digest]
        return question

    def ask_of(self, question: Mapping[str, Any]) -> Ask:
        """The question as it was asked; its pictures without their bytes."""
        parts = tuple(
            part["text"] if "text" in part else Image(data=b"") for part in question["parts"]
        )
        return Ask(
            question["item"], parts, question["system"], question["schema"],
            question["sampling"], question["template"], question["stage"],
        )  # fmt: skip

    def close(self) -> None:
        self.file.close()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a batch. Raises DataError where there is none that we can read."""
    path = folder / MANIFEST
    if not path.is_file() or not (folder / QUESTIONS).is_file():
        raise DataError(
            f"{folder} holds no batch: expected {MANIFEST} and {QUESTIONS} there, as an asking "
            "command writes them with --batch"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise DataError(f"{path} cannot be read ({e}): write the batch anew") from e
    if not isinstance(manifest, dict) or manifest.get("version") != VERSION:
        raise DataError(f"{path} is of another version of skulens: write the batch anew")
    return manifest


def check_is_result(path: Path) -> None:
    """Raise DataError for a file that is no result, before anything is stored."""
    try:
        with path.open("rb") as f:
            head = f.readline(1_000_000)
    except OSError as e:
        raise DataError(f"the results {path} cannot be read: {e.strerror or e}") from e
    if b'"method"' in head and b'"response"' not in head and b'"error"' not in head:
        raise DataError(f"{path} holds the requests; give the file that the server wrote for them")


def read_results(
    results: Sequence[Path], batch: Batch, seen: dict[str, str], counts: BatchResults
) -> Iterator[tuple[dict[str, Any], Reply]]:
    """(question, reply) of each line that counts; the others become rejects."""
    for path in results:
        with path.open("rb") as f:
            for number, raw in enumerate(f, 1):
                if not raw.strip():
                    continue
                source = f"{path} line {number}"
                line = parse_line(raw)
                if line is None:
                    cut = not raw.endswith(b"\n")
                    reason = "the file is cut in this line" if cut else "it is no JSON object"
                    todo = "fetch the file again" if cut else ASK_ANEW
                    counts.reject(source, "", reason, todo)
                    continue
                key = line.get("custom_id")
                if not isinstance(key, str) or key not in batch.places:
                    reason = f"its custom_id {str(key)[:80]!r} is not of this batch"
                    counts.reject(source, "", reason, "give the results of this batch")
                    continue
                question = batch.question(key)
                reply = reply_of_line(line, question, batch.identity)
                # An answer after a failure: the question was sent again.
                if key in seen and not (seen[key] and not reply.error):
                    reason = "a second result of a question; the first is kept"
                    counts.reject(source, str(question["item"]), reason, "nothing")
                    continue
                seen[key] = reply.error
                yield question, reply


def parse_line(raw: bytes) -> dict[str, Any] | None:
    """The JSON object of a line; None where it is none."""
    try:
        line = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def in_turns(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Lists of at most TURN rows."""
    turn: list[Any] = []
    for row in rows:
        turn.append(row)
        if len(turn) == TURN:
            yield turn
            turn = []
    if turn:
        yield turn


def reply_of_line(line: Mapping[str, Any], question: Mapping[str, Any], identity: str) -> Reply:
    """A result line as a reply; read as the openai engine reads an answer."""
    response, item = as_mapping(line.get("response")), str(question["item"])
    status, body = response.get("status_code"), response.get("body")
    if line.get("error") or status not in (None, 200):
        failure = judge_line(line, status, body, any("image" in p for p in question["parts"]))
        return Reply(item, error=failure.error, reason=failure.reason, system=identity)
    answer = read_answer(json.dumps(body).encode(), question["schema"])
    failed, usage = answer.failure, answer.raw_usage
    return Reply(
        item,
        answer.text,
        answer.value,
        answer.finish,
        failed.error if failed else "",
        failed.reason if failed else "",
        normalise_usage(usage),
        (usage,) if usage else (),
        system=identity,
    )


def judge_line(line: Mapping[str, Any], status: object, body: object, pictures: bool) -> Failure:
    """The failure of a request that got no completion."""
    if isinstance(status, int) and status != 200:
        return judge_status(status, line.get("error") or body, {}, pictures)
    complaint = read_complaint(line.get("error") or body)
    said = f"the service answers {complaint.code or 'with an error'}: {complaint.quoted}"
    if complaint.code in ("batch_expired", "batch_cancelled"):
        return Failure("transport", said)
    if "rate_limit" in complaint.words:
        return Failure("rate_limit", said)
    found = judge_request(complaint, said, pictures)
    return Failure(found.error, found.reason)
