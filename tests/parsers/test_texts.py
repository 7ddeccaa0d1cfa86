"""Settings of distributions in text of no kind of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.dns_workload import DisabledAddon
from diagnose.parsers import texts
from diagnose.parts import Kind, Part


def names(text: str) -> list[str]:
    """Return the add-ons that a text says are left out."""
    items = texts.parse(Part(Kind.TEXT, "text", text)).items
    return [one.name for one in items if isinstance(one, DisabledAddon)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("disable:\n  - traefik\n  - rke2-coredns\n", ["rke2-coredns"]),
        ("disable: [traefik, coredns]\n", ["coredns"]),
        ("disable: coredns  # our own\n", ["coredns"]),
        ("ExecStart=/usr/local/bin/k3s server --disable traefik,coredns\n", ["coredns"]),
        ("kubeadm init --skip-phases=addon/kube-proxy,addon/coredns\n", ["coredns"]),
    ],
)
def test_what_leaves_coredns_out(text: str, wanted: list[str]) -> None:
    """Each way in which k3s, RKE2 and kubeadm are told so is seen, with the add-on's name."""
    assert names(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "disable:\n  - traefik\ntls-san:\n  - coredns\n",
        "# disable: coredns\n",
        "disable: traefik  # not coredns\n",
        "k3s server --disable coredns-custom\n",
        "tls-san:\n  - coredns\n",
    ],
)
def test_what_does_not(text: str) -> None:
    """The word alone says nothing: it must stand in the list, whole, and not in a comment."""
    assert names(text) == []


@given(st.text(alphabet="disable: -[],#\ncoredns\t\"'\x00é", max_size=400))
def test_never_raises(text: str) -> None:
    """Whatever a text holds, the parser returns."""
    texts.parse(Part(Kind.TEXT, "text", text))
