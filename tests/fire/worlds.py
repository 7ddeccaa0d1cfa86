"""The clusters that are asked through the proxy: those of other tests, with pods that answer."""

from __future__ import annotations

from collections.abc import Callable

from diagnose.sources import commands
from diagnose.sources.streams import Exec
from tests import test_equivalence as known
from tests.sources.apiserver import Cluster
from tests.sources.nameserver import answered
from tests.sources.test_answers import World
from tests.sources.test_node_facts import ADDRESSES, RESOLVER, RULES, SETTINGS

Change = Callable[[Cluster], None]
# What is done to a sound cluster, by name: nothing; what is proven by logs, by events, by objects.
WORLDS: dict[str, Change | None] = {
    "healthy": None,
    "loops": known.loops,
    "has_another_bridge": known.has_another_bridge,
}
# What else other tests have; too much for each run of the tests.
MORE: dict[str, Change | None] = {
    change.__name__: change for change, _ in known.WORLDS if change is not None
}
FACTS = SETTINGS + RULES + ADDRESSES + RESOLVER
SHELLS = ("kube-proxy", "kube-flannel", "shop")


def world(name: str) -> Cluster:
    """Return a cluster by its name, in whose pods commands can be run."""
    cluster = known.world((WORLDS | MORE)[name])
    said = World(cluster)
    for pod in cluster.objects["pods"]:
        meta = pod["metadata"]
        key = (meta["namespace"], meta["name"])
        if meta["labels"] == known.DNS:
            cluster.ports[(*key, 53)] = answered
        if meta["name"].startswith(SHELLS):
            pod["spec"]["hostNetwork"] = not meta["name"].startswith("shop")
            cluster.execs[key] = shell(said, *key)
    return cluster


def shell(
    said: World, namespace: str, pod: str
) -> Callable[[tuple[str, ...]], tuple[bytes, bytes, int | str]]:
    """Return what runs commands in a pod: the look at the node, and the questions to DNS."""

    def run(words: tuple[str, ...]) -> tuple[bytes, bytes, int | str]:
        if words[: len(commands.of_asking(0, [])) - 1] == commands.of_asking(0, [])[:-1]:
            came = said.ran(Exec(namespace, pod, "", words))
            return came.stdout, came.stderr, 0
        if words[:2] == commands.SHELL:
            return FACTS.encode(), b"", 0
        return b"nameserver 10.32.0.10\nsearch default.svc.cluster.local\n", b"", 0

    return run
