"""Look-ups of which a part fails: what makes a part of them, and what was mended between."""

from datetime import UTC, datetime, timedelta

import pytest

from diagnose.collect import evidence_of
from diagnose.facts import ClientResolutions
from diagnose.facts.lookup_times import is_repeated
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.mixed_lookups import Mixed, mixed
from diagnose.model import Quote, Subject
from diagnose.parts import Haul
from diagnose.text.recognise import cut

FAILS = ";; connection timed out; no servers could be reached\n\n"
FOUND = "Name:\tkubernetes.default.svc.cluster.local\nAddress: 10.96.0.1\n"
ASK = "$ nslookup kubernetes.default\n"
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)


def told(text: str) -> list[Mixed]:
    """Return what a paste shows."""
    evidence = evidence_of(Haul(cut(text, origin="paste")))
    lookups = ClientResolutions.read(evidence)
    assert isinstance(lookups, ClientResolutions)
    return list(mixed(lookups.lookups, lookups.changes))


def lookup(outcome: Outcome, minute: int = 0, pod: str = "") -> Lookup:
    """Return one look-up of one name at one server."""
    return Lookup(
        outcome,
        "paste",
        Quote("paste", "x", minute),
        name="a.example",
        server="10.96.0.10",
        place=Subject("Pod", pod) if pod else Subject(""),
        at=BEGUN + timedelta(minutes=minute),
    )


@pytest.mark.parametrize(
    ("outputs", "failed", "asked"),
    [
        ([FAILS, FOUND], 1, 2),
        ([FOUND, FAILS], 1, 2),
        ([FAILS, FAILS, FOUND, FOUND], 2, 4),
        ([FOUND, FAILS, FOUND, FAILS, FAILS, FOUND], 3, 6),
    ],
)
def test_each_run_of_a_loop_counts(outputs: list[str], failed: int, asked: int) -> None:
    """A success neither swallows the failure before it, nor another success."""
    text = "$ for i in 1 2; do nslookup kubernetes.default | tail -2; done\n" + "".join(outputs)
    (one,) = told(text)
    assert (len(one.failed), one.asked) == (failed, asked)


@pytest.mark.parametrize(
    "command",
    [
        "kubectl -n kube-system rollout restart deployment coredns",
        "kubectl delete pod -n kube-system coredns-5d78c9869d-fghij",
        "sudo systemctl restart kubelet",
        "iptables -P FORWARD ACCEPT",
        "kubectl exec -n kube-flannel ds/kube-flannel -- ip link set flannel.1 down",
    ],
)
def test_what_was_mended_between_is_told_by_the_command(command: str) -> None:
    """The order of prompts makes it clear."""
    assert not told(f"{ASK}{FAILS}$ {command}\ndone\n{ASK}{FOUND}")


@pytest.mark.parametrize(
    "command",
    ["kubectl -n kube-system get pods", "iptables -S FORWARD", "systemctl status kubelet", "date"],
)
def test_a_look_between_mends_nothing(command: str) -> None:
    """What only reads changes nothing."""
    (one,) = told(f"{ASK}{FAILS}$ {command}\nx\n{ASK}{FOUND}")
    assert (len(one.failed), one.asked) == (1, 2)


def test_a_long_time_between_counts_as_a_repair() -> None:
    """All failures long before all answers: the two are of different states."""
    fails, found = lookup(Outcome.TIMEOUT), lookup(Outcome.NOERROR, 5)
    assert list(mixed((fails, found), ()))
    assert not list(mixed((fails, lookup(Outcome.NOERROR, 30)), ()))
    assert list(mixed((fails, lookup(Outcome.NOERROR, 30), lookup(Outcome.TIMEOUT, 31)), ()))


def test_other_places_and_names_are_no_part_of_the_same() -> None:
    """What differs in where it was asked, or for what, has checks of its own."""
    assert not list(mixed((lookup(Outcome.TIMEOUT, pod="a"), lookup(Outcome.NOERROR, pod="b")), ()))


@pytest.mark.parametrize(
    ("seconds", "repeated"),
    [(2.5, True), (5.013, True), (5.512, True), (10.02, True), (0.4, False), (3.4, False)],
)
def test_multiples_of_the_time_out(seconds: float, repeated: bool) -> None:
    """What lies little above one is a repetition; no less."""
    assert is_repeated(seconds) is repeated
