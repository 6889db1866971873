"""Questions -> OpenAI batch files, which hosted services answer within a day at a lower price, and
`vllm run-batch` without a server. `batch_results` reads the answers into the store.

A batch is a folder, there whole or not at all:

    requests-0001.jsonl ...   one request per line, its custom_id is the question's key
    questions.jsonl           what each key asked, one per line, in the same order
    manifest.json             engine, sha256 of the files, texts that questions share
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from skulens.chat.http.wire import make_body
from skulens.chat.key import make_key
from skulens.chat.pictures import PicturePolicy, Sent, Unsent, fit_pictures
from skulens.chat.replies.store import ReplyStore
from skulens.chat.schemas.check import check_schema
from skulens.errors import ChatError
from skulens.files import aside_name, remove_leftovers, sync_folder, write_whole
from skulens.protocols import Ask, Chat, ErrorClass, Reply

VERSION = 1
MANIFEST, QUESTIONS = "manifest.json", "questions.jsonl"
MOST_LINES = 50_000
"""Of a file; OpenAI's limit."""
MOST_BYTES = 190_000_000
"""Of a file; OpenAI's limit is 200 MB."""
MOST_SHARED = 1000
"""Different instructions and schemas that the manifest holds; further ones stand with their
question, so that memory stays flat."""
LOOK_UP = 500
"""Questions looked up in the store at a time."""


@dataclass(frozen=True)
class BatchFiles:
    """What was written."""

    folder: Path
    files: tuple[Path, ...] = ()
    """To be sent; none where the store knows all answers."""
    questions: int = 0
    bytes: int = 0
    """Of `files`."""
    known: int = 0
    """Questions left out because the store has their replies."""
    repeated: int = 0
    """Questions left out because an equal one is written already."""
    unsendable: Mapping[str, int] = field(default_factory=dict)
    """Error class -> questions that cannot be sent."""


def write_batch(
    questions: Iterable[Ask],
    chat: Chat,
    store: ReplyStore,
    folder: Path,
    most_lines: int = MOST_LINES,
    most_bytes: int = MOST_BYTES,
    retry: Iterable[str] = (),
) -> BatchFiles:
    """Write the questions whose replies the store lacks, each once; nothing where it has them all.

    Args:
        chat: an engine of OpenAI's kind, the same that will read the store: its identity is part
            of the keys. It is not asked.
        folder: new or empty.
        retry: error classes of stored failures that are asked again.
    Raises:
        ChatError: there are files in the folder.
    """
    with BatchWriter(chat, folder, most_lines, most_bytes) as writer:
        replies = write_unknown(questions, writer, store, retry)
        return writer.finish(sum(reply.cached for reply in replies))


def write_unknown(
    questions: Iterable[Ask], writer: "BatchWriter", store: ReplyStore, retry: Iterable[str] = ()
) -> Iterator[Reply]:
    """Write the questions whose replies the store lacks; those that are written get no reply yet.

    The others get the stored one (`Reply.cached`), or the failure that says why they cannot be
    sent, which is not stored.

    Raises:
        DataError: a question's schema is not portable.
    """
    again = frozenset(retry)
    for asks in in_turns(questions):
        for ask in asks:
            if ask.schema is not None:
                check_schema(ask.schema)
        ready = [writer.prepare(ask) for ask in asks]
        found = store.find([r.key for r in ready if isinstance(r, Ready)])
        for ask, one in zip(asks, ready, strict=True):
            if isinstance(one, Reply):
                yield one
                continue
            known = found.get(one.key)
            if known is not None and known.error not in again:
                yield replace(known, id=ask.id)
            elif failure := writer.add(ask, one):
                yield failure


def in_turns(questions: Iterable[Ask]) -> Iterable[list[Ask]]:
    """Lists of at most LOOK_UP questions."""
    turn: list[Ask] = []
    for ask in questions:
        turn.append(ask)
        if len(turn) == LOOK_UP:
            yield turn
            turn = []
    if turn:
        yield turn


@dataclass(frozen=True)
class Ready:
    """A question that can be sent."""

    key: str
    pictures: tuple[Sent, ...]


class BatchWriter:
    """Writes a batch aside and, when it is finished, renames it into its folder.

    In a `with` block: whatever was not finished when it ends is removed.
    """

    def __init__(
        self, chat: Chat, folder: Path, most_lines: int = MOST_LINES, most_bytes: int = MOST_BYTES
    ):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ChatError(f"{folder} is not an empty folder: give a new one for the batch files")
        self.chat, self.folder = chat, folder
        self.most_lines, self.most_bytes = most_lines, most_bytes
        self.policy: PicturePolicy = getattr(chat, "policy", None) or PicturePolicy()
        self.model = str(getattr(chat, "model", ""))
        self.sampling: Mapping[str, object] = getattr(chat, "sampling", None) or {}
        if not self.model:
            raise ChatError(f"{chat.info.name} has no batch files: they are for openai:MODEL")
        folder.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder.parent)
        self.aside = folder.parent / aside_name(folder.name)
        self.aside.mkdir()
        self.questions = HashedFile(self.aside / QUESTIONS)
        self.requests: list[HashedFile] = []
        self.keys: set[bytes] = set()
        self.shared: dict[str, object] = {}
        self.unsendable: dict[str, int] = {}
        self.repeated = 0

    def prepare(self, ask: Ask) -> Ready | Reply:
        """Key and pictures of a question; a failure, and counted, where one cannot be sent."""
        sent = fit_pictures(ask.parts, self.policy)
        if isinstance(sent, Unsent):
            return self._leave_out(ask, sent.error, sent.reason)
        key = make_key(ask, self.chat.info.identity, [s.sha256 for s in sent])
        return Ready(key, tuple(sent))

    def _leave_out(self, ask: Ask, error: ErrorClass, reason: str) -> Reply:
        self.unsendable[error] = self.unsendable.get(error, 0) + 1
        return Reply(ask.id, error=error, reason=reason, attempts=0)

    def add(self, ask: Ask, ready: Ready) -> Reply | None:
        """Write a question that was not written before; the failure of one that is too large."""
        short = bytes.fromhex(ready.key)[:16]
        if short in self.keys:
            self.repeated += 1
            return None
        body = make_body(ask, self.model, self.sampling, ready.pictures)
        # What OpenAI calls it now, which vLLM takes, too; its newer models refuse the old name,
        # and in a batch nobody can ask once more. The key does not change by it.
        if "max_tokens" in body:
            body["max_completion_tokens"] = body.pop("max_tokens")
        request = {"custom_id": ready.key, "method": "POST", "url": "/v1/chat/completions"}
        line = json_line(request | {"body": body})
        if len(line) > self.most_bytes:
            reason = f"{len(line):,} bytes, expected at most {self.most_bytes:,} in a batch file"
            return self._leave_out(
                ask, "too_many_images" if ready.pictures else "truncated", reason
            )
        self.keys.add(short)
        file = self._file_for(len(line))
        file.write(line)
        self.questions.write(json_line(self._describe(ask, ready) | {"file": file.path.name}))
        return None

    def _file_for(self, size: int) -> "HashedFile":
        """The request file that takes a line of this size."""
        last = self.requests[-1] if self.requests else None
        if last is None or last.lines >= self.most_lines or last.size + size > self.most_bytes:
            if last is not None:
                last.close()
            name = f"requests-{len(self.requests) + 1:04d}.jsonl"
            last = HashedFile(self.aside / name)
            self.requests.append(last)
        return last

    def _describe(self, ask: Ask, ready: Ready) -> dict[str, Any]:
        """What `batch_results` needs to store the answer."""
        hashes = iter(s.sha256 for s in ready.pictures)
        return {
            "key": ready.key,
            "item": ask.id,
            "stage": ask.stage,
            "template": ask.template,
            **self._share("system", ask.system),
            **self._share("schema", ask.schema),
            "parts": [{"text": p} if isinstance(p, str) else {"image": next(hashes)}
                      for p in ask.parts],
            "sampling": dict(ask.sampling),
        }  # fmt: skip

    def _share(self, name: str, value: object) -> dict[str, object]:
        """The value, or where it stands in the manifest."""
        if not value:
            return {name: value}
        # Not sorted: the order of a schema's properties is part of the question.
        digest = hashlib.sha256(json.dumps(value).encode()).hexdigest()
        if digest not in self.shared and len(self.shared) >= MOST_SHARED:
            return {name: value}
        self.shared[digest] = value
        return {f"{name}_sha256": digest}

    def finish(self, known: int = 0) -> BatchFiles:
        """Put the batch into its folder, synced; nothing is written where it has no question."""
        files = BatchFiles(
            self.folder, known=known, repeated=self.repeated, unsendable=dict(self.unsendable)
        )
        if not self.requests:
            return files
        self._close()
        info = self.chat.info
        manifest = {
            "version": VERSION,
            "engine": info.name,
            "identity": info.identity,
            "revision": info.revision,
            "questions": {"sha256": self.questions.sha256(), "lines": self.questions.lines},
            "requests": [
                {"file": f.path.name, "lines": f.lines, "bytes": f.size, "sha256": f.sha256()}
                for f in self.requests
            ],
            "shared": self.shared,
        }
        text = json.dumps(manifest, indent=1).encode()
        write_whole(self.aside / MANIFEST, lambda f: f.write(text))
        self.aside.replace(self.folder)
        sync_folder(self.folder.parent)
        return replace(
            files,
            files=tuple(self.folder / f.path.name for f in self.requests),
            questions=self.questions.lines,
            bytes=sum(f.size for f in self.requests),
        )

    def _close(self) -> None:
        for file in (*self.requests, self.questions):
            file.close()

    def __enter__(self) -> "BatchWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):  # on a full disk, what was buffered
            for file in (*self.requests, self.questions):
                file.file.close()
        shutil.rmtree(self.aside, ignore_errors=True)


class HashedFile:
    """A file whose lines, size and sha256 are known as it is written."""

    def __init__(self, path: Path):
        self.path, self.lines, self.size = path, 0, 0
        self.hash = hashlib.sha256()
        self.file: BinaryIO = path.open("wb")

    def write(self, line: bytes) -> None:
        self.file.write(line)
        self.hash.update(line)
        self.lines += 1
        self.size += len(line)

    def sha256(self) -> str:
        return self.hash.hexdigest()

    def close(self) -> None:
        """Synced: a manifest that is there speaks of files that are."""
        if not self.file.closed:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()


def json_line(record: Mapping[str, object]) -> bytes:
    """One line of UTF-8; text that is no valid Unicode is escaped."""
    try:
        return json.dumps(record, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(record).encode() + b"\n"
