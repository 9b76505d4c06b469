"""Whatever a client sends that the API description allows, or does not allow: no answer is a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from vezne_host.testing.house import House
from vezne_host.testing.journey import AJAX, Shopper

EXAMPLES = 12
"""For each operation."""


@pytest.fixture(params=["demo", "lean"])
def shopper(request: pytest.FixtureRequest, house: House) -> Iterator[Shopper]:
    """Somebody with a filled basket, so that requests come further than the door."""
    with closing(Shopper(house.shop, host=f"{request.param}.localhost")) as shopper:
        shopper.comes_to_payment()
        yield shopper


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "wrong"])
def test_no_request_that_the_description_knows_breaks_the_server(
    shopper: Shopper, house: House, mode: GenerationMode
) -> None:
    described = shopper.client.get("/schema/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=house.shop)
    token = shopper.client.get("/csrf_token/").json()["csrf_token"]
    cookies = dict(shopper.client.cookies)
    headers = {**AJAX, "x-csrftoken": token, "Host": shopper.host}
    seen = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case: schemathesis.Case) -> None:
            response = case.call(headers=headers, cookies=cookies)
            assert response.status_code < 500, f"{case.as_curl_command()}: {response.text[:300]}"

        try:
            holds()
        except Unsatisfiable:
            continue  # nothing about it can be wrong
        seen += 1
    assert seen > 10
