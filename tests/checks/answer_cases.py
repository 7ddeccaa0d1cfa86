"""The cases whose evidence is answers of DNS: small worlds, written out as a run records them.

`python -m tests.checks.answer_cases` writes the files anew; a test compares them. A case that was
recorded from a cluster replaces its row here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from diagnose.facts.dns_answers import Asked, NameKind, PlaceKind, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.parsers.answers import text_of
from tests.facts.asked import (
    API,
    BANK_2,
    CACHE,
    COREDNS_1,
    COREDNS_2,
    HOST_1,
    HOST_2,
    SERVICE,
    UPSTREAM,
    UPSTREAM_2,
    WEB_1,
    WEB_2,
    Came,
    World,
    pod,
)

HERE = Path(__file__).parent
FILE = "answers.jsonl"
LOST, REFUSED = Outcome.TIMEOUT, Outcome.CONNECTION_REFUSED
CLUSTER = (ServerRole.SERVICE, ServerRole.REPLICA)
ALL = (SERVICE, COREDNS_1, COREDNS_2, UPSTREAM)
POLICY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: bank}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: []
"""


@dataclass(frozen=True)
class Recorded:
    """One case: its world, and further files beside the answers."""

    world: World
    files: Mapping[str, str] | None = None


def when(test: Callable[[Asked], bool], came: Came) -> Callable[[Asked], Came]:
    """Return a rule: what comes where a test holds."""
    return lambda one: came if test(one) else None


def away(one: Asked) -> bool:
    """Whether a place asks a CoreDNS pod of another node."""
    node = one.server.subject.node
    return one.server.role is ServerRole.REPLICA and bool(one.place.node) and one.place.node != node


def outside(one: Asked) -> bool:
    """Whether the cluster's DNS is asked for an external name."""
    return one.name_kind is NameKind.EXTERNAL and one.server.role in CLUSTER


def in_pod(one: Asked) -> bool:
    """Whether an application's pod asks."""
    return one.place.kind is PlaceKind.POD


def now_and_then() -> Callable[[Asked], Came]:
    """Return a rule by which a fifth of the questions to the Service is lost."""
    chance = random.Random(4)
    return lambda one: LOST if one.server == SERVICE and chance.random() < 0.2 else None


def forwarding(one: Asked) -> bool:
    """Whether node-2 would have to forward a packet of this question between pods."""
    of_pod = one.place == WEB_2 and one.server != COREDNS_2
    return of_pod or (one.place.node == "node-1" and one.server == COREDNS_2)


def upstream_silent(one: Asked) -> Came:
    """Return what comes where no upstream answers."""
    if one.server.role is ServerRole.UPSTREAM:
        return LOST
    return Outcome.SERVFAIL if outside(one) else None


CACHED = (CACHE, *ALL)
WITH_BANK = (API, HOST_1, HOST_2, WEB_1, WEB_2, BANK_2)
HEALTHY = World()

CASES: dict[str, Recorded] = {
    "service_proxy/service_proxy_broken/one_node": Recorded(
        World(rule=when(lambda one: one.server == SERVICE and one.place.node == "node-2", LOST))
    ),
    "service_proxy/service_proxy_broken/every_node_refused": Recorded(
        World(rule=when(lambda one: one.server == SERVICE, REFUSED))
    ),
    "service_proxy/service_proxy_broken/no_ready_endpoint": Recorded(
        World(rule=when(lambda one: one.server == SERVICE, REFUSED))
    ),
    "service_proxy/service_proxy_broken/other_node_cut_off": Recorded(
        # The Service may have led to the CoreDNS pod that node-1 does not reach.
        World(
            places=(API, HOST_1, WEB_1),
            rule=when(lambda one: one.server == SERVICE or away(one), LOST),
        )
    ),
    "overlay/pod_network_cross_node_broken/both_ways": Recorded(World(rule=when(away, LOST))),
    "overlay/pod_network_cross_node_broken/one_replica": Recorded(
        World(
            servers=(SERVICE, COREDNS_1, UPSTREAM),
            rule=when(away, LOST),
        )
    ),
    "overlay/pod_network_cross_node_broken/host_not_asked": Recorded(
        World(places=(API, WEB_1, WEB_2), servers=(SERVICE, COREDNS_1), rule=when(away, LOST))
    ),
    "overlay/pod_network_cross_node_broken/dead_replica": Recorded(
        World(rule=when(lambda one: one.server == COREDNS_2, LOST))
    ),
    "overlay/pod_forwarding_broken/node": Recorded(World(rule=when(forwarding, LOST))),
    "overlay/pod_forwarding_broken/one_namespace": Recorded(
        World(rule=when(lambda one: one.place == WEB_2, LOST))
    ),
    "overlay/pod_forwarding_broken/coredns_too": Recorded(
        World(
            rule=when(
                lambda one: (
                    one.place == WEB_2 or (one.place.node == "node-1" and one.server == COREDNS_2)
                ),
                LOST,
            )
        )
    ),
    "overlay/pod_forwarding_broken/host_too": Recorded(World(rule=when(away, LOST))),
    "overlay/pod_egress_broken/masquerade": Recorded(
        World(
            rule=lambda one: (
                LOST
                if in_pod(one) and one.server == UPSTREAM
                else Outcome.SERVFAIL
                if outside(one)
                else None
            )
        )
    ),
    "overlay/pod_egress_broken/policy_for_applications": Recorded(
        World(rule=when(lambda one: in_pod(one) and one.server == UPSTREAM, LOST))
    ),
    "overlay/large_messages_lost/between_nodes": Recorded(
        World(large=True, rule=when(lambda one: bool(one.asked_bytes) and away(one), LOST))
    ),
    "overlay/large_messages_lost/all_lost": Recorded(World(large=True, rule=when(away, LOST))),
    "overlay/dns_udp_lost/service": Recorded(
        World(rule=when(lambda one: one.server == SERVICE and one.transport == "udp", LOST))
    ),
    "overlay/dns_udp_lost/between_nodes": Recorded(
        World(rule=when(lambda one: away(one) and one.transport == "udp", LOST))
    ),
    "overlay/dns_udp_lost/tcp_too": Recorded(
        World(rule=when(lambda one: one.server == SERVICE, LOST))
    ),
    "policy/dns_tcp_lost/service": Recorded(
        World(rule=when(lambda one: one.server == SERVICE and one.transport == "tcp", LOST))
    ),
    "policy/dns_tcp_lost/udp_too": Recorded(
        World(rule=when(lambda one: one.server == SERVICE, LOST))
    ),
    "coredns_runtime/coredns_replica_failing/servfail": Recorded(
        World(rule=when(lambda one: one.server == COREDNS_2, Outcome.SERVFAIL))
    ),
    "coredns_runtime/coredns_replica_failing/cut_off": Recorded(
        World(rule=when(lambda one: one.server == COREDNS_2 and one.place != API, LOST))
    ),
    "coredns_runtime/coredns_replica_failing/seen_from_afar": Recorded(
        World(
            places=(HOST_1, WEB_1),
            rule=when(lambda one: one.server == COREDNS_2, LOST),
        )
    ),
    "coredns_runtime/coredns_replica_failing/every_replica": Recorded(
        World(rule=when(lambda one: one.server in (COREDNS_1, COREDNS_2), Outcome.SERVFAIL))
    ),
    "coredns_runtime/coredns_replica_failing/other_node_only": Recorded(
        World(rule=when(away, LOST))
    ),
    "coredns_runtime/internal_names_fail/asked_everywhere": Recorded(
        World(
            rule=when(
                lambda one: one.server.role in CLUSTER and one.name_kind is not NameKind.EXTERNAL,
                Outcome.SERVFAIL,
            )
        )
    ),
    "coredns_runtime/internal_names_fail/one_replica": Recorded(
        World(rule=when(lambda one: one.server == COREDNS_2, Outcome.SERVFAIL))
    ),
    "coredns_runtime/dns_intermittent_failures/share": Recorded(
        World(rounds=5, rule=now_and_then())
    ),
    "coredns_runtime/dns_intermittent_failures/one_transport": Recorded(
        World(
            rounds=5,
            rule=when(lambda one: one.server == SERVICE and one.transport == "udp", LOST),
        )
    ),
    "coredns_runtime/cluster_answers_wrong/replicas_disagree": Recorded(
        World(
            rule=when(
                lambda one: one.name_kind is NameKind.SERVICE and one.server == COREDNS_2,
                ("10.96.0.1",),
            )
        )
    ),
    "coredns_runtime/cluster_answers_wrong/not_the_api": Recorded(
        World(
            places=(API,),
            rule=when(lambda one: one.name_kind is NameKind.SERVICE, ("10.96.0.1",)),
        ),
        {
            "services.txt": "NAMESPACE     NAME         TYPE        CLUSTER-IP   EXTERNAL-IP   "
            "PORT(S)         AGE\n"
            "default       kubernetes   ClusterIP   10.32.0.1    <none>        443/TCP         "
            "12d\n",
        },
    ),
    "coredns_runtime/cluster_answers_wrong/other_version": Recorded(
        World(places=(API,), rule=when(lambda one: one.name_kind is NameKind.VERSION, ('"two"',)))
    ),
    "coredns_runtime/cluster_answers_wrong/healthy": Recorded(HEALTHY),
    "node_resolver/nodelocaldns_down/one_node": Recorded(
        World(
            servers=CACHED,
            rule=when(lambda one: one.server == CACHE and one.place.node == "node-2", LOST),
        )
    ),
    "node_resolver/nodelocaldns_down/nothing_answers": Recorded(
        World(servers=CACHED, rule=when(lambda one: one.server == SERVICE, LOST))
    ),
    "node_resolver/nodelocaldns_upstream_unreachable/servfail": Recorded(
        World(
            servers=CACHED,
            rule=when(
                lambda one: one.server == CACHE and one.name_kind is not NameKind.EXTERNAL,
                Outcome.SERVFAIL,
            ),
        )
    ),
    "node_resolver/nodelocaldns_upstream_unreachable/coredns_too": Recorded(
        World(
            servers=CACHED,
            rule=when(lambda one: one.name_kind is NameKind.SERVICE, Outcome.SERVFAIL),
        )
    ),
    "client_config/short_names_fail/every_pod": Recorded(
        World(rule=when(lambda one: one.name_kind is NameKind.SHORT, Outcome.NXDOMAIN))
    ),
    "client_config/short_names_fail/one_pod": Recorded(
        World(
            rule=when(
                lambda one: one.name_kind is NameKind.SHORT and one.place == WEB_1,
                Outcome.NXDOMAIN,
            )
        )
    ),
    "client_config/short_names_fail/whole_name_too": Recorded(
        World(
            rule=when(
                lambda one: one.name_kind in (NameKind.SHORT, NameKind.SERVICE),
                Outcome.NXDOMAIN,
            )
        )
    ),
    "client_config/resolution_fails/asked_in_vain": Recorded(
        World(places=(WEB_1, WEB_2), servers=(SERVICE,), rule=when(lambda _: True, LOST))
    ),
    "client_config/resolution_fails/asked_and_answered": Recorded(HEALTHY),
    "policy/dns_blocked_for_namespace/one_of_two": Recorded(
        World(places=WITH_BANK, rule=when(lambda one: one.place == BANK_2, LOST))
    ),
    "policy/dns_blocked_for_namespace/whole_node": Recorded(
        World(places=WITH_BANK, rule=when(lambda one: one.place in (WEB_2, BANK_2), LOST))
    ),
    "policy/dns_blocked_for_namespace/other_pod_passes": Recorded(
        World(
            places=(*WITH_BANK, pod("bank-6c8f4-pqrst", "node-1", "bank", "10.200.0.10")),
            rule=when(lambda one: one.place == BANK_2, LOST),
        )
    ),
    "policy/networkpolicy_blocks_client/asked_in_vain": Recorded(
        World(places=WITH_BANK, rule=when(lambda one: one.place == BANK_2, LOST)),
        {"policies.yaml": POLICY},
    ),
    "upstream/absent_names_answered/upstream": Recorded(
        World(
            places=(API, HOST_1),
            rule=when(lambda one: one.name_kind is NameKind.ABSENT, ("198.51.100.7",)),
        )
    ),
    "upstream/absent_names_answered/healthy": Recorded(HEALTHY),
    "upstream/external_names_fail/asked_everywhere": Recorded(
        World(servers=(SERVICE, COREDNS_1, COREDNS_2), rule=when(outside, Outcome.SERVFAIL))
    ),
    "upstream/external_names_fail/one_replica_of_two": Recorded(
        World(
            places=(API,),
            rule=when(lambda one: outside(one) and one.server == COREDNS_2, Outcome.SERVFAIL),
        )
    ),
    "upstream/external_names_fail/other_transport": Recorded(
        World(rule=when(lambda one: one.server == SERVICE and one.transport == "udp", LOST))
    ),
    "upstream/upstream_timeout/asked_directly": Recorded(World(rule=upstream_silent)),
    "upstream/upstream_timeout/one_of_two_asked": Recorded(
        World(
            servers=(SERVICE, COREDNS_1, UPSTREAM, UPSTREAM_2),
            rule=when(lambda one: one.server == UPSTREAM_2, LOST),
        )
    ),
    "upstream/upstream_timeout/deaf_place": Recorded(
        World(
            places=(HOST_1, WEB_1, HOST_2, WEB_2),
            rule=when(lambda one: one.place.node == "node-2", LOST),
        )
    ),
    "upstream/upstream_connection_refused/asked_directly": Recorded(
        World(rule=lambda one: REFUSED if one.server == UPSTREAM else upstream_silent(one))
    ),
    "upstream/upstream_servfail/asked_directly": Recorded(
        World(rule=when(lambda one: one.name_kind is NameKind.EXTERNAL, Outcome.REFUSED))
    ),
    "upstream/upstream_servfail/one_name_asked": Recorded(
        World(rule=when(lambda one: one.name_kind is NameKind.EXTERNAL, Outcome.SERVFAIL))
    ),
    "service_proxy/dns_reply_from_unexpected_source/asked": Recorded(
        World(
            rule=when(
                lambda one: one.place == WEB_1 and one.server == SERVICE,
                Outcome.UNEXPECTED_SOURCE,
            )
        )
    ),
}


def text(case: Recorded) -> str:
    """Return the answers of a case as a run records them."""
    return text_of(case.world.items())


def write() -> None:
    """Write the files of every case, and leave what else stands there."""
    for path, case in CASES.items():
        folder = HERE / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(text(case), encoding="utf-8")
        for name, content in (case.files or {}).items():
            (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write()
