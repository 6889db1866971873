"""Cold start (MERIT A.3.4): two similar products -> a query of several conditions for one of them.

Similar pair -> what both share -> a difference and its value -> further differences, never of one
key twice -> the instruction. What the catalogue knows is looked up (`differences`); the rest is
asked, with the paper's prompts, for all pairs of a round together.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from skulens.chat.parse import strip_reasoning
from skulens.curate.asked.differences import Chain, Known, Open, Refused, Taken
from skulens.curate.asked.rounds import Judge, Judged, Rounds
from skulens.prompts.load import Prompt, load_prompt
from skulens.protocols import Ask, Reply
from skulens.records import Image, Reject
from skulens.values.text import fold

COMMON, ATTRIBUTE, VALUE = "merit_cold_shared", "merit_cold_attribute", "merit_cold_value"
STAGE = "cold start"
NOTHING = ""
"""A model's answer that no value fits, or that nothing is shared."""
AROUND = "\"'`. "
"""What a model may put around the entry of a list."""


@dataclass
class Funnel:
    """What became of the chains."""

    steps: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    """Chains on which the model gave no usable answer."""


@dataclass
class Asker:
    """Asks what the catalogue does not know of the pairs.

    Args:
        rounds: None where nobody may be asked: then what is unknown ends a chain.
        names: id of each product of the pool.
        photos: id -> the picture that shows a product in a query.
        targets: id -> the picture of a product as an answer.
    """

    known: Known
    rounds: Rounds | None
    names: Sequence[str]
    photos: Mapping[str, Image]
    targets: Mapping[str, Image]
    attribute: Prompt = field(default_factory=lambda: load_prompt(ATTRIBUTE))
    value: Prompt = field(default_factory=lambda: load_prompt(VALUE))
    common: Prompt = field(default_factory=lambda: load_prompt(COMMON))

    def complete(self, chains: Sequence[Chain], conditions: int, funnel: Funnel) -> list[Chain]:
        """Chains with so many conditions, in their order; the others are counted.

        Raises:
            Unanswered, ChatError: as `Rounds.ask`.
        """
        funnel.steps["proposed"] += len(chains)
        open_ = list(chains)
        for number in range(conditions):
            look, ask = (
                (self.known.share, self.ask_shared)
                if number == 0
                else (self.known.differ, self.ask_difference)
            )
            open_ = self._step(open_, look, ask, funnel)
        return open_

    def _step(
        self,
        chains: Sequence[Chain],
        look: Callable[[Chain], Taken | Open | Refused],
        ask: Callable[[Mapping[Chain, Open], Funnel], dict[Chain, Taken]],
        funnel: Funnel,
    ) -> list[Chain]:
        """Chains with one more condition, in their order."""
        taken: dict[Chain, Taken] = {}
        open_: dict[Chain, Open] = {}
        for chain in chains:
            match look(chain):
                case Taken() as found:
                    taken[chain] = found
                case Refused(reason):
                    funnel.steps[reason] += 1
                case Open() as keys:
                    open_[chain] = keys
        if open_ and self.rounds is None:
            funnel.steps["unknown to the catalogue, and nobody is asked"] += len(open_)
        elif open_:
            taken |= ask(open_, funnel)
        return [chain.then(taken[chain]) for chain in chains if chain in taken]

    # ----- what both share ----------------------------------------------------------------------

    def ask_shared(self, open_: Mapping[Chain, Open], funnel: Funnel) -> dict[Chain, Taken]:
        """The first condition of each chain, as a model sees it."""
        tables = {c: self._values(c, keys.keys) for c, keys in open_.items()}
        questions = {
            c: self.common.ask(self.name(c), self.pictures(c), stage=STAGE, values=table)
            for c, table in tables.items()
        }
        said = self._ask(questions, lambda c: judge_shared(tables[c]), funnel)
        found = {}
        for chain, pair in said.items():
            if pair == NOTHING:
                funnel.steps["the model sees nothing in common"] += 1
                continue
            key, value = json.loads(pair)
            found[chain] = Taken(self._pair(key, value), chain.shown, known=False)
        return found

    # ----- where they differ --------------------------------------------------------------------

    def ask_difference(self, open_: Mapping[Chain, Open], funnel: Funnel) -> dict[Chain, Taken]:
        """A further condition of each chain: the key as a model sees it, the value as the catalogue
        knows it of the target, else as the model sees it."""
        questions = {
            c: self.attribute.ask(
                self.name(c), self.pictures(c), stage=STAGE, attributes=list(keys.keys)
            )
            for c, keys in open_.items()
        }
        keys = self._ask(questions, lambda c: judge_choice(open_[c].keys), funnel)
        values = {c: v for c, key in keys.items() if (v := self._known_value(c, key)) is not None}
        options = {c: self._values(c, [keys[c]])[keys[c]] for c in keys if c not in values}
        asked = {
            c: self.value.ask(
                self.name(c), self.pictures(c), stage=STAGE, attribute=keys[c], values=list(some)
            )
            for c, some in options.items()
        }
        values |= self._ask(asked, lambda c: judge_choice((*options[c], "no"), "no"), funnel)
        found = {}
        for chain, value in values.items():
            if value == NOTHING:
                funnel.steps["the model finds no value that fits"] += 1
                continue
            taken = self.known.take(chain, self._pair(keys[chain], value), known=False)
            if taken is None:
                funnel.steps["no product can show the value"] += 1
            else:
                found[chain] = taken
        return found

    def _known_value(self, chain: Chain, key: str) -> str | None:
        """The target's first value of a key, where the catalogue has one."""
        pool = self.known.pool
        mine = (pool.pairs[q] for q in pool.pairs_of(chain.target))
        return next((value for k, value in mine if k == key), None)

    # ----- both ---------------------------------------------------------------------------------

    def _ask(
        self, questions: Mapping[Chain, Ask], judge: Callable[[Chain], Judge[str]], funnel: Funnel
    ) -> dict[Chain, str]:
        """The usable answers; a reject for each other one."""
        assert self.rounds is not None
        by_name = {ask.id: chain for chain, ask in questions.items()}
        settled = self.rounds.ask(
            {ask.id: ask for ask in questions.values()},
            lambda name, reply: judge(by_name[name])(name, reply),
        )
        for name, one in settled.items():
            if one.value is None:
                funnel.steps["no usable answer"] += 1
                funnel.rejects.append(one.reject(STAGE, name))
        return {by_name[n]: one.value for n, one in settled.items() if one.value is not None}

    def name(self, chain: Chain) -> str:
        """ "shown>target"."""
        return f"{self.names[chain.shown]}>{self.names[chain.target]}"

    def pictures(self, chain: Chain) -> tuple[Image, Image]:
        return self.photos[self.names[chain.shown]], self.targets[self.names[chain.target]]

    def _values(self, chain: Chain, keys: Sequence[str]) -> dict[str, list[str]]:
        kind = int(self.known.pool.kind.codes[chain.target])
        return {key: list(self.known.options[kind, key]) for key in keys}

    def _pair(self, key: str, value: str) -> int:
        return self.known.numbers[key, value]


def judge_choice(options: Sequence[str], nothing: str | None = None) -> Judge[str]:
    """Accepts one entry of a list, whole, in any case; `nothing` is the entry for none of them.

    An entry within a sentence is no answer: "No, ... any" holds many words.
    """
    known = {fold(option): option for option in options}

    def judge(_name: str, reply: Reply) -> Judged[str]:
        said = fold(strip_reasoning(reply.text).strip())
        found = known.get(said) or known.get(said.strip(AROUND))
        if found is None:
            return Judged(
                problems=("the answer has to be one entry of the list, and nothing else",)
            )
        return Judged(NOTHING if found == nothing else found)

    return judge


def judge_shared(table: Mapping[str, Sequence[str]]) -> Judge[str]:
    """Accepts an attribute of the table with one of its values, as JSON, or neither."""

    def judge(_name: str, reply: Reply) -> Judged[str]:
        said = reply.value if isinstance(reply.value, dict) else {}
        key, value = said.get("attribute"), said.get("value")
        if reply.value is not None and key is None and value is None:
            return Judged(NOTHING)
        if not isinstance(key, str) or key not in table:
            return Judged(problems=(f"attribute {key!r} is not in the list",))
        if value not in table[key]:
            return Judged(problems=(f"value {value!r} is not in the list of {key!r}",))
        return Judged(json.dumps([key, value]))

    return judge
