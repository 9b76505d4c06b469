"""Phone numbers: kept as E.164, shown in the national form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_host.phone import e164, national

MASK = "05999999999"


@pytest.mark.parametrize(
    ("number", "mask", "shown"),
    [
        pytest.param("+905551234567", MASK, "05551234567", id="with the zero of the mask"),
        pytest.param("+905551234567", "5999999999", "5551234567", id="without it"),
        pytest.param("+905551234567", "0 (599) 999 99 99", "0 (555) 123 45 67", id="with signs between"),
        pytest.param("+905551234567", "05", "+905551234567", id="a mask that is too short"),
        pytest.param("+4930123456", MASK, "+4930123456", id="another country"),
        pytest.param("+99455123456", MASK, "+99455123456", id="another country whose code begins alike"),
        pytest.param("+90", MASK, "+90", id="a country code alone"),
        pytest.param("+90 555", MASK, "+90 555", id="what is no E.164"),
        pytest.param("05551234567", MASK, "05551234567", id="a national number"),
        pytest.param(None, MASK, None, id="none"),
    ],
)
def test_number_is_shown_as_the_mask_says(number: str | None, mask: str, shown: str | None) -> None:
    assert national(number, mask) == shown


@given(st.integers(5_000_000_000, 5_599_999_999).map(str))
def test_what_is_shown_reads_as_the_number_that_was_kept(significant: str) -> None:
    kept = e164(significant, "TR")

    assert kept is not None
    assert e164(national(kept, MASK) or "", "TR") == kept
