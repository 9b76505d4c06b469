"""The way out, against real servers: what it sends, how it ends, and where it refuses to go."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vezne_core import Http, Response, Unavailable
from vezne_host.services.http import SIZE_LIMIT, OutboundHttp

pytestmark = pytest.mark.anyio

Writer = asyncio.StreamWriter
Reply = Callable[[Writer], Awaitable[None]]


def says(body: bytes = b"hello", status: str = "200 OK", head: str = "") -> Reply:
    async def reply(writer: Writer) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    return reply


async def says_nothing(_: Writer) -> None:
    await asyncio.Event().wait()


async def resets(writer: Writer) -> None:
    writer.transport.abort()


async def drips(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.01)


async def pours(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"." * 65536)
        await writer.drain()


class Server:
    """Reads requests, remembers them, and answers as it is told."""

    def __init__(self) -> None:
        self.reply: Reply = says()
        self.requests: list[tuple[str, bytes]] = []
        self.asked = asyncio.Event()
        self.connections = 0
        self.port = 0

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    async def __call__(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                body = await reader.readexactly(int(length[0].split(":")[1])) if length else b""
                self.requests.append((head, body))
                self.asked.set()
                await self.reply(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def served(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server, tasks = Server(), set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: Writer) -> None:
        tasks.add(asyncio.ensure_future(server(reader, writer)))

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with served() as one:
        yield one


@asynccontextmanager
async def client(*allowed: str, **settings) -> AsyncIterator[OutboundHttp]:
    http = OutboundHttp(allow_inside=allowed, **settings)
    try:
        yield http
    finally:
        await http.aclose()


@pytest.fixture
async def http(server: Server) -> AsyncIterator[OutboundHttp]:
    async with client(server.place) as one:
        yield one


async def refusal(http: Http, url: str, **options) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await http.request("GET", url, **{"timeout": 5.0, **options})
    return caught.value


# What goes and what comes.


async def test_a_request_goes_as_it_was_given(http, server) -> None:
    await http.request(
        "POST", f"{server.url}/api/a%20b?x=1&y=2#end", headers={"Content-Type": "text/x"}, content=b"\x00\xff"
    )

    [(head, body)] = server.requests
    assert head.startswith("POST /api/a%20b?x=1&y=2 HTTP/1.1\r\n")
    assert f"host: {server.place}\r\n" in head
    assert "content-type: text/x\r\n" in head
    assert body == b"\x00\xff"


async def test_an_answer_comes_as_it_was_received(http, server) -> None:
    zipped = b"\x1f\x8b\x08not really"
    server.reply = says(zipped, "418 I'm a teapot", "X-One: a\r\nX-ONE: b\r\nContent-Encoding: gzip\r\n")

    answer = await http.request("GET", server.url)

    assert (answer.status, answer.content) == (418, zipped)
    assert answer.headers["x-one"] == "a, b"
    assert answer.headers["content-encoding"] == "gzip"


async def test_the_host_header_is_not_the_callers_choice(http, server) -> None:
    await http.request("GET", server.url, headers={"Host": "internal.example"})

    assert "internal.example" not in server.requests[0][0]


async def test_a_redirect_is_an_answer(http, server) -> None:
    server.reply = says(b"", "302 Found", f"Location: {server.url}/elsewhere\r\n")

    answer = await http.request("GET", server.url)

    assert answer.status == 302
    assert len(server.requests) == 1


async def test_no_cookie_is_kept(http, server) -> None:
    server.reply = says(head="Set-Cookie: merchant=one; Path=/\r\n")
    await http.request("GET", server.url)
    await http.request("GET", server.url)

    assert "cookie" not in server.requests[1][0].lower()


async def test_a_connection_is_used_again(http, server) -> None:
    for _ in range(3):
        await http.request("POST", server.url, content=b"x")

    assert server.connections == 1


# How it ends without an answer.


@pytest.mark.parametrize("reply", [says_nothing, drips], ids=["silence", "a drop now and then"])
async def test_the_deadline_covers_the_whole_call(http, server, reply) -> None:
    server.reply = reply

    error = await refusal(http, server.url, timeout=0.2)

    assert "0.2 s" in str(error)
    assert error.sent


async def test_a_broken_connection_leaves_open_what_was_done(http, server) -> None:
    server.reply = resets

    assert (await refusal(http, server.url)).sent


async def test_garbage_is_no_answer(http, server) -> None:
    async def garbage(writer: Writer) -> None:
        writer.write(b"\x00\x01 no HTTP at all\r\n\r\n")

    server.reply = garbage

    assert (await refusal(http, server.url)).sent


async def test_a_closed_port_was_sent_nothing() -> None:
    async with served() as gone:
        place = gone.place
    async with client(place) as http:
        assert not (await refusal(http, f"http://{place}")).sent


async def test_a_handshake_that_stands_still_was_sent_nothing(server) -> None:
    async with client(server.place) as http:  # plain HTTP waits for a request that TLS never sends
        assert not (await refusal(http, f"https://{server.place}", timeout=0.4)).sent


async def test_a_name_that_is_nobodys_was_sent_nothing() -> None:
    async with client() as http:
        assert not (await refusal(http, "https://nobody.invalid/")).sent


async def test_an_error_tells_host_and_port_and_no_more_of_the_address(http, server) -> None:
    server.reply = resets

    error = await refusal(http, f"{server.url}/path?token=hidden")

    assert server.place in str(error)
    assert "hidden" not in str(error)


async def test_an_answer_may_be_as_long_as_the_limit(http, server) -> None:
    server.reply = says(b"x" * SIZE_LIMIT)

    assert len((await http.request("GET", server.url)).content) == SIZE_LIMIT


@pytest.mark.parametrize("reply", [says(b"x" * (SIZE_LIMIT + 1)), pours], ids=["one byte more", "endless"])
async def test_a_longer_answer_is_not_read_on(http, server, reply) -> None:
    server.reply = reply

    assert "more than" in str(await refusal(http, server.url))


async def test_a_cancelled_call_leaves_nothing_behind(server) -> None:
    async with client(server.place, per_place=1) as http:
        server.reply = says_nothing
        call = asyncio.create_task(http.request("GET", server.url))
        await server.asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

        server.reply = says()
        assert (await http.request("GET", server.url)).status == 200


async def test_a_hanging_provider_keeps_no_other_waiting(server) -> None:
    async with served() as other, client(server.place, other.place, per_place=1) as http:
        server.reply = says_nothing
        hanging = asyncio.create_task(http.request("GET", server.url, timeout=60))
        await server.asked.wait()

        assert not (await refusal(http, server.url, timeout=0.1)).sent
        assert (await http.request("GET", other.url)).status == 200
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)


# Where it refuses to go.

SPELLINGS = {
    "loopback": "127.0.0.1",
    "name": "localhost",
    "number": "2130706433",
    "hexadecimal": "0x7f.1",
    "short": "127.1",
    "octal": "0177.0.0.1",
    "zero": "0",
    "v6": "[::1]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped hexadecimal": "[::ffff:7f00:1]",
}


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS)
async def test_no_spelling_of_an_inside_address_is_called(server, host) -> None:
    async with client() as http:
        error = await refusal(http, f"https://{host}:{server.port}/")

    assert "inside" in str(error)
    assert not error.sent
    assert not server.connections


async def test_another_port_of_an_allowed_host_is_not_allowed(server) -> None:
    async with client(f"127.0.0.1:{server.port + 1}") as http:
        await refusal(http, server.url)
        await refusal(http, f"https://{server.place}")

    assert not server.connections


def resolving(*answers: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    left = list(answers)

    async def resolver(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolver


class Rerouted(httpcore.AsyncNetworkBackend):
    """Notes the address that would be connected to, and connects to a server of the test instead."""

    def __init__(self, server: Server, dead: Iterable[str] = ()) -> None:
        self.server, self.dead = server, set(dead)
        self.dialled: list[str] = []

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.dialled.append(str(ip_address(host)))
        if host in self.dead:
            raise httpcore.ConnectError("dead")
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self.server.port, timeout)


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.7"], ["93.184.216.34", "10.0.0.7"], ["93.184.216.34", "::1"], ["fd12::1"]],
    ids=["inside", "one of two", "v6 beside v4", "unique local"],
)
async def test_a_name_that_leads_inside_is_not_called(server, addresses) -> None:
    network = Rerouted(server)
    async with client(resolver=resolving(addresses), network=network) as http:
        assert not (await refusal(http, "https://shop.test/")).sent

    assert network.dialled == []


class Authority:
    """A certificate authority of the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), self._called("Test CA")
        self.cert = self._signed(self.name, self.key, x509.BasicConstraints(True, None))
        self.trusting = ssl.create_default_context(
            cadata=self.cert.public_bytes(serialization.Encoding.PEM).decode()
        )

    def server(self, host: str, days: int = 1) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._signed(self._called(host), key, x509.SubjectAlternativeName([x509.DNSName(host)]), days)
        file = self.folder / "server.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(private + cert.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    @staticmethod
    def _called(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

    def _signed(self, name, key, extension: x509.ExtensionType, days: int = 1) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(extension, critical=True)
            .sign(self.key, hashes.SHA256())
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


OUT = "93.184.216.34"


async def test_a_name_that_changes_its_mind_is_called_where_it_was_judged(authority) -> None:
    """DNS rebinding: the second answer is never heard."""
    async with served(authority.server("shop.test")) as server:
        network = Rerouted(server)
        rebinding = resolving([OUT], ["127.0.0.1"])
        async with client(resolver=rebinding, network=network, tls=authority.trusting) as http:
            assert (await http.request("GET", "https://shop.test/")).status == 200

    assert network.dialled == [OUT]


async def test_tls_is_verified_against_the_name_and_not_the_address(authority) -> None:
    async with served(authority.server("shop.test")) as server:
        options = {"resolver": resolving([OUT]), "network": Rerouted(server), "tls": authority.trusting}
        async with client(**options) as http:
            assert (await http.request("GET", "https://shop.test/")).content == b"hello"
            assert not (await refusal(http, "https://other.test/")).sent

    assert len(server.requests) == 1


async def test_a_stranger_s_certificate_is_not_trusted(authority) -> None:
    async with served(authority.server("shop.test")) as server:
        network = Rerouted(server)
        http = OutboundHttp(resolver=resolving([OUT]), network=network)
        assert not (await refusal(http, "https://shop.test/")).sent
        await http.aclose()

    assert server.requests == []


async def test_a_certificate_that_ran_out_is_not_trusted(authority) -> None:
    async with served(authority.server("shop.test", days=-1)) as server:
        options = {"resolver": resolving([OUT]), "network": Rerouted(server), "tls": authority.trusting}
        async with client(**options) as http:
            assert not (await refusal(http, "https://shop.test/")).sent

    assert server.requests == []


async def test_an_allowed_host_is_held_to_its_certificate_too(authority) -> None:
    async with served(authority.server("other.test")) as server:
        place = f"shop.test:{server.port}"
        async with client(place, resolver=resolving(["127.0.0.1"]), tls=authority.trusting) as http:
            assert not (await refusal(http, f"https://{place}/")).sent

    assert server.requests == []


async def test_hosts_that_share_an_address_share_no_connection(authority) -> None:
    """Otherwise a call to one would ride on the certificate of the other."""
    async with served(authority.server("shop.test")) as server:
        network = Rerouted(server)
        async with client(resolver=resolving([OUT]), network=network, tls=authority.trusting) as http:
            await http.request("GET", "https://shop.test/")
            await refusal(http, "https://evil.test/")

    assert network.dialled == [OUT, OUT]
    assert len(server.requests) == 1


async def test_the_next_address_is_tried_when_one_is_dead(authority) -> None:
    async with served(authority.server("shop.test")) as server:
        network = Rerouted(server, dead=[OUT])
        resolver = resolving([OUT, "93.184.216.35"])
        async with client(resolver=resolver, network=network, tls=authority.trusting) as http:
            assert (await http.request("GET", "https://shop.test/")).status == 200

    assert network.dialled == [OUT, "93.184.216.35"]


async def test_the_outside_is_never_called_without_tls(server) -> None:
    network = Rerouted(server)
    async with client(resolver=resolving([OUT]), network=network) as http:
        assert not (await refusal(http, "http://shop.test/")).sent

    assert network.dialled == []


STRANGE = {
    "user": "https://shop.test@evil.test/",
    "backslash": "https://shop.test\\@evil.test/",
    "line feed": "https://shop.test/\r\nX-Evil: 1",
    "blank": "https://shop.test/a b",
    "other scheme": "ftp://shop.test:443/",
    "file": "file:///etc/passwd",
    "no host": "https:///path",
    "port of letters": "https://shop.test:https/",
    "port too high": "https://shop.test:65536/",
    "no v6 address": "https://[shop.test]/",
    "unicode": "https://shöp.test/",
    "percent": "https://%73hop.test/",
    "nothing": "",
}


@pytest.mark.parametrize("url", STRANGE.values(), ids=STRANGE)
async def test_an_address_that_could_be_read_in_two_ways_is_not_called(server, url) -> None:
    network = Rerouted(server)
    async with client(resolver=resolving([OUT]), network=network) as http:
        assert not (await refusal(http, url)).sent

    assert network.dialled == []


HOSTS = ["pay.shop.test", "pay.shop.test:8443"]


@pytest.mark.parametrize("url", ["https://pay.shop.test/x", "https://PAY.shop.test:8443/"])
async def test_a_host_on_the_list_is_called(authority, url) -> None:
    async with served(authority.server("pay.shop.test")) as server:
        options = {"resolver": resolving([OUT]), "network": Rerouted(server), "tls": authority.trusting}
        async with client(**options) as http:
            answer: Response = await http.request("GET", url, hosts=HOSTS)

    assert answer.status == 200


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/pay.shop.test",
        "https://pay.shop.test.evil.test/",
        "https://evilpay.shop.test/",
        "https://shop.test/",
        "https://pay.shop.test:22/",
        "https://pay.shop.test./",
    ],
)
@pytest.mark.parametrize("hosts", [HOSTS, []], ids=["list", "empty list"])
async def test_a_host_that_is_not_on_the_list_is_not_called(server, url, hosts) -> None:
    network = Rerouted(server)
    async with client(resolver=resolving([OUT]), network=network) as http:
        assert not (await refusal(http, url, hosts=hosts)).sent

    assert network.dialled == []
