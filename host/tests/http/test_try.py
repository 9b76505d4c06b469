from vezne_host.testing.journey import Shopper, HOME
import pytest, json
def test_it(house):
    s = Shopper(house.shop)
    try:
        print(s.client.get("/health/ready").text)
        print(s.client.get("/baskets/basket/").text)
        r = s.buys(); print(json.dumps(r)[:600])
        r = s.buys(2, 3); print(r["total_quantity"], r["total_amount"])
        print(s.get()["context_list"][-1])
        pk = s.has_address(); print(pk)
        s.comes_to_payment(); print(s.pages, s.errors)
        print(s.client.get("/orders/checkout/").text)
        s.submit("PaymentOptionSelectionPage", payment_option=2); print(s.pages, s.errors)
        s.submit("FundsTransferChoicePage", bank_account=1); print(s.pages, s.errors)
        s.submit("FundsTransferPage", agreement=1); print(s.pages, s.errors, s.answer["context_list"])
        u = s.answer["context_list"][0]["page_context"]["redirect_url"]
        print(s.client.get(u+"?format=json").text[:3000])
        print(s.client.get(u).text)
        print(s.client.get("/schema/openapi.json").text[:300])
        r=s.client.get("/orders/checkout/"); print(r.headers, r.text)
        print(s.client.cookies)
    finally:
        print(house.log.read_text()[-5000:])
    assert 0
