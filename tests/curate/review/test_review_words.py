"""Words of a query that has no product tags, rewritten."""

from skulens.curate.review.words import rewrite, words_to_rewrite
from skulens.records import Condition, Image, Item, Query


def test_queries_without_tags_keep_their_pictures():
    photo = Image(data=b"x")
    query = Query(
        "q", Item("q", (photo, "but in navy")), {"a": 1},
        (Condition("style", part=0, relation="whole"), Condition("color", "navy")),
    )  # fmt: skip
    assert words_to_rewrite(query) == "|image| but in navy"
    told, problem = rewrite(query, "Like |image| in dark blue")
    assert problem == "" and told.item.parts == ("Like ", photo, " in dark blue")
    assert [c.part for c in told.conditions] == [1, None]
    told, problem = rewrite(query, "in dark blue")
    assert told is None and "1 times" in problem
