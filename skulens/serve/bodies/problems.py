"""What an answer that is no result looks like, for the description of the API."""

from typing import Any

from pydantic import BaseModel, Field

from skulens.serve.problems import MEDIA_TYPE


class ProblemBody(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description='for programs: "bad-filter", "bad-picture", "busy" ...')
    detail: str = Field(description="what we got, what we expected, what to do")


def answers(model: Any, *problems: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route: its answer, and the problems it may have instead.

    The answer is described, not checked: it is made by us, and checking would take longer than a
    search.
    """
    schema = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    told: dict[int | str, dict[str, Any]] = {200: {"model": model}}
    for status in problems:
        told[status] = {"model": ProblemBody, "content": {MEDIA_TYPE: schema}, "description": "A problem"}  # fmt: skip
    return told
