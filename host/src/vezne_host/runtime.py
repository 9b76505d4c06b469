"""One merchant at work: everything his plugins brought, assembled and checked.

The pluggy manager lives only while a runtime is assembled. What does not
depend on settings (classes, texts, connections) is shared by all merchants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis

from vezne_core import (
    INSTALLMENT,
    Adjustment,
    Catalogue,
    CheckoutSettings,
    Client,
    Clock,
    Config,
    Flow,
    Gateway,
    Http,
    Junction,
    Mail,
    PaymentOption,
    Plugin,
    PreOrder,
    Problem,
    Refused,
    Reservation,
    RuleBook,
    RuleType,
    Secret,
    Services,
    SlotGraph,
    Sms,
    Source,
)
from vezne_core.benefits import BENEFIT_TYPES
from vezne_core.card_rules import CARD_RULES
from vezne_core.catalogue import R
from vezne_core.conditions import CONDITION_TYPES
from vezne_core.remote_calculator import calculator_types
from vezne_core.shipping_rules import RULE_TYPES
from vezne_host.catalogue import Snapshot
from vezne_host.collected import Collected
from vezne_host.config import HostSettings, Merchant, decode_settings
from vezne_host.discovery import Installed
from vezne_host.engine import Engine
from vezne_host.field import SPINE
from vezne_host.hooks import collect
from vezne_host.late import Late
from vezne_host.orders.move import Moves
from vezne_host.payments.post_order import PostOrders
from vezne_host.payments.reconciler import Reconciler
from vezne_host.payments.refund import Refunds
from vezne_host.payments.runner import Runner
from vezne_host.payments.transfer import Transfers
from vezne_host.phone import national
from vezne_host.present import Presenter
from vezne_host.services.addresses import RequestAddresses
from vezne_host.services.availability import Availability, check_payment_options
from vezne_host.services.cache import RedisCache
from vezne_host.services.card_rules import CardRules
from vezne_host.services.cards import CardService
from vezne_host.services.clock import RandomNumbers
from vezne_host.services.failed_tries import FailedTries
from vezne_host.services.gateways import GatewayService
from vezne_host.services.keyring import KeyRing
from vezne_host.services.links import OrderLinks, ShopLinks
from vezne_host.services.offers import Offers
from vezne_host.services.saved_cards import CardWallet, SavedCards
from vezne_host.services.shipping import ShippingOptions, ready_options
from vezne_host.services.vault import CardVault
from vezne_host.sources import StandardSources
from vezne_host.spine.plugin import Spine
from vezne_host.storage.checkouts import Checkouts, Loaded
from vezne_host.storage.database import PluginDatabase
from vezne_host.storage.lane import Lane
from vezne_host.storage.webhooks import WebhookLog
from vezne_host.texts import GettextTexts
from vezne_host.webhook.sender import WebhookSender


class Process(Struct, frozen=True, kw_only=True):
    """What all merchants of a process share."""

    settings: HostSettings
    installed: Mapping[str, Installed]
    texts: GettextTexts
    lane: Lane
    redis: Redis
    http: Http
    clock: Clock
    mail: Mail
    sms: Sms
    saved_cards: SavedCards
    nudge: Callable[[], None]
    """Tells the outbox relay of this process that there is something to tell."""

    @property
    def keys(self) -> list[tuple[str, Secret]]:
        """Ids and keys, the one in use first."""
        return [(key.id, key.key) for key in self.settings.keys]


class LiveCatalogue:
    """Core's ``Catalogue``: the snapshot in force."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @property
    def revision(self) -> int:
        """Number that changes with every change of the configuration."""
        return self.snapshot.revision

    def all(self, type: type[R]) -> tuple[R, ...]:
        """Return all records of a type."""
        return self.snapshot.all(type)

    def get(self, type: type[R], pk: int | None) -> R | None:
        """Return one record, or None."""
        return self.snapshot.get(type, pk)


class MerchantRuntime:
    """Serves one merchant.

    :raises Refused: everything that stands in the way, at once.
    """

    def __init__(self, merchant: Merchant, process: Process, snapshot: Snapshot) -> None:
        self.name = merchant.name
        self.config = merchant
        self.lane = process.lane
        self.installed = process.installed
        self.texts = process.texts
        self.lifetimes = process.settings.lifetimes
        self.nudge = process.nudge
        self.catalogue = LiveCatalogue(snapshot)
        keys, days = [key for _, key in process.keys], process.settings.lifetimes.order_link_days
        self.order_links = OrderLinks(keys, merchant.name, days)
        self.return_links = OrderLinks(keys, merchant.name, days, purpose="return")
        self._flow = Late[Flow]()
        self._book = Late[RuleBook]()
        self._gateways = Late[Mapping[str, Gateway]]()
        self._promotions = Late[Sequence[tuple[str, Any]]]()
        self._settings = (snapshot, snapshot.settings(merchant.checkout))
        self.wallet = CardWallet(merchant.name, process.saved_cards, KeyRing(process.keys, "saved card"))
        self.cards = self._cards(process)
        self.offers = Offers(self.catalogue, self._book.get, self._promotions, process.clock)
        self.services = self._services(process)
        availability = Availability(self.catalogue, self._book.get, process.clock)
        rules: list[RuleType] = [
            *RULE_TYPES, *calculator_types(process.http), *CARD_RULES, *CONDITION_TYPES, *BENEFIT_TYPES,
        ]  # fmt: skip
        self.spine = Spine(self.services, self._flow, availability, rules)
        self.plugins = self._plugins(process)
        self.collected: Collected = collect(self.plugins)
        self._book.set(RuleBook(kind for _, kind in self.collected.rules))
        self.gateways: Mapping[str, Gateway] = {gate.name: gate for _, gate in self.collected.gateways}
        self._gateways.set(self.gateways)
        self._promotions.set(self.collected.promotions)
        self.reservations: tuple[Reservation, ...] = tuple(
            sorted((each for _, each in self.collected.reservations), key=lambda each: each.order)
        )
        self.standard = self._standard_sources()
        self.graph = SlotGraph(
            [slot for _, slot in self.collected.slots],
            [*self._sources(), *(source for _, source in self.collected.sources)],
        )
        self.flow = Flow(self.collected.chains, self.graph)
        self._flow.set(self.flow)
        self.check(snapshot)
        self.presenter = Presenter(self.graph, self.catalogue, self.texts.translate, self._phone)
        self.checkouts = Checkouts(process.lane, merchant.name)
        self.runner = Runner(self, process.lane, self.checkouts)
        self.post_orders = PostOrders(self, process.lane)
        self.refunds = Refunds(self, process.lane)
        self.moves = Moves(self, process.lane)
        self.transfers = Transfers(self, process.lane)
        log = WebhookLog(process.lane, self.name)
        self.webhooks = WebhookSender(merchant.webhooks, process.http, process.clock, log)
        self.reconciler = Reconciler(process.lane, {self.name: self})
        self.engine = Engine(self, self.checkouts, self.runner)

    # Assembling.

    def _cards(self, process: Process) -> CardService:
        cache = RedisCache(process.redis, self.name)
        tries = FailedTries(self.name, cache, KeyRing(process.keys, "failed tries"))
        return CardService(self.catalogue, self.config_fact, self._book.get, tries, self.wallet)

    def _services(self, process: Process) -> Services:
        cache = RedisCache(process.redis, self.name)
        return Services(
            clock=process.clock,
            http=process.http,
            database=PluginDatabase(process.lane, self.name),
            cache=cache,
            sms=process.sms,
            mail=process.mail,
            texts=process.texts,
            addresses=RequestAddresses(),
            catalogue=self.catalogue,
            cards=self.cards,
            shipping=ShippingOptions(self.catalogue, self._book.get, process.clock),
            gateways=GatewayService(self._gateways),
            numbers=RandomNumbers(),
            vault=CardVault(self.name, cache, process.clock, KeyRing(process.keys, "card")),
            links=ShopLinks(self.config.public_url),
            offers=self.offers,
        )

    def _plugins(self, process: Process) -> dict[str, Plugin[Any]]:
        """Make the instances of this merchant, each with its settings.

        :raises Refused: settings that cannot be read, and plugins that cannot be made.
        """
        problems: list[Problem] = []
        plugins: dict[str, Plugin[Any]] = {SPINE: self.spine}
        for name in self.config.plugins:
            installed = process.installed.get(name)
            if installed is None:
                continue  # its problem is known from discovery
            place = f"{self.config.place}.settings.{name}"
            table = self.config.settings.get(name, {})
            settings, wrong = decode_settings(installed.type.settings_type, table, place)
            problems += wrong
            if settings is None:
                continue
            try:
                plugins[name] = installed.type(settings, self.services)
            except (Exception, SystemExit) as error:
                fact = f"cannot be made: {type(error).__name__}: {error}"
                problems.append(Problem(f"plugin {name}", fact, "look at its settings, or tell its author"))
        if problems:
            raise Refused(problems)
        return plugins

    def _standard_sources(self) -> StandardSources:
        own = {
            chain.serves: gateway.name
            for plugin, chain in self.collected.chains
            if chain.junction is Junction.PAYMENT and chain.serves
            for owner, gateway in self.collected.gateways
            if owner == plugin
        }
        return StandardSources(
            flow=self._flow,
            payments=self.spine.payments,
            delivery={mode.serves: mode for _, mode in self.collected.delivery},
            shipping={way.serves: way for _, way in self.collected.shipping},
            promotions=self.collected.promotions,
            offers=self.offers.applied,
            gateways=self.gateways,
            own_gateways=own,
            slots=frozenset(slot.name for _, slot in self.collected.slots),
        )

    def _sources(self) -> list[Source[Any]]:
        cards = self.cards.installment_source
        return [*self.standard.all(), Source(INSTALLMENT, cards.read, reads=cards.reads)]

    def check(self, snapshot: Snapshot) -> None:
        """Check a configuration against what the plugins brought.

        :raises Refused: everything that is wrong with it, at once.
        """
        book = self._book.get()
        problems: list[Problem] = []
        checkout = snapshot.settings(self.config.checkout)
        for test in (
            lambda: ready_options(snapshot, book),
            lambda: check_payment_options(snapshot, book),
            lambda: CardRules.ready(checkout, book, f"{self.config.place}.checkout"),
            lambda: self.offers.check(snapshot),
        ):
            try:
                test()
            except Refused as refused:
                problems += refused.problems
        problems += self._unserved_pages(checkout)
        problems += self._missing_gateways(snapshot)
        if problems:
            raise Refused(problems)

    def _unserved_pages(self, checkout: CheckoutSettings) -> list[Problem]:
        problems = []
        for setting, junction in (
            ("CHECKOUT_DELIVERY_OPTION_SELECTION_PAGE", Junction.DELIVERY_MODE),
            ("CHECKOUT_SHIPPING_OPTION_SELECTION_PAGE", Junction.SHIPPING),
        ):
            page = getattr(checkout, setting)
            if self.flow.serving(junction, page) is None:
                known = ", ".join(sorted(chain.serves or "" for chain in self.flow.at(junction)))
                place = f"{self.config.place}.checkout.{setting}"
                problems.append(
                    Problem(place, f"no enabled plugin serves {page}", f"enable one, or choose of: {known}")
                )
        return problems

    def _missing_gateways(self, snapshot: Snapshot) -> list[Problem]:
        problems = []
        for option in snapshot.all(PaymentOption):
            chain = self.flow.serving(Junction.PAYMENT, option.payment_type)
            if not option.is_active or chain is None:
                continue
            name = option.gateway or self.standard.own_gateway(option.payment_type)
            if name is None or name not in self.gateways:
                fact = f"its gateway {name} is not registered" if name else "names no gateway"
                problems.append(
                    Problem(
                        f"merchant {self.name}, payment option {option.pk} ({option.slug})",
                        fact,
                        f"registered are: {', '.join(sorted(self.gateways)) or 'none'}",
                    )
                )
        return problems

    # At work.

    @property
    def blocks(self) -> bool:
        """Tell whether some plugin may name a blocker."""
        return "vezne_add_blockers" in self.collected.kept

    def accept(self, snapshot: Snapshot) -> None:
        """Serve on with another configuration.

        :raises Refused: it does not fit; the last good one stays in force.
        """
        self.check(snapshot)
        self._settings = (snapshot, snapshot.settings(self.config.checkout))
        self.catalogue.snapshot = snapshot

    def settings(self) -> CheckoutSettings:
        """Return the settings of the contract in force."""
        return self._settings[1]

    def config_fact(self) -> Config:
        """Return the value of the fact CONFIG."""
        return self.config_now()[0]

    def config_now(self) -> tuple[Config, Catalogue]:
        """Return settings and records of one revision."""
        snapshot, checkout = self._settings
        config = Config(revision=snapshot.revision, checkout=checkout, timezone=self.config.timezone)
        return config, snapshot

    async def basket_adjustments(
        self, loaded: Loaded, client: Client
    ) -> tuple[tuple[Adjustment, ...], str | None]:
        """Return what the offers in force give to a session's basket, and its voucher code."""
        return await self.engine.basket_adjustments(loaded, client)

    def _phone(self, number: str | None, preorder: PreOrder) -> str | None:
        return national(number, self.settings().USER_PHONE_FORMAT)
