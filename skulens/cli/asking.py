"""Options of every command that asks a model, and the engine, store and budget they describe.

@click.command()
@engine_options
def command(asking: Asking, ...):
    with asking.open("caption") as asked:
        for reply in asked.ask(questions, total=len(...)): ...
        click.echo(asked.last_line())
"""

import inspect
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import click

from skulens.errors import ChatError, DataError

if TYPE_CHECKING:
    from skulens.chat.money.ledger import Budget, Prices
    from skulens.cli.asked import Asked
    from skulens.protocols import Chat

PARAMETERS = {
    "url": "url",
    "key_env": "key_env",
    "revision": "revision",
    "server": "server",
    "concurrency": "concurrency",
    "timeout": "timeout_s",
    "deadline": "deadline_s",
    "max_tokens": "sampling",
    "temperature": "sampling",
    "picture_px": "policy",
}
"""Option -> what an engine's constructor calls it; "sampling" and "policy" hold several."""
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}", re.I)
KEY_SIGN = re.compile(r"(sk|pk|gsk|hf|xai|r8|nvapi)[-_]|AIza|Bearer\b", re.I)
SECRET_WORDS = ("key", "token", "secret", "password", "auth", "sig")
"""Parts of names of query parameters whose value is a secret."""


def no_key(_ctx, _param, given: str | None) -> None:
    """Keys never come by the command line. The value is not repeated."""
    if given is not None:
        raise click.UsageError(
            "a key on the command line ends up in the shell's history and in the list of "
            "processes: put it into an environment variable and name that by --key-env "
            "(OPENAI_API_KEY is read without being named). Replace the key you typed"
        )


def variable_name(_ctx, _param, name: str | None) -> str | None:
    """The name of an environment variable; refuses, without repeating it, what looks like a key."""
    if name is None:
        return None
    digits = sum(c.isdigit() for c in name)
    random = len(name) >= 24 and digits >= 4 and name not in os.environ
    if not VARIABLE.fullmatch(name) or (KEY_SIGN.match(name) and digits) or random:
        raise click.UsageError(
            "--key-env takes the name of an environment variable that holds the key, such as "
            "OPENAI_API_KEY; what was given is no such name and may be the key itself. If it is, "
            "replace the key: it is in the shell's history now"
        )
    return name


def address(_ctx, _param, url: str | None) -> str | None:
    """The URL of a server; refuses one that holds a password or key, without repeating it."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
        secret = parts.password or any(
            word in name.lower() for name, _ in parse_qsl(parts.query) for word in SECRET_WORDS
        )
    except ValueError as e:
        raise click.UsageError(f"--url is no address ({e}), expected http://HOST:PORT/v1") from e
    if secret or parts.username:
        raise click.UsageError(
            "--url holds a user, password or key, which would get into the stored replies: give "
            "the address without it, and the key by --key-env"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError(f"--url is {url!r}, expected http://HOST:PORT/v1")
    return url


def pairs(_ctx, _param, given: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE, repeated, as a mapping."""
    for pair in given:
        if not re.match(r"\w+=.", pair):
            raise click.BadParameter(f"expected NAME=VALUE, such as device=cuda, got {pair!r}")
    return dict(pair.split("=", 1) for pair in given)


def classes() -> click.Choice:
    """The error classes, read from the protocol so that help needs nothing heavy."""
    from typing import get_args

    from skulens.protocols import ErrorClass

    return click.Choice([c for c in get_args(ErrorClass) if c])


replies_option = click.option(
    "--replies",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the reply store.  [default: replies in $SKULENS_CACHE]",
)
prices_option = click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Your table of prices; its rows win over those of `skulens list prices`.  "
    "[default: $SKULENS_PRICES]",
)
ENGINE = (
    click.option("--engine", "-e", required=True, metavar="NAME",
                 help="Who is asked: a row of `skulens list chats`, such as openai:MODEL."),
    click.option("--url", callback=address,
                 help="Address of the server, such as http://localhost:8000/v1.  "
                 "[default: $OPENAI_BASE_URL]"),
    click.option("--key-env", callback=variable_name, metavar="NAME",
                 help="Environment variable that holds the key; the key itself is never given on "
                 "the command line.  [default: OPENAI_API_KEY]"),
    click.option("--key", "--api-key", "no_key", hidden=True, expose_value=False, callback=no_key,
                 help="Refused: see --key-env."),
    click.option("--revision", help="Of the model: part of what tells stored replies apart."),
    click.option("--server", metavar="NAME",
                 help="What the server is called in the store, so that its replies are kept when "
                 "it moves.  [default: its URL]"),
    click.option("--concurrency", type=click.IntRange(min=1),
                 help="Most questions in flight at a time."),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
                 help="Longest wait for one attempt."),
    click.option("--deadline", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
                 help="Longest time for one question with all its attempts."),
    click.option("--max-tokens", type=click.IntRange(min=1), help="Most tokens of an answer."),
    click.option("--temperature", type=click.FloatRange(min=0),
                 help="0: the likeliest answer, the same each time."),
    click.option("--picture-px", type=click.IntRange(min=16),
                 help="Longest side of the pictures that are sent."),
    click.option("--engine-option", "more", multiple=True, callback=pairs, metavar="NAME=VALUE",
                 help="Another option of the engine, such as device=cuda; may be repeated."),
)  # fmt: skip
STORE = (
    replies_option,
    click.option("--ask-again", type=classes(), multiple=True, metavar="CLASS",
                 help="Ask again what failed before with this error class; may be repeated."),
    click.option("--budget-tokens", type=click.IntRange(min=1),
                 help="Stop when about so many tokens are spent, input and output together."),
    click.option("--budget-money", type=click.FloatRange(min=0, min_open=True),
                 help="Stop when about so much is spent, in the currency of the model's price."),
    prices_option,
    click.option("--batch", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
                 help="Write the questions as OpenAI batch files into this new folder instead of "
                 "asking them; `skulens replies import` reads the results."),
    click.option("--no-canary", is_flag=True,
                 help="Do not check first, with pictures that are easily told apart, that the "
                 "server keeps the pictures of simultaneous questions apart."),
)  # fmt: skip


def engine_options(command: Callable) -> Callable:
    """--engine and all that says how it is asked; the command gets them as `asking`."""

    @wraps(command)
    def with_asking(**given: Any) -> Any:
        taken = {f.name: given.pop(f.name) for f in fields(Asking)}
        return command(asking=Asking(**taken), **given)

    made: Callable = with_asking
    for option in reversed((*ENGINE, *STORE)):
        made = option(made)
    return made


@dataclass(frozen=True)
class Asking:
    """What the options say; None where one was not given."""

    engine: str
    url: str | None = None
    key_env: str | None = None
    revision: str | None = None
    server: str | None = None
    concurrency: int | None = None
    timeout: float | None = None
    deadline: float | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    picture_px: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    replies: Path | None = None
    ask_again: tuple[str, ...] = ()
    budget_tokens: int | None = None
    budget_money: float | None = None
    prices: Path | None = None
    batch: Path | None = None
    no_canary: bool = False

    def open(self, run: str, bar: bool = True) -> "Asked":
        """The engine with its store, budget and batch files: a `Chat`. To be closed, by `with`.

        Args:
            run: what the ledger calls this run; the date is added.
            bar: whether to show progress; False for a command that shows its own.
        Raises:
            SkulensError: an engine, option, price or budget that does not fit; at the door.
        """
        from skulens.chat.bulk.remember import Remembered
        from skulens.chat.money.ledger import Prices
        from skulens.chat.replies.store import ReplyStore
        from skulens.cli.asked import Asked
        from skulens.files import cache_folder

        prices = Prices.read(self.prices)
        chat = self.open_engine()
        budget = self.open_budget(prices, chat.info.name)
        store = ReplyStore(self.replies or cache_folder() / "replies")
        try:
            remembered = Remembered(
                chat,
                store,
                run=f"{run} {time.strftime('%Y-%m-%d %H:%M:%S')}",
                retry=self.ask_again,
                budget=budget,
                canary=self.canary(),
            )
            return Asked(remembered, prices, self.batch, bar)
        except BaseException:
            store.close()
            raise

    def open_budget(self, prices: "Prices", model: str) -> "Budget | None":
        """What may be spent; None without a limit. Raises ChatError for money without a price."""
        from skulens.chat.money.ledger import Budget

        if self.budget_tokens is None and self.budget_money is None:
            return None
        if self.batch is not None:
            raise DataError("with --batch nothing is asked, so that no budget can be kept: drop it")
        return Budget(self.budget_tokens, self.budget_money, prices, model)

    def canary(self) -> "Callable[[Chat], object] | None":
        """The check of an engine before questions with pictures; None where it is not wanted."""
        if self.no_canary or self.batch is not None:
            return None
        from skulens.chat.checks.canary import guard

        return guard

    def open_engine(self) -> "Chat":
        """Raises DataError for an option that the engine has not."""
        from skulens.chat import open_chat

        if self.batch is not None and "url" not in self.parameters():
            raise DataError(f"engine {self.engine!r} has no batch files: they are for openai:MODEL")
        return open_chat(self.engine, **self.engine_options())

    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Of the engine's constructor."""
        from skulens.registry import resolve

        return inspect.signature(resolve("chat", self.engine.partition(":")[0])).parameters

    def engine_options(self) -> dict[str, Any]:
        """What the engine's constructor gets: only what was given."""
        family, made = self.engine.partition(":")[0], self.parameters()
        anything = any(p.kind is p.VAR_KEYWORD for p in made.values())
        options: dict[str, Any] = {}
        for name, parameter in PARAMETERS.items():
            value = getattr(self, name)
            if value is None:
                continue
            if parameter not in made and not anything:
                raise refuse(family, f"--{name.replace('_', '-')}", set(made))
            if parameter == "sampling":
                options.setdefault("sampling", {})[name] = value
            elif parameter == "policy":
                options["policy"] = policy_of(value)
            else:
                options[parameter] = value
        for name, text in self.more.items():
            if name not in made and not anything:
                raise refuse(family, f"--engine-option {name}", set(made))
            if re.search("key|secret|token", name) and name not in ("max_tokens", "key_env"):
                raise ChatError("a key is never given on the command line: see --key-env")
            default = made[name].default if name in made else ""
            options[name] = typed(name, text, default)
        # Nothing is asked, so that no server has to be there.
        if self.batch is not None and "check" in made:
            options["check"] = False
        return options


def policy_of(side_px: int) -> Any:
    """Pictures of at most this side, and no smaller for their number of pixels."""
    from skulens.chat.pictures import PicturePolicy

    return PicturePolicy(side_px=side_px, pixels=side_px * side_px)


def refuse(family: str, option: str, made: set[str]) -> DataError:
    """The error for an option that an engine has not, with those it has."""
    has = [f"--{o.replace('_', '-')}" for o, p in PARAMETERS.items() if p in made]
    other = sorted(made - set(PARAMETERS.values()) - {"model", "argument", "check"})
    has += [f"--engine-option {name}=" for name in other]
    return DataError(f"engine {family!r} has no {option}; it has {', '.join(has) or 'no options'}")


def typed(name: str, text: str, default: object) -> object:
    """The text of --engine-option in the type of the constructor's default."""
    try:
        if isinstance(default, bool):
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if isinstance(default, int | float):
            return type(default)(text)
    except (KeyError, ValueError):
        kind = "true or false" if isinstance(default, bool) else f"a number such as {default}"
        raise DataError(f"--engine-option {name}: expected {kind}, got {text!r}") from None
    return text
