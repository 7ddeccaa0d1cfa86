"""What decides where no signature knows a message: the mechanisms, in their order."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from diagnose.signatures.base import Signature, Wording
from diagnose.signatures.mechanisms import (
    AGENT_AWAY,
    API_UNAUTHORIZED,
    CONFIG_REFUSED,
    DEADLINE,
    DISK,
    KERNEL_REFUSED,
    MECHANISMS,
    OBJECT_MISSING,
    POOL_EXHAUSTED,
    SEEN,
    SERVER_AWAY,
    SYSCTL_REFUSED,
    THERE_ALREADY,
    UNKNOWN,
    mechanism,
    spoken,
)
from diagnose.signatures.tables import BY_NAME

WORDINGS = [
    pytest.param(signature, wording, id=f"{signature.name}-{number}")
    for signature in MECHANISMS
    for number, wording in enumerate(signature.wordings)
]
CREATE = "Failed to create pod sandbox: rpc error: code = Unknown desc = "
CONTAINERD = f'{CREATE}failed to setup network for sandbox "5b1e": '
PLUGIN = 'plugin type="fishnet" name="net" failed (add): '


@pytest.mark.parametrize(("signature", "wording"), WORDINGS)
def test_each_sample_is_decided_by_its_own(signature: Signature, wording: Wording) -> None:
    """A sample holds its wording's literal, matches it, and no mechanism before it."""
    assert wording.samples
    assert wording.source
    for sample in wording.samples:
        assert wording.literal in sample
        assert wording.compiled.search(sample)
        decided = mechanism(sample)
        assert decided is not None
        assert decided[0] is signature


def test_their_names_are_nobody_elses() -> None:
    """A failure's reason is known by its name alone."""
    names = [one.name for one in MECHANISMS]
    assert len(set(names)) == len(names)
    assert not BY_NAME.keys() & set(names)


def test_the_last_takes_all_but_silence() -> None:
    """Some mechanism decides for any words; without words there is none."""
    assert MECHANISMS[-1] is UNKNOWN
    assert mechanism("anything at all") is not None
    assert mechanism("") is None


@pytest.mark.parametrize(
    ("said", "signature"),
    [
        # a deadline of somebody who is named is not nobody's
        ('Post "http://localhost:9/x": context deadline exceeded', AGENT_AWAY),
        ("context deadline exceeded", DEADLINE),
        # a setting of the kernel is no disk, and a disk is no setting
        ("open /proc/sys/net/ipv4/ip_forward: read-only file system", SYSCTL_REFUSED),
        ("open /run/fishnet/state: read-only file system", DISK),
        # the API server behind a local balancer is not the plugin's daemon
        ('Get "https://127.0.0.1:6443/x": dial tcp 127.0.0.1:6443: connect: refused', SERVER_AWAY),
        # words that only look like an empty pool
        ("the ip 192.0.2.7 has already been used by the host", UNKNOWN),
        ("no IP addresses were given for eth0", UNKNOWN),
        ("the pool is ready, no address conflicts found", UNKNOWN),
        ("fishnet: the last address is gone, no free addresses in knot 7", POOL_EXHAUSTED),
        ("an unauthorized fish", UNKNOWN),
        ("cannot read knots: Unauthorized", API_UNAUTHORIZED),
        ("failed to load netconf: no knots", CONFIG_REFUSED),
        ("link set: operation not permitted", KERNEL_REFUSED),
    ],
)
def test_near_misses(said: str, signature: Signature) -> None:
    """Shared forms decide by what they say, not by a word in them."""
    decided = mechanism(said)
    assert decided is not None
    assert decided[0] is signature


@pytest.mark.parametrize(
    ("text", "plugin", "phase"),
    [
        (f"{CONTAINERD}{PLUGIN}it tore", "fishnet", "add"),
        (
            f"{CREATE}failed to create pod network sandbox k8s_a_b_c_0(5b1e): error adding pod b_a "
            f'to CNI network "net": {PLUGIN}it tore',
            "fishnet",
            "add",
        ),
        (
            f'{CREATE}[failed to set up sandbox container "5b1e" network for pod "a": '
            'networkPlugin cni failed to set up pod "a_b" network: it tore, failed to clean up '
            'sandbox container "5b1e" network for pod "a": networkPlugin cni failed to teardown '
            'pod "a_b" network: '
            "it is lost]",
            "",
            "add",
        ),
        (
            'rpc error: code = Unknown desc = failed to destroy network for sandbox \\"5b1e\\": '
            'plugin type=\\"fishnet\\" failed (delete): it tore',
            "fishnet",
            "delete",
        ),
        (f"{CREATE}it tore", "", ""),
        ("it tore", "", ""),
    ],
)
def test_the_innermost_speaker(text: str, plugin: str, phase: str) -> None:
    """The envelopes of kubelet, runtime and libcni come off; the set-up's words remain."""
    words = spoken(text)
    assert (words.said, words.plugin, words.phase) == ("it tore", plugin, phase)


def test_a_plugin_behind_a_plugin() -> None:
    """Of a chain the last one spoke."""
    inner = f'{CONTAINERD}plugin type="multus" failed (add): {PLUGIN}it tore'
    assert spoken(inner).plugin == "fishnet"


@pytest.mark.parametrize("piece", ["a", "not ", "no ", '"', "/", "x: ", "tables: ", "failed to "])
def test_hostile_length(piece: str) -> None:
    """A text of any length is looked at for a bounded part of it."""
    words = spoken(piece * 100_000)
    assert len(words.said) <= SEEN
    assert mechanism(words.said) is not None


@pytest.mark.parametrize(
    ("piece", "end"),
    [
        ("network-attachment-defi", ' " not found'),
        ("a: ", " already"),
        (": ", ": "),
        ("  ", " not supported"),
        ("a", " qdisc: "),
        ("/proc/sys", ""),
    ],
)
def test_near_misses_of_any_length_take_little_time(piece: str, end: str) -> None:
    """The time grows with the length, not with its square, and not with a window at each place.

    It is compared with what a search for single characters takes, since machines differ.
    """
    text = (piece * (4 * SEEN // len(piece)) + end) * 2

    def taken_s(work: Callable[[], object]) -> float:
        best = 1e9
        for _ in range(3):
            begun = time.perf_counter()
            work()
            best = min(best, time.perf_counter() - begun)
        return best

    plain_s = taken_s(lambda: re.sub(r"[ -~]", lambda _: "", text))
    for signature in (OBJECT_MISSING, THERE_ALREADY, KERNEL_REFUSED, SYSCTL_REFUSED):
        for wording in signature.wordings:
            assert taken_s(lambda: wording.compiled.search(text)) < 5 * plain_s, wording.pattern  # noqa: B023
