"""Counters of requests for Prometheus, by merchant, route and page.

One path carries every page of the checkout, so the page is a label of its own.
With several processes set ``PROMETHEUS_MULTIPROC_DIR``; without it each tells
of itself.
"""

from __future__ import annotations

import os
from time import perf_counter
from typing import Any

from litestar import Request, Response, get
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from vezne_host.http.visitor import Failure, visitor_of

_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What a process has served."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._kept: dict[tuple[str, str, str, str, int], tuple[Counter, Histogram]] = {}
        self._requests = Counter(
            "vezne_http_requests",
            "Requests answered.",
            ("merchant", "route", "page", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "vezne_http_request_seconds",
            "Time from a request to its answer.",
            ("route", "page", "method"),
            registry=self._registry,
            buckets=_BUCKETS,
        )

    def count(self, merchant: str, route: str, page: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        counted = (merchant, route, page, method, status)
        kept = self._kept.get(counted)
        if kept is None:  # looked up once: the library reads and checks the labels anew each time
            kept = self._kept[counted] = (
                self._requests.labels(merchant, route, page, method, str(status)),
                self._seconds.labels(route, page, method),
            )
        requests, duration = kept
        requests.inc()
        duration.observe(seconds)

    def text(self) -> bytes:
        """Return everything counted, by all processes where they share a folder."""
        registry = self._registry
        if os.environ.get(_SHARED):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


class Meter(ASGIMiddleware):
    """Counts every request that some handler serves."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Serve a request and count it.

        A plugin that tries to end the process ends its request.
        """
        began, status = perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await next_app(scope, receive, watched)
        except SystemExit as error:
            raise RuntimeError(f"a plugin raised SystemExit({error.code!r})") from error
        finally:
            visitor = visitor_of(scope)
            route = scope.get("path_template", "")
            method = scope.get("method", "")
            self._metrics.count(
                visitor.name, route, visitor.page, str(method), status, perf_counter() - began
            )


@get("/metrics")
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell Prometheus; only whoever asks this process directly from this machine or a trusted network."""
    visitor = visitor_of(request.scope)
    peer = request.scope["client"]
    address = peer[0] if peer else ""
    near = address in ("127.0.0.1", "::1", "") or visitor.edge.proxies.trusts(address)
    if not near or "x-forwarded-for" in visitor.headers:
        raise Failure(404, "Not found.")
    counted: Metrics = request.app.state["metrics"]
    return Response(counted.text(), media_type=CONTENT_TYPE_LATEST)


HANDLERS = [metrics]
