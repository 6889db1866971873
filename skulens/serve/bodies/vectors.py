"""`POST /v1/embeddings` as OpenAI's, with pictures, and `POST /v1/rerank` as Cohere's and Jina's."""

from typing import Literal

from pydantic import Field

from skulens.serve.bodies import Body

MOST_INPUTS = 256
MOST_DOCUMENTS = 1_000


class UrlBody(Body):
    """A picture as chat messages write it."""

    url: str
    detail: str | None = Field(None, description="taken, and of no effect")


class InputBody(Body):
    """A text or a picture, in the words of OpenAI's messages."""

    type: Literal["text", "input_text", "image_url", "input_image"]
    text: str | None = None
    image_url: str | UrlBody | None = Field(None, description="data:image/jpeg;base64,...")


Input = str | InputBody


class EmbeddingsBody(Body):
    """Texts and pictures to embed."""

    input: Input | list[Input] = Field(
        description="texts; data: addresses of pictures; or objects that say which"
    )
    model: str = Field(
        "", description="a column of the store or its encoder; empty: whichever fits"
    )
    encoding_format: Literal["float", "base64"] = "float"
    input_type: Literal["query", "document"] = Field(
        "query", description="for encoders that embed what is asked otherwise than what is found"
    )
    dimensions: int | None = Field(None, description="only as many as the encoder makes")
    user: str | None = Field(None, description="taken, and of no effect")


class EmbeddingBody(Body):
    """A vector of length 1."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str = Field(description="numbers, or little-endian float32 in base64")


class UsageBody(Body):
    """Tokens of all texts that the encoder read; a picture has none."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsAnswer(Body):
    """Vectors in the order of the input."""

    object: Literal["list"]
    data: list[EmbeddingBody]
    model: str
    maker: str = Field(description="what only vectors of the same can be compared with")
    usage: UsageBody


class ThingBody(Body):
    """One of a text, a picture and a product of the store."""

    text: str | None = None
    image: str | None = Field(None, description="data:image/jpeg;base64,...")
    product: str | None = Field(None, description="its id; its vector in the store is compared")


class RerankBody(Body):
    """A query, and what is to be ordered by it."""

    query: str | ThingBody
    documents: list[str | ThingBody] = Field(min_length=1, max_length=MOST_DOCUMENTS)
    model: str = Field(
        "", description="a column of the store or its encoder; empty: whichever fits"
    )
    top_n: int | None = Field(None, ge=1)
    return_documents: bool = False


class RankedBody(Body):
    """A document and how well it fits."""

    index: int = Field(description="position in `documents`")
    relevance_score: float = Field(description="cosine of its vector and the query's")
    document: ThingBody | None = None


class RerankAnswer(Body):
    """Documents, the best first; of equal ones the first given."""

    model: str
    results: list[RankedBody]
    usage: UsageBody
