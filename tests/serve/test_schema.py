"""The description of the API against the server, by schemathesis.

A minute here. Ten minutes by hand, against `skulens serve STORE --port 8765`:

    schemathesis run http://127.0.0.1:8765/openapi.json --max-examples 2000 --checks all
"""

import contextlib
import os

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="pip install 'skulens[dev]'")

from hypothesis import HealthCheck, Phase, settings  # noqa: E402

from skulens.serve.app import make_app  # noqa: E402
from skulens.serve.settings import Settings  # noqa: E402
from tests.search import small_shop  # noqa: E402
from tests.serve.talking import served  # noqa: E402

EXAMPLES = int(os.environ.get("SKULENS_SCHEMA_EXAMPLES", "25"))
UNSAID = [
    schemathesis.checks.positive_data_acceptance,
    schemathesis.checks.negative_data_rejection,
]
"""The grammar of filters, names of fields: no description has them. And "true" is taken for true."""
FREE = {400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 415, 421, 422, 429, 503}


@pytest.fixture(scope="module")
def address():
    with pytest.MonkeyPatch.context() as patch:
        small_shop.register(patch)
        with served(small_shop.make_shop(), Settings(workers=2)) as (client, _):
            yield str(client.base_url)


def describe():
    """The description, without a server."""
    with contextlib.closing(small_shop.make_shop()) as shop:
        return make_app(shop).openapi()


schema = schemathesis.openapi.from_dict(describe())


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_route_keeps_its_word(case, address):
    """No answer of 5xx, none that the description does not have."""
    answer = case.call(base_url=address, timeout=60)
    assert answer.status_code < 500 or answer.status_code == 501, answer.text
    if answer.status_code >= 400:
        assert answer.status_code in FREE | {501}, answer.text
        assert answer.headers["content-type"] == ["application/problem+json"]
    case.validate_response(answer, excluded_checks=UNSAID)
