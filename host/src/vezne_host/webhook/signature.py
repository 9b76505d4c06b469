"""Signatures of Standard Webhooks (https://www.standardwebhooks.com, symmetric scheme ``v1``)."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable

from vezne_core import Secret
from vezne_host.field import WEBHOOK_KEY


def signature(keys: Iterable[Secret], id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``: one signature per key, any of which will do.

    :param keys: each ``whsec_`` and base64; so that a receiver can change keys, the old and the new sign.
    :param timestamp: seconds since 1970, as sent in ``webhook-timestamp``.
    """
    signed = b".".join((id.encode(), str(timestamp).encode(), body))
    return " ".join(f"v1,{_one(key, signed)}" for key in keys)


def _one(key: Secret, signed: bytes) -> str:
    raw = b64decode(key.reveal().removeprefix(WEBHOOK_KEY), validate=True)
    return b64encode(hmac.digest(raw, signed, "sha256")).decode()
