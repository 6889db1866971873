"""What requests and answers look like; `answers` has those of the routes that only read."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
"""A finite number, small enough to be multiplied."""


class Body(BaseModel):
    """A body, whose fields are all known."""

    model_config = ConfigDict(extra="forbid")
