"""Contracts: known places are filled, values are escaped, everything else stays as written."""

from vezne_host.http.contract_text import filled

PRE_ORDER = {
    "user_email": "a&b@example.com",
    "currency_type_label": "TL",
    "total_amount_with_interest": "62.99",
    "shipping_address": {
        "first_name": "<b>Ada</b>", "line": "Moda 1", "district": None, "township": {"name": "Kadıköy"},
        "city": {"name": "İstanbul"}, "country": {"name": "Türkiye"},
    },
    "billing_address": None,
    "basket": {"basketitem_set": [{"quantity": 2, "product": {"name": "<T>"}, "total_amount": "54.49"}]},
}  # fmt: skip


def test_places_are_filled_from_the_pre_order() -> None:
    template = "<p>{date} {email}: {shipping_address}, {total_amount} {currency}</p>{products}"

    assert filled(template, PRE_ORDER, "2026-05-04") == (
        "<p>2026-05-04 a&amp;b@example.com: Moda 1, Kadıköy, İstanbul, Türkiye, 62.99 TL</p>"
        "<ul><li>2 × &lt;T&gt;: 54.49 TL</li></ul>"
    )


def test_values_cannot_bring_markup() -> None:
    assert filled("{first_name}", PRE_ORDER, "") == "&lt;b&gt;Ada&lt;/b&gt;"


def test_a_place_without_a_value_is_empty() -> None:
    assert filled("[{billing_address}{order_number}{products}]", {}, "") == "[]"


def test_braces_of_somebody_else_stay() -> None:
    template = "a { color: red } {unknown} {0} {__class__} {date.year}"

    assert filled(template, PRE_ORDER, "2026-05-04") == template
