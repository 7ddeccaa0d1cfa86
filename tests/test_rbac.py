"""The ClusterRole that is printed permits what a live run requests, and nothing that writes."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from diagnose.asks import Ask
from diagnose.rbac import manifest
from diagnose.sources.plans import PLANS
from tests.sources.apiserver import Cluster, Fault, healthy, pod, warning
from tests.sources.test_live import ask

PATH = re.compile(
    r"/(?:api|apis/(?P<group>[\w.]+))/v1(?:/namespaces/[^/]+)?/(?P<resource>[a-z]+)"
    r"(?P<name>/[^/]+)?(?P<log>/log)?"
)


def allowed(*asks: Ask) -> set[tuple[str, str, str]]:
    """Return the (group, resource, verb) triples that the role for some asks permits."""
    rules = yaml.safe_load(manifest(asks or Ask))["rules"]
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def needed(target: str) -> tuple[str, str, str]:
    """Return the permission that a request takes."""
    match = PATH.fullmatch(urlsplit(target).path)
    assert match, target
    resource = match["resource"] + ("/log" if match["log"] else "")
    return match["group"] or "", resource, "get" if match["name"] else "list"


def troubled() -> Cluster:
    """Return a cluster in which much is wrong, so that much is looked at."""
    cluster = healthy(600, coredns=0)
    cluster.add("pods", pod("coredns-1", labels={"k8s-app": "kube-dns"}, ready=False, restarts=3))
    cluster.add("events", *(warning(f"e{number}") for number in range(2500)))
    for one in cluster.objects["daemonsets"]:
        one["status"]["numberReady"] = 1
    for one in cluster.objects["nodes"]:
        one["status"]["conditions"][0]["status"] = "False"
    cluster.objects["configmaps"] = []
    cluster.objects["clusterroles"] = []
    cluster.faults["/endpointslices"] = Fault(status=404, body="no such resource")
    return cluster


@pytest.mark.parametrize("asks", [(), *((one,) for one in PLANS)], ids=str)
def test_everything_that_is_requested_is_permitted(asks: tuple[Ask, ...], tmp_path: Path) -> None:
    """Whether the cluster is well or not, the role for the asks covers each request."""
    for cluster in (healthy(), troubled(), Cluster()):
        ask(cluster, tmp_path, *asks)
        requests = [one for one in cluster.requests if one != "/version"]
        assert requests
        assert {needed(one) for one in requests} <= allowed(*asks)


def test_nothing_is_permitted_in_vain(tmp_path: Path) -> None:
    """Each permission is used by some run."""
    used = set()
    for cluster in (healthy(), troubled()):
        ask(cluster, tmp_path)
        used |= {needed(one) for one in cluster.requests if one != "/version"}
    assert used == allowed()


def test_only_reading_is_permitted() -> None:
    """No verb changes anything, and no Secret can be read."""
    assert {verb for _, _, verb in allowed()} == {"get", "list"}
    assert "secrets" not in {resource for _, resource, _ in allowed()}
