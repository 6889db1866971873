"""Models of transformers in this process, with grammars of llguidance for JSON schemas."""

import itertools
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import torch

from skulens.chat.local.decoding import Row, Sampling, decode_rows, read_sampling
from skulens.chat.local.guide import Grammars
from skulens.chat.local.opening import LocalModel, Prefix, at_the_door
from skulens.chat.parse import parse_text
from skulens.chat.pictures import PicturePolicy, fit_picture
from skulens.checkpoints import (
    card_licence,
    folder_hash,
    identity_of,
    model_folder,
    packages,
    shown_name,
)
from skulens.errors import ChatError, DataError, PictureError
from skulens.pictures import file_problem
from skulens.protocols import Ask, ErrorClass, Reply
from skulens.records import Image, SystemInfo

AHEAD = 4
"""Batches of questions that are drawn at a time, to put those of one length together."""
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass
class Question:
    """A question that is ready to be read by the model."""

    ask: Ask
    sampling: Sampling
    prompt: str
    pictures: tuple[bytes, ...] = ()
    length: int = 0
    """Tokens of a text; characters and pixels of a question with pictures: to sort by."""


@dataclass
class Unanswered:
    """A question that fails before the model."""

    error: ErrorClass
    reason: str


@dataclass
class Batch:
    """What goes through the model at once."""

    questions: list[Question] = field(default_factory=list)
    inputs: list[dict[str, torch.Tensor]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


class TransformersChat:
    """transformers:REPO or transformers:DIR

    Greedy unless a question or `sampling` sets a temperature; whatever the checkpoint says about
    sampling and penalties is left aside. An answer that reaches its token limit goes on to twice
    that limit, as a second attempt.

    Args:
        model: hub id or folder, with safetensors.
        revision: of a hub id.
        dtype: "auto" (float32 on a CPU, bfloat16 on a GPU that multiplies it), "float32" or
            "bfloat16".
        device: "auto", "cpu", "cuda", "cuda:1" ...
        batch: most questions at a time; halved, for good, when memory runs out.
        sampling: settings of every question that does not set them itself.
        policy: how pictures are sent.
        max_tokens: of an answer to a question that sets none.
    Raises:
        ChatError: no model that can answer; says what it is.
        MissingFile: it is neither here nor reachable.
        DataError: an impossible batch or sampling.
    """

    family = "transformers"

    def __init__(
        self,
        model: str,
        revision: str = "",
        dtype: str = "auto",
        device: str = "auto",
        batch: int = 8,
        sampling: Mapping[str, object] | None = None,
        policy: PicturePolicy | None = None,
        max_tokens: int = 1024,
    ):
        with at_the_door(model):
            folder, commit = model_folder(model, revision or None)
        self._open(folder, shown_name(model), commit, dtype, device, batch, sampling, policy,
                   max_tokens)  # fmt: skip

    def _open(
        self, folder: Path, name: str, commit: str, dtype: str, device: str, batch: int,
        sampling: Mapping[str, object] | None, policy: PicturePolicy | None, max_tokens: int,
    ) -> None:  # fmt: skip
        if batch < 1:
            raise DataError(f"batch is {batch}, expected at least 1")
        self.sampling = {"max_tokens": max_tokens, **(sampling or {})}
        read_sampling(self.sampling)
        self.batch, self.policy = batch, policy or PicturePolicy()
        self.model = LocalModel(folder, name, dtype, device)
        self._grammars: Grammars | None = None
        self._prefix: Prefix | None = None
        self._one_at_a_time = threading.Lock()
        self.info = self._describe(folder, name, commit)

    def _describe(self, folder: Path, name: str, commit: str) -> SystemInfo:
        used = ("torch", "transformers", "llguidance")
        sampling = asdict(read_sampling(self.sampling))
        told = {
            "version": 1,
            "dtype": self.model.dtype,
            "policy": self.policy.record() if self.model.reads_pictures else None,
            "sampling": sampling,
            "versions": packages(*used, *(["pillow"] if self.model.reads_pictures else [])),
        }
        return SystemInfo(
            name=f"{self.family}:{name}",
            kind="chat",
            identity=identity_of(files=self._files(folder), **told)[:16],
            family=self.family,
            revision=commit,
            licence=card_licence(folder),
            params=self.model.params,
            about={
                **told,
                "modalities": ["text", "image"] if self.model.reads_pictures else ["text"],
                "device": self.model.device,
                "context": self.model.context,
                "template": "its own" if self.model.turns.template else "plain",
            },
        )

    def _files(self, folder: Path) -> str:
        """Hash of the model's files."""
        return folder_hash(folder)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.info.name!r})"

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        """As `Chat.ask`. AHEAD batches of questions are drawn at a time and answered, those of one
        kind and length together, before more are drawn.

        Raises:
            ChatError: a question with pictures for a model of texts.
            DataError: a setting of sampling that is unknown or impossible, or a schema that no
                grammar can be made of.
        """
        source = iter(questions)
        while drawn := list(itertools.islice(source, AHEAD * self.batch)):
            ready: list[Question] = []
            for ask in drawn:
                found = self._prepare(ask)
                if isinstance(found, Question):
                    ready.append(found)
                else:
                    yield self._failure(ask, found)
            for batch in self._batches(ready):
                yield from self._answer(batch)

    # ----- before the model ---------------------------------------------------------------

    def _prepare(self, ask: Ask) -> Question | Unanswered:
        images = [p for p in ask.parts if isinstance(p, Image)]
        if images and not self.model.reads_pictures:
            raise ChatError(
                f"{self.info.name} reads texts only, and question {ask.id!r} has a picture; "
                "take an image-text-to-text model"
            )
        sampling = read_sampling({**self.sampling, **ask.sampling})
        if ask.schema is not None:
            self._guide(ask.schema)
        if len(images) > self.policy.most:
            return Unanswered(
                "too_many_images",
                f"{len(images)} pictures, and the policy sends at most {self.policy.most}",
            )
        sent = []
        for image in images:
            try:
                sent.append(fit_picture(image, self.policy))
            except PictureError as e:
                missing = image.own_file is not None and file_problem(image.own_file)
                error: ErrorClass = "image_missing" if missing else "image_corrupt"
                return Unanswered(error, f"{image.path or 'a picture in memory'}: {e}")
        prompt = self.model.turns.write(ask)
        length = len(prompt) // 4 + sum(s.width * s.height for s in sent) // 784
        return Question(ask, sampling, prompt, tuple(s.data for s in sent), length)

    def _guide(self, schema: Mapping[str, object]) -> Any:
        if self._grammars is None:
            ends = sorted(self.model.ends)
            self._grammars = Grammars(self.model.tokenizer, self.model.vocabulary, ends)
        return self._grammars.guide(schema)

    def _batches(self, ready: Sequence[Question]) -> Iterator[list[Question]]:
        """Questions of one kind (with or without pictures) and about one length, in batches.

        Those with the same instructions stay together where they fill half a batch and the model
        can keep what it made of them.
        """
        groups: dict[tuple[bool, str], list[Question]] = {}
        for q in ready:
            shared = q.ask.system if self.model.shared_tokens(q.ask.system) else ""
            groups.setdefault((bool(q.pictures), shared), []).append(q)
        for (pictured, shared), group in list(groups.items()):
            if shared and len(group) < self.batch / 2:
                groups.setdefault((pictured, ""), []).extend(group)
                del groups[pictured, shared]
        for group in groups.values():
            group.sort(key=lambda q: q.length)
            while group:
                some = group[: self.batch]
                del group[: len(some)]
                yield some

    # ----- through the model --------------------------------------------------------------

    def _answer(self, questions: list[Question]) -> Iterator[Reply]:
        """Replies of one batch, which is halved until it goes through."""
        parts = [questions]
        while parts:
            part = parts.pop()
            replies, problem = self._try(part)
            if not problem:
                yield from replies
            elif len(part) == 1:
                yield self._failure(part[0].ask, Unanswered("engine", problem), attempts=1)
            else:
                half = (len(part) + 1) // 2
                if any(words in problem.lower() for words in OUT_OF_MEMORY):
                    self.batch = min(self.batch, half)
                parts += [part[half:], part[:half]]

    def _try(self, questions: list[Question]) -> tuple[list[Reply], str]:
        """Replies, or what went wrong; what it took is free again when this returns."""
        try:
            with self._one_at_a_time, torch.inference_mode():
                return self._run(questions), ""
        except (MemoryError, torch.OutOfMemoryError) as e:
            problem = f"out of memory: {str(e)[:200]}"
        except Exception as e:  # one strange question must not end a run of thousands
            problem = f"{type(e).__name__}: {str(e)[:300]}"
        if self.model.device.startswith("cuda"):
            torch.cuda.empty_cache()
        return [], problem

    def _run(self, questions: list[Question]) -> list[Reply]:
        started = time.monotonic()
        batch, replies = self._read(questions)
        if not batch.rows:
            return replies
        prefix = self._shared_prefix(batch)
        known = len(prefix.tokens) if prefix else 0
        decode_rows(
            self.model.model,
            self.model.collate(batch.inputs, known),
            batch.rows,
            self.model.ends,
            self.model.decode,
            self.model.recall(prefix, len(batch.rows)),
        )
        taken = time.monotonic() - started
        for question, inputs, row in zip(batch.questions, batch.inputs, batch.rows, strict=True):
            ids = inputs["input_ids"][0]
            pictured = 0
            if question.pictures and self.model.image_token is not None:
                pictured = int((ids == self.model.image_token).sum())
            usage = {
                "input_tokens": len(ids),
                "cached_tokens": known,
                "output_tokens": row.used,
                "image_tokens": pictured,
            }
            replies.append(self._reply(question, row, usage, taken))
        return replies

    def _read(self, questions: Sequence[Question]) -> tuple[Batch, list[Reply]]:
        """What the model reads of each question, and the replies of those it cannot read."""
        batch, failed = Batch(), []
        for q in questions:
            try:
                inputs = self.model.read(q.prompt, q.pictures)
            except PictureError as e:
                failed.append(self._failure(q.ask, Unanswered("image_corrupt", str(e))))
                continue
            tokens, context = inputs["input_ids"].shape[1], self.model.context
            limit = 2 * q.sampling.max_tokens
            if context is not None and tokens >= context:
                reason = f"the question has {tokens:,} tokens, and the model reads {context:,}"
                failed.append(self._failure(q.ask, Unanswered("truncated", reason)))
                continue
            if context is not None:
                limit = min(limit, context - tokens)
            guide = None if q.ask.schema is None else self._guide(q.ask.schema)
            batch.questions.append(q)
            batch.inputs.append(inputs)
            batch.rows.append(Row(q.sampling, limit, guide))
        return batch, failed

    def _shared_prefix(self, batch: Batch) -> Prefix | None:
        """What is known of the instructions that all rows begin with; kept for the next batch."""
        system = batch.questions[0].ask.system
        if any(q.ask.system != system for q in batch.questions):
            return None
        tokens = self.model.shared_tokens(system)
        starts = [tuple(one["input_ids"][0, : len(tokens)].tolist()) for one in batch.inputs]
        if not tokens or any(start != tokens for start in starts):
            return None
        if self._prefix is None or self._prefix.tokens != tokens:
            self._prefix = self.model.remember(tokens)
        return self._prefix

    # ----- after the model ----------------------------------------------------------------

    def _reply(self, q: Question, row: Row, usage: dict[str, int], latency_s: float) -> Reply:
        text = self.model.decode(row.tokens) if row.text is None else row.text
        value: object = None
        error: ErrorClass = ""
        reason = ""
        if row.finish == "length":
            error = "truncated"
            reason = f"the answer reached {row.used:,} tokens; raise max_tokens"
        elif row.finish == "error":
            error, reason = "engine", f"the grammar of the schema gave up: {row.problem}"
        elif not text and q.ask.schema is None:
            error, reason = "engine", "the answer is empty"
        else:
            value, error, reason = parse_text(text, q.ask.schema)
        return Reply(
            q.ask.id, text, value, row.finish, error, reason, usage, (dict(usage),), latency_s,
            1 + (row.used > q.sampling.max_tokens), False, self.info.identity,
        )  # fmt: skip

    def _failure(self, ask: Ask, why: Unanswered, attempts: int = 0) -> Reply:
        return Reply(ask.id, error=why.error, reason=why.reason, attempts=attempts,
                     system=self.info.identity)  # fmt: skip
