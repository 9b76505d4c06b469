from urllib.parse import quote

import dramatiq
import pytest
from dramatiq.broker import Consumer, MessageProxy
from redis import Connection, SSLConnection, UnixDomainSocketConnection

from vezne_host.worker.broker import QUEUE, broker_for, close, message


@pytest.mark.parametrize(
    ("url", "kind", "arguments"),
    [
        ("redis://cache.example:6380/3", Connection, {"host": "cache.example", "port": 6380, "db": 3}),
        ("valkey://cache.example/3", Connection, {"host": "cache.example", "db": 3}),
        ("rediss://cache.example/0", SSLConnection, {"host": "cache.example"}),
        (
            "unix:///run/valkey/valkey.sock?db=2",
            UnixDomainSocketConnection,
            {"path": "/run/valkey/valkey.sock", "db": 2},
        ),
        (f"unix://{quote('/run/a b.sock')}", UnixDomainSocketConnection, {"path": "/run/a b.sock"}),
    ],
)
def test_every_form_of_url_is_read(url: str, kind: type[object], arguments: dict[str, object]) -> None:
    pool = broker_for(url).client.connection_pool

    assert pool.connection_class is kind
    assert arguments.items() <= pool.connection_kwargs.items()


@pytest.mark.parametrize("url", ["http://anna:s3cret@cache", "anna:s3cret@cache", "amqp://anna:s3cret@cache"])
def test_foreign_url_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="use redis://") as refusal:
        broker_for(url)

    assert "s3cret" not in str(refusal.value)


def test_broker_is_nobodys_default() -> None:
    before = dramatiq.broker.global_broker

    assert broker_for("redis://localhost") is not broker_for("redis://localhost")
    assert dramatiq.broker.global_broker is before


def received(consumer: Consumer) -> MessageProxy:
    for found in consumer:
        if found is not None:
            return found
    raise AssertionError("the consumer ended")


def test_message_says_where_the_row_is_and_nothing_else(redis_url: str) -> None:
    broker = broker_for(redis_url)
    broker.enqueue(message("acme", 7))

    found = received(broker.consume(QUEUE, timeout=10))

    assert (found.actor_name, found.args, found.kwargs) == ("deliver", ("acme", 7), {})
    assert set(found.options) == {"redis_message_id"}
    close(broker)
