"""Certificates that somebody looked at: on the connection of a live run, by openssl, by kubeadm."""

from __future__ import annotations

import ipaddress
from datetime import datetime

from diagnose.model import Quote, Subject
from diagnose.values import dataclass

# What a certificate of an API server names, or whom; kubeadm and others alike.
API_NAMES = frozenset({"kubernetes.default.svc", "kubernetes.default", "kubernetes"})
API_HOLDERS = ("kube-apiserver", "kubernetes-apiserver", "kubernetes-master", "system:apiserver")


@dataclass(frozen=True)
class Certificate:
    """One certificate as far as it was shown; None where that is not told.

    `names` are the names and addresses that it is valid for. `server` is the URL under which it was
    seen. `at` is what a clock said then, and `clock` whose. `ended` and `not_begun` say that the
    program that printed it found so, by its own clock. `file` is kubeadm's name of it.
    """

    subject: Subject
    origin: str
    quote: Quote
    holder: str = ""
    issuer: str = ""
    names: tuple[str, ...] | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    server: str = ""
    at: datetime | None = None
    clock: str = ""
    ended: bool = False
    not_begun: bool = False
    file: str = ""
    names_quote: Quote | None = None
    dates_quote: Quote | None = None

    @property
    def of_api_server(self) -> bool:
        """Whether it says that it is an API server's; a proxy before one has one of its own."""
        return bool(
            self.file == "apiserver"
            or API_NAMES & set(self.names or ())
            or any(one in self.holder for one in API_HOLDERS)
        )

    def is_for(self, host: str) -> bool:
        """Whether it is valid for an address or a name; True where its names are not told."""
        if self.names is None:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return any(covers(one, host.lower().rstrip(".")) for one in self.names)
        return any(is_address(one, address) for one in self.names)


def covers(name: str, host: str) -> bool:
    """Whether a name in a certificate is a host's, a wildcard standing for its first label."""
    if name.startswith("*."):
        return name[2:] == host.partition(".")[2]
    return name == host


def is_address(name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether a name in a certificate is an address, in whatever form."""
    try:
        return ipaddress.ip_address(name) == address
    except ValueError:
        return False
