"""An engine of a few lines, for tests of what is made with its answers."""

from collections.abc import Callable, Iterable, Iterator

from skulens.protocols import Ask, ErrorClass, Reply
from skulens.records import SystemInfo


class Scripted:
    """Answers with what `say` gives for a question and its number (0: the first about a product): a
    caption, or (error class, reason). Keeps the questions."""

    def __init__(self, say: Callable[[Ask, int], str | tuple[ErrorClass, str]], backwards=False):
        self.say, self.backwards = say, backwards
        self.asked: list[Ask] = []
        self.info = SystemInfo(name="scripted", kind="chat", identity="scripted/1")

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        if self.backwards:
            questions = list(questions)[::-1]
        for ask in questions:
            self.asked.append(ask)
            said = self.say(ask, int(ask.sampling.get("seed", 0)))
            if isinstance(said, str):
                yield Reply(ask.id, text=said, value={"label": said}, system="scripted/1")
            else:
                yield Reply(ask.id, error=said[0], reason=said[1])
