"""The roles that are printed permit what a live run requests rung by rung, and nothing more."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from diagnose.asks import ASKS, Ask
from diagnose.pool import Pool
from diagnose.rbac import (
    EVERYWHERE,
    USUAL,
    Right,
    grants,
    held,
    manifest,
    missing_role,
    rights,
    role,
    up_to,
)
from diagnose.sources.live import Live
from diagnose.sources.options import LiveOptions
from diagnose.sources.plans import PLANS
from diagnose.sources.plans.permissions import Lacking
from tests.sources import writes
from tests.sources.apiserver import (
    Cluster,
    Fault,
    healthy,
    kubeconfig,
    pod,
    serving,
    warning,
)
from tests.sources.test_live import ask
from tests.sources.test_probe import with_shells

PATH = re.compile(
    r"/(?:api|apis/(?P<group>[\w.]+))/v1(?:/namespaces/(?P<namespace>[^/]+))?/(?P<resource>[a-z]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<sub>log|proxy|exec|portforward)(?:/.*)?)?)?"
)
BOTH = frozenset({"pods/exec", "pods/portforward"})  # a GET that takes create, too
REVIEWS = "/apis/authorization.k8s.io/"  # everybody may send them (system:basic-user)


def allowed(text: str) -> set[Right]:
    """Return what the roles of a manifest permit."""
    return {
        Right(document["metadata"].get("namespace", ""), group, resource, verb)
        for document in yaml.safe_load_all(text)
        for rule in document["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def needed(method: str, target: str) -> set[Right]:
    """Return the permissions that a request takes, in the namespace where it takes them."""
    match = PATH.fullmatch(urlsplit(target).path)
    assert match, target
    resource = "/".join(filter(None, (match["resource"], match["sub"])))
    verb = {"POST": "create", "DELETE": "delete"}.get(method) or (
        "get" if match["name"] else "list"
    )
    verbs = {"get", "create"} if resource in BOTH else {verb}
    place = match["namespace"] or ""
    return {Right(place, match["group"] or "", resource, one) for one in verbs}


def covered(right: Right, by: set[Right]) -> Right | None:
    """Return the right among some that covers one, if any does."""
    everywhere = Right("", right.group, right.resource, right.verb)
    return next((one for one in (everywhere, right) if one in by), None)


def sent(cluster: Cluster) -> list[Right]:
    """Return the permissions that everything took which a cluster was sent."""
    requests = [("GET", one) for one in cluster.requests if one != "/version"]
    requests += [
        (method, path) for method, path, _ in cluster.writes.sent if not path.startswith(REVIEWS)
    ]
    return [right for method, path in requests for right in needed(method, path)]


def well() -> Cluster:
    """Return a cluster in which every rung finds something to ask."""
    cluster = with_shells(healthy())
    for one in cluster.objects["pods"]:
        one["spec"]["hostNetwork"] = one["metadata"]["name"].startswith("kube-")
    return cluster


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
def test_everything_that_is_sent_is_permitted(asks: tuple[Ask, ...], tmp_path: Path) -> None:
    """Whether the cluster is well or not, the role for the asks covers each request."""
    for cluster in (well(), troubled(), Cluster()):
        ask(cluster, tmp_path, *asks, rung=4)
        permitted = allowed(manifest(asks or Ask))
        assert sent(cluster) or cluster.writes.sent
        assert [one for one in sent(cluster) if covered(one, permitted) is None] == []


def test_nothing_is_permitted_in_vain(tmp_path: Path) -> None:
    """Each permission is used by some run."""
    permitted = allowed(role(4))
    used = set()
    for cluster in (well(), troubled()):
        cluster.writes.fate = writes.ends("said\n")
        ask(cluster, tmp_path, rung=4)
        used |= {covered(one, permitted) for one in sent(cluster)}
    assert permitted - used == set()


@pytest.mark.parametrize("rung", [1, 2, 3, 4])
def test_a_run_up_to_a_rung_is_content_with_its_role(rung: int, tmp_path: Path) -> None:
    """What a run sends that stops there, the role for that rung permits."""
    cluster = well()
    ask(cluster, tmp_path, rung=rung)
    permitted = allowed(role(rung))
    assert [one for one in sent(cluster) if covered(one, permitted) is None] == []


def test_a_rung_that_objects_are_enough_for_only_reads() -> None:
    """Rung 1 gets and lists, and nothing through a proxy."""
    permitted = allowed(role(1))
    assert {one.verb for one in permitted} == {"get", "list"}
    subresources = {one.resource for one in permitted if "/" in one.resource}
    assert subresources == {"pods/log"}


def test_what_opens_a_stream_is_all_that_rungs_2_and_3_create() -> None:
    """Kubernetes calls it create; no object is."""
    more = allowed(role(3)) - allowed(role(1))
    assert {one.resource for one in more if one.verb == "create"} <= BOTH
    assert {one.verb for one in more if one.resource not in BOTH} == {"get"}


def test_no_rung_lacks_what_a_lower_one_has() -> None:
    """The ladder only adds."""
    for rung in (2, 3, 4):
        assert allowed(role(rung)) >= allowed(role(rung - 1))


def test_only_rung_4_writes_and_only_in_one_namespace() -> None:
    """Pods are created and deleted there, and in no other place."""
    assert not [one for one in allowed(role(3)) if one.verb == "delete"]
    more = allowed(role(4)) - allowed(role(3))
    written = {one for one in more if one.verb in ("create", "delete")}
    assert written == {Right("default", "", "pods", verb) for verb in ("create", "delete")}


@pytest.mark.parametrize("rung", [1, 2, 3, 4])
def test_no_role_reads_secrets_or_has_a_wildcard(rung: int) -> None:
    """Nor does any change what others own."""
    for one in allowed(role(rung)):
        assert "secrets" not in one.resource
        assert "*" not in (one.group, one.resource, one.verb)
        assert one.verb in ("get", "list", "create", "delete")


def test_the_usual_rung_is_how_far_a_run_goes_on_its_own() -> None:
    """`corediag rbac` without options is for `corediag run` without options."""
    assert LiveOptions().rung == USUAL
    assert {ASKS[one].rung for one in up_to(USUAL)} == {1, 2, 3}


# ---------------------------------------------------------------- what the user lacks

LIST_PODS = Right("", "", "pods", "list")
READ_LOGS = Right("", "", "pods/log", "get")
CREATE = Right("default", "", "pods", "create")


@pytest.mark.parametrize(
    ("rule", "right", "expected"),
    [
        ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, READ_LOGS, True),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"]}, READ_LOGS, True),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["*/log"]}, READ_LOGS, True),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, READ_LOGS, False),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods/*"]}, READ_LOGS, False),
        ({"verbs": ["list"], "apiGroups": ["apps"], "resources": ["pods"]}, LIST_PODS, False),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, LIST_PODS, False),
        ({"verbs": None, "apiGroups": 3, "resources": [None, {}]}, LIST_PODS, False),
        ({}, LIST_PODS, False),
    ],
)
def test_rules_are_read_as_kubernetes_reads_them(
    rule: dict[str, object], right: Right, expected: bool
) -> None:
    """Wildcards stand for all; a resource does not stand for its subresources."""
    assert grants(rule, right) is expected


def test_a_rule_for_some_names_grants_nothing() -> None:
    """Which pods a run will list is not known."""
    rule = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]}
    assert held([LIST_PODS], {"resourceRules": [rule]}) == frozenset()
    for nonsense in ({}, {"resourceRules": 3}, {"resourceRules": [3, None]}):
        assert held([LIST_PODS], nonsense) == frozenset()


def lacks(cluster: Cluster, folder: Path, *several: Right) -> Lacking:
    """Return which rights the user of a cluster lacks."""
    with serving(cluster) as url:
        options = LiveOptions(kubeconfig=kubeconfig(folder, url), environ={})
        pool = Pool(4, 30.0)
        try:
            return Live(options, pool).lacking(several or rights(Ask))
        finally:
            pool.close()


def test_who_may_everything_lacks_nothing(tmp_path: Path) -> None:
    """And three reviews told it."""
    cluster = healthy()
    assert lacks(cluster, tmp_path) == Lacking()
    assert len(cluster.writes.sent) == 3


def test_a_role_in_one_namespace_is_not_everywhere(tmp_path: Path) -> None:
    """What a RoleBinding in kube-system grants is told apart from what is granted everywhere."""
    cluster = healthy()
    rule = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}
    cluster.writes.rules = []
    cluster.writes.rules_of["kube-system"] = [rule]
    found = lacks(cluster, tmp_path, LIST_PODS, READ_LOGS)
    assert found.missing == (LIST_PODS, READ_LOGS)
    assert found.there_only == (LIST_PODS,)
    asked = {body["spec"]["namespace"] for _, _, body in cluster.writes.sent}
    assert asked == {EVERYWHERE, "kube-system"}


def test_a_role_for_probes_counts_where_they_stand(tmp_path: Path) -> None:
    """The right to create pods in default is asked for there alone."""
    cluster = healthy()
    cluster.writes.rules = []
    cluster.writes.rules_of["default"] = [
        {"verbs": ["create"], "apiGroups": [""], "resources": ["pods"]}
    ]
    assert lacks(cluster, tmp_path, CREATE, LIST_PODS).missing == (LIST_PODS,)


def test_an_incomplete_answer_is_asked_for_right_by_right(tmp_path: Path) -> None:
    """What the rules show is held; of the rest each is asked for, with its subresource apart."""
    cluster = healthy()
    cluster.writes.incomplete = True
    cluster.writes.rules = [{"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}]
    cluster.writes.allowed = lambda asked: asked["subresource"] == "log"
    assert lacks(cluster, tmp_path, LIST_PODS, READ_LOGS, CREATE).missing == (CREATE,)
    asked = [body["spec"] for _, path, body in cluster.writes.sent if "access" in path]
    assert sorted(one["resourceAttributes"]["namespace"] for one in asked) == ["", "default"]


@pytest.mark.parametrize("how", ["reset", "html", "status"])
def test_an_answer_that_does_not_come_proves_no_lack(how: str, tmp_path: Path) -> None:
    """Not to know what one may do is not to lack it."""
    cluster = healthy()
    cluster.faults["POST .*rulesreviews"] = Fault(how=how, status=500, body="no")
    found = lacks(cluster, tmp_path)
    assert found.missing == ()
    assert found.unknown


def test_what_is_missing_takes_nothing_away() -> None:
    """Applied, it stands in the place of no role that is there, be it of another time."""
    lacking = (LIST_PODS, CREATE)
    printed = [missing_role(4, several, ()) for several in (lacking, lacking[:1], lacking)]
    first, other, again = ([*yaml.safe_load_all(text)] for text in printed)
    names = [one["metadata"]["name"] for one in first + other]
    assert all(name.startswith("corediag-missing-") for name in names)
    assert len({(one["kind"], one["metadata"]["name"]) for one in first + other}) == 3
    assert first == again
    assert allowed(printed[0]) == set(lacking)
    whole = {one["metadata"]["name"] for one in yaml.safe_load_all(role(4))}
    assert whole.isdisjoint(names)
    (name,) = {name.removesuffix("-probe") for name in names[:2]}
    assert f"create clusterrolebinding {name} --clusterrole={name} " in printed[0]
    assert f"create rolebinding {name}-probe --role={name}-probe " in printed[0]
