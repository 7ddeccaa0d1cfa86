"""Lines of a Corefile that forward to a loopback address on which their own server listens.

In a pod's network namespace all of 127.0.0.0/8 is the pod, and a server without bind listens on
every address: on the port that it serves, CoreDNS asks itself. Another port is another program's,
a container beside it.

Source: coredns/coredns v1.12.0, plugin/forward/setup.go, plugin/bind/README.md and
core/dnsserver/server.go (ServeDNS: a name goes to the block with the longest zone).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from diagnose.facts.corefile import FORWARDING, Corefile, ServerBlock, transport
from diagnose.facts.upstream_failures import host
from diagnose.facts.upstream_failures import port as port_of
from diagnose.model import Quote
from diagnose.values import dataclass

DNS_PORT = 53
EVERYWHERE = ("0.0.0.0", "::", "lo")


@dataclass(frozen=True)
class LoopbackUpstream:
    """One such upstream, as written, with its line; `others` stand beside it on the line."""

    upstream: str
    source: str
    quote: Quote
    others: tuple[str, ...] = ()


def loopback_upstreams(corefile: Corefile, zone: str = "") -> Iterator[LoopbackUpstream]:
    """Yield the upstreams that are CoreDNS itself, of all blocks or of those that serve a zone.

    A block that rewrites names may mean another block of the same server by it, and one with
    view serves some clients only: neither is said to go in circles.
    """
    for block in corefile.block_for(zone) if zone else corefile.blocks:
        if block.plugin("rewrite") or block.plugin("view"):
            continue
        for line in (one for name in FORWARDING for one in block.plugin(name)):
            for text in line.args[1:]:
                if own(text, block):
                    yield LoopbackUpstream(
                        text,
                        line.args[0],
                        corefile.quote(line.line),
                        tuple(one for one in line.args[1:] if not own(one, block)),
                    )


def own(upstream: str, block: ServerBlock) -> bool:
    """Whether an upstream is an address and port on which a block listens in its pod."""
    scheme, rest = transport(upstream)
    if scheme != "dns" or rest.startswith("/"):
        return False
    bare = rest.count(":") > 1 and not rest.startswith("[")  # an IPv6 address without a port
    address, port = (rest, DNS_PORT) if bare else (host(rest), port_of(rest) or DNS_PORT)
    serves = {key.port for key in block.keys if key.scheme == "dns"}
    if not is_loopback(address) or port not in serves:
        return False
    bound = [text for line in block.plugin("bind") for text in line.args]
    return not bound or any(text in (address, *EVERYWHERE) for text in bound)


def is_loopback(address: str) -> bool:
    """Whether an address as written is one of the host itself."""
    if address.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
