"""The queue between relay and workers: Dramatiq on Redis, made when it is needed and never global."""

from __future__ import annotations

from dramatiq import Broker, Message
from dramatiq.brokers.redis import RedisBroker
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

DELIVER = "deliver"
QUEUE = "outbox"
NAMESPACE = "vezne"
SECONDS = 5.0
"""How long Redis may take; whoever asks it asks again later."""

_SCHEMES = {"valkey": "redis", "valkeys": "rediss", "valkey+unix": "unix"}


def broker_for(redis_url: str) -> RedisBroker:
    """Make a broker; it connects when it is first used.

    Takes ``redis://``, ``rediss://`` and ``unix://``, and the same of Valkey. The database of the URL belongs
    to one installation. Dramatiq's own retries are left out: the outbox knows when something is due again.

    :raises ValueError: the URL is none of these.
    """
    scheme, separator, rest = redis_url.partition("://")
    scheme = _SCHEMES.get(scheme, scheme)
    if not separator or scheme not in _SCHEMES.values():
        # the text is left out: it may hold a password
        raise ValueError("Redis URL: use redis://host:port/0, rediss:// or unix:///path?db=0")
    client = Redis.from_url(
        f"{scheme}://{rest}",
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
    broker = RedisBroker(client=client, middleware=[], namespace=NAMESPACE)  # type: ignore[no-untyped-call]
    broker.declare_queue(QUEUE)
    return broker


def close(broker: Broker) -> None:
    """Close a broker's connections."""
    if isinstance(broker, RedisBroker):
        broker.client.connection_pool.disconnect()
    broker.close()


def message(merchant: str, pk: int) -> Message[None]:
    """Return what goes through the queue for one row of the outbox: where it is, nothing of what it says."""
    return Message(queue_name=QUEUE, actor_name=DELIVER, args=(merchant, pk), kwargs={}, options={})
