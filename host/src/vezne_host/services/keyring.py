"""Authenticated encryption under a ring of keys; the only importer of a cipher.

A ciphertext begins with the id of its key, so that keys can be changed while
old things are still alive: the first key makes, every key opens. What a
ciphertext is *for* is authenticated with it; moved elsewhere it does not open.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from vezne_core import Secret

_VERSION = 1
_NONCE = 12


class _Pair(Struct, frozen=True):
    cipher: AESGCMSIV
    tag_key: bytes

    def __repr__(self) -> str:
        return "_Pair(…)"


class KeyRing:
    """Seals, opens and tags for one purpose.

    Keys of different purposes are derived apart: what was sealed for one never
    opens for another, and tags never share a key with data (PCI DSS 3.5.1.1).

    :param keys: ids and keys, the one in use first; none of them is shorter
        than 32 characters.
    """

    def __init__(self, keys: Iterable[tuple[str, Secret]], purpose: str) -> None:
        self._purpose = purpose
        self._pairs: Mapping[bytes, _Pair] = {
            id.encode(): _Pair(AESGCMSIV(self._derive(key, "seal")), self._derive(key, "tag"))
            for id, key in keys
        }
        if not self._pairs:
            raise ValueError("a key ring has at least one key")
        self._first = next(iter(self._pairs))

    def _derive(self, key: Secret, use: str) -> bytes:
        info = _joined("vezne", self._purpose, use)
        return HKDF(SHA256(), length=32, salt=None, info=info).derive(key.reveal().encode())

    def seal(self, plain: bytes, *bound: str) -> bytes:
        """Encrypt something; only who names the same ``bound`` texts can open it."""
        nonce = os.urandom(_NONCE)
        sealed = self._pairs[self._first].cipher.encrypt(nonce, plain, _joined(*bound))
        return bytes((_VERSION, len(self._first))) + self._first + nonce + sealed

    def open(self, sealed: bytes, *bound: str) -> bytes | None:
        """Decrypt; None when the key is lost, or when this was not sealed for ``bound``."""
        if len(sealed) < 2 or sealed[0] != _VERSION:
            return None
        start = 2 + sealed[1]
        pair = self._pairs.get(sealed[2:start])
        nonce, data = sealed[start : start + _NONCE], sealed[start + _NONCE :]
        if pair is None or len(nonce) < _NONCE:
            return None
        try:
            return pair.cipher.decrypt(nonce, data, _joined(*bound))
        except (InvalidTag, ValueError):
            return None

    def tag(self, *parts: str) -> str:
        """Return a name for the parts that nobody can guess or turn back."""
        return self._tag(self._pairs[self._first], parts)

    def tags(self, *parts: str) -> tuple[str, ...]:
        """Return the name under every key, the one in use first."""
        return tuple(self._tag(pair, parts) for pair in self._pairs.values())

    @staticmethod
    def _tag(pair: _Pair, parts: tuple[str, ...]) -> str:
        return hmac.digest(pair.tag_key, _joined(*parts), "sha256").hex()


def _joined(*parts: str) -> bytes:
    """Join texts so that no two lists of them give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
