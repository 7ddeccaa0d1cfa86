"""Which names belong to the cluster, and which of them exist in every cluster."""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.text.regex import regex

DEFAULT_DOMAIN = "cluster.local"
REVERSE = ("in-addr.arpa", "ip6.arpa")


def normal(name: str) -> str:
    """Return a name in lower case without its trailing dot."""
    return name.strip().rstrip(".").lower()


def in_cluster(name: str, domains: Iterable[str] = (DEFAULT_DOMAIN,)) -> bool:
    """Whether a name is one of Services or pods, written out or for the search list.

    By the Kubernetes DNS-Based Service Discovery Specification: `<service>.<namespace>.svc.`
    and below; short forms are cluster names because the search list makes them so.
    """
    plain = normal(name)
    if not plain or plain.endswith(REVERSE):
        return False
    if any(plain == normal(one) or plain.endswith("." + normal(one)) for one in domains):
        return True
    if any(f".{normal(one)}." in plain for one in domains):
        return False  # a whole name that a search list was appended to
    labels = plain.split(".")
    if "svc" in labels[1:] or (len(labels) > 1 and labels[-1] == "local"):
        return True
    return always_exists(plain) or len(labels) == 1


def always_exists(name: str, domains: Iterable[str] = (DEFAULT_DOMAIN,)) -> bool:
    """Whether a name is that of the Service `kubernetes` in `default`, which each cluster has.

    The bare word counts only with its namespace: from another namespace it is rightly unknown.
    """
    plain = normal(name)
    known = {"kubernetes.default", "kubernetes.default.svc"}
    known |= {f"kubernetes.default.svc.{normal(one)}" for one in domains}
    return plain in known


def cluster_suffix(domain: str, domains: Iterable[str] = (DEFAULT_DOMAIN,)) -> bool:
    """Whether a domain that a search list appends is the cluster's.

    As a name a bare word is that of a Service; as a domain (lan, home, WORKGROUP) it is the host's.
    """
    plain = normal(domain)
    return in_cluster(plain, domains) and ("." in plain or plain in map(normal, domains))


# Domains whose servers answer for every name, for use without a DNS server of one's own: with the
# address that the name holds, or with 127.0.0.1. Source: their own pages.
BY_ADDRESS = ("nip.io", "sslip.io", "xip.io", "backname.io")
LOOPBACK = ("localtest.me", "lvh.me", "vcap.me")
ADDRESS_IN_NAME = regex(r"(?:^|[.-])\d{1,3}([.-])\d{1,3}\1\d{1,3}\1\d{1,3}\.")


def answers_all(domain: str) -> bool:
    """Whether a domain is one of those below which every name exists."""
    plain = normal(domain)
    if any(plain.endswith(f".{one}") for one in BY_ADDRESS):
        return bool(ADDRESS_IN_NAME.search(plain))
    return any(plain == one or plain.endswith(f".{one}") for one in LOOPBACK)


# Names outside of any cluster that people try, and that have had addresses for decades.
KNOWN_SITES = frozenset(
    "example.com example.org google.com baidu.com github.com yahoo.com bing.com microsoft.com "
    "amazon.com kubernetes.io cloudflare.com debian.org ubuntu.com kernel.org wikipedia.org".split()
)


def public(name: str) -> bool:
    """Whether a name outside exists beyond doubt."""
    return normal(name).removeprefix("www.") in KNOWN_SITES


def external(name: str, domains: Iterable[str] = (DEFAULT_DOMAIN,)) -> bool:
    """Whether a name is one that only servers outside of the cluster can know."""
    plain = normal(name)
    return "." in plain and not in_cluster(plain, domains) and not plain.endswith(REVERSE)
