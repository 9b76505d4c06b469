"""A shopper at the desk: the host's real engine over the specification's pages, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import msgspec

from vezne_core import Answer, Catalogue, CheckoutSettings, Config, PreOrder
from vezne_host.collected import Bound, Collected
from vezne_host.engine import Engine
from vezne_host.late import Late
from vezne_host.payments.post_order import ANSWERS, FACTS
from vezne_host.present import Presenter
from vezne_host.services.gateways import GatewayService
from vezne_host.storage.checkouts import OrderRow, decode_body, encode_body
from vezne_host.visit import CheckoutRequest, Reply

from .heads import ALL, CONSTANT
from .memory import Checkouts, Row, Till
from .plugin import PLUGINS, Assembly
from .shop import Shop


class Runtime:
    """What an engine asks of its merchant."""

    name = "heads"
    reconciler = None

    def __init__(self, shop: Shop, assembly: Assembly, blockers: Any) -> None:
        self._shop = shop
        self.revision = 1
        self.flow = assembly.flow
        self.graph = assembly.graph
        self._catalogue = assembly.catalogue
        self.presenter = Presenter(
            assembly.graph,
            assembly.catalogue,
            lambda text, language: str(text),
            lambda phone, preorder: phone,
        )
        kept = (
            {"vezne_add_blockers": (Bound("blocking", blockers, ("page", "preorder")),)} if blockers else {}
        )
        self.collected = Collected(kept=kept)
        self.blocks = self.collected.has_blockers
        gateways = Late[Any]()
        gateways.set(assembly.gateways)
        self.services = SimpleNamespace(gateways=GatewayService(gateways))

    def settings(self) -> CheckoutSettings:
        return self._shop.settings

    def config_now(self) -> tuple[Config, Catalogue]:
        return self._shop.config(self.revision), self._catalogue.snapshot

    def turned(self) -> None:
        """Load the configuration anew."""
        self.revision += 1
        self._catalogue.snapshot = self._shop.snapshot(self.revision)


class Desk:
    """One shopper's checkout, from request to request."""

    def __init__(
        self, shop: Shop | None = None, *, plugins: Iterable[str] = PLUGINS, blockers: Any = None
    ) -> None:
        """:param blockers: ``blockers(page, preorder)``, as a plugin's hook."""
        self.shop = shop or Shop()
        self.assembly = Assembly(self.shop, plugins)
        self.runtime = Runtime(self.shop, self.assembly, blockers)
        self.row = Row()
        self.checkouts = Checkouts(self.shop, self.row)
        self.till = Till(self.shop, self.row, self.assembly.graph, self.assembly.flow)
        runtime: Any = self.runtime
        checkouts: Any = self.checkouts
        runner: Any = self.till
        self.engine = Engine(runtime, checkouts, runner)
        self.reply: Reply | None = None
        self.cookie = self.row.public_id

    # What a shopper does.

    async def get(self, page: str | None = None) -> Reply:
        return await self._answered(self.engine.get(self._request(page)))

    async def post(self, page: str, *, result: str | None = None, **fields: Any) -> Reply:
        """Submit a page; ``result`` is what the till answers, should it be asked."""
        if result is not None:
            self.till.results = [result]
        return await self._answered(self.engine.post(self._request(page, fields)))

    async def come_back(self, page: str, token: str, *, result: str | None = None, **fields: Any) -> Reply:
        """Come back from the bank by its address, which carries the token of the attempt."""
        if result is not None:
            self.till.results = [result]
        request = msgspec.structs.replace(self._request(page, fields), token=token, session=None)
        return await self._answered(self.engine.post(request))

    async def leave(self) -> Any:
        """Be sent to the provider."""
        return await self.engine.leave(self._request(None))

    def turn(self, **knobs: Any) -> None:
        """Let the world change between two requests."""
        self.shop.turn(**knobs)
        self.runtime.turned()

    def elsewhere(self, **answers: Any) -> None:
        """Fill slots beside the pages here, as other pages of their plugins do."""
        from .value import made  # the values of pages

        usual = {"DELIVERY_OPTION": self.shop.delivery_page, "SHIPPING": self.shop.shipping_page}
        raw, memory = decode_body(self.row.body)
        preorder = PreOrder(self.row.id or "", "heads", self.row.revision, raw=raw)
        for constant, given in answers.items():
            page = usual.get(constant, "")
            slot = ALL[constant]
            change = (
                slot.clear() if given is None else slot.fill(made(constant, given, page, preorder, self.shop))
            )
            preorder, _ = preorder.apply(self.assembly.graph, [change])
        self.row.write(preorder, encode_body(preorder, memory))

    def pay_again(self) -> None:
        """Open a pre-order for the order just placed, which waits for its payment."""
        attempt, order = self.row.attempts[-1], self.row.order
        assert order is not None
        values = attempt.snapshot
        answers = {slot.name: values[slot.name] for slot in ANSWERS if slot.name in values}
        fixed = {slot.name: msgspec.Raw(values[slot.name]) for slot in FACTS if slot.name in values}
        preorder = PreOrder("again", "heads", raw=answers, post_order=True)
        memory = decode_body(msgspec.msgpack.encode({}))[1]
        memory.fixed = fixed
        placed = self.row.order
        self.row.begin_anew()
        self.row.write(preorder, encode_body(preorder, memory))
        self.row.state, self.row.post_order = "open", 1
        self.row.order = placed and OrderRow(placed.pk, placed.number, placed.key, placed.age)

    # How it stands.

    @property
    def pages(self) -> list[str]:
        """The pages of the last answer."""
        assert self.reply is not None
        return [context.page_name for context in self.reply.envelope.context_list]

    @property
    def errors(self) -> dict[str, list[str]]:
        """The errors of the last answer."""
        assert self.reply is not None
        return dict(self.reply.envelope.errors or {})

    @property
    def shown(self) -> dict[str, Any]:
        """The pre-order of the last answer."""
        assert self.reply is not None
        return dict(self.reply.envelope.pre_order or {})  # type: ignore[arg-type]

    @property
    def filled(self) -> set[str]:
        """Constants of the slots that the row holds."""
        return {CONSTANT[name] for name in self.row.raw}

    def value(self, constant: str) -> Any:
        """What a slot of the row holds."""
        raw = self.row.raw.get(ALL[constant].name)
        return None if raw is None else ALL[constant].decode(raw)

    async def pending(self) -> str:
        """The page that waits: the last one of the whole path."""
        await self.get()
        return self.pages[-1]

    async def reach(self, target: str, *, choose: dict[str, Any] | None = None, **results: str) -> None:
        """Answer page after page until one waits.

        :param choose: answers by slot, where the first that is offered is not meant.
        """
        choose = choose or {}
        for _ in range(40):
            pending = await self.pending()
            if pending == target:
                return
            give = {constant: given for constant, given in choose.items() if constant in self.fills(pending)}
            await self.post(pending, give=give, result=results.get(pending))
            if self.errors:
                raise AssertionError(f"on the way to {target}: {pending} answered {self.errors}")
        raise AssertionError(f"{target} is not on the way; it ends at {await self.pending()}")

    def fills(self, page: str) -> set[str]:
        """Constants of the slots that a page may fill."""
        known = self.assembly.flow.pages[page]
        return {CONSTANT[slot.name] for slot in (*known.fills, *known.touches)}

    def _request(self, page: str | None, fields: dict[str, Any] | None = None) -> CheckoutRequest:
        return CheckoutRequest(
            client=self.shop.client,
            session=self.cookie,
            page=self.assembly.flow.pages[page] if page else None,
            fields=fields or {},
            answer=Answer(),
        )

    async def _answered(self, coming: Any) -> Reply:
        self.reply = await coming
        self.till.results = []
        if self.reply.public_id is not None:
            self.cookie = self.reply.public_id
        return self.reply
