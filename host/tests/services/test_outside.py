"""Which addresses lie outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_host.services.outside import is_outside

INSIDE = {
    "loopback": "127.0.0.1",
    "far loopback": "127.255.255.254",
    "any": "0.0.0.0",
    "private A": "10.1.2.3",
    "private B": "172.31.255.255",
    "private C": "192.168.0.1",
    "link-local, metadata of clouds": "169.254.169.254",
    "shared": "100.64.0.1",
    "metadata in shared": "100.100.100.200",
    "documentation": "192.0.2.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 loopback": "::1",
    "v6 any": "::",
    "v6 unique local": "fd00:ec2::254",
    "v6 unique local fc": "fc00::1",
    "v6 link-local": "fe80::1",
    "v6 link-local with zone": "fe80::1%1",
    "v6 site-local": "fec0::1",
    "v6 multicast": "ff02::1",
    "v6 documentation": "2001:db8::1",
    "v6 discard": "100::1",
    "v4 mapped loopback": "::ffff:127.0.0.1",
    "v4 mapped private": "::ffff:10.0.0.1",
    "v4 compatible loopback": "::127.0.0.1",
    "6to4 of loopback": "2002:7f00:1::1",
    "6to4 of private": "2002:a00:1::1",
    "NAT64 of loopback": "64:ff9b::127.0.0.1",
    "NAT64 of metadata": "64:ff9b::169.254.169.254",
    "local NAT64": "64:ff9b:1::8.8.8.8",
    "Teredo": "2001:0:808:808::1",
}
OUTSIDE = {
    "v4": "8.8.8.8",
    "v4 beside private": "172.32.0.1",
    "v6": "2606:4700:4700::1111",
    "v4 mapped": "::ffff:8.8.8.8",
    "6to4": "2002:808:808::1",
    "NAT64": "64:ff9b::8.8.8.8",
}


@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE)
def test_inside(address: str) -> None:
    assert not is_outside(address)


@pytest.mark.parametrize("address", OUTSIDE.values(), ids=OUTSIDE)
def test_outside(address: str) -> None:
    assert is_outside(address)


@given(st.ip_addresses(v=4))
def test_no_v6_dress_leads_where_the_v4_address_may_not(address) -> None:
    for dress in ("::ffff:{}", "64:ff9b::{}"):
        assert is_outside(dress.format(address)) == is_outside(str(address))
