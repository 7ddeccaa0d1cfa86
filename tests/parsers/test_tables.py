"""Tables of kubectl are read in any choice and order of columns, and as pastes leave them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.events import Event
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod
from diagnose.facts.services import Endpoint, Endpoints, Service, ServicePort
from diagnose.facts.workloads import DaemonSet, Deployment
from diagnose.model import GapKind, Subject
from diagnose.parsers.tables import parse
from diagnose.parts import Kind, Parsed, Part
from diagnose.text.recognise import cut

IN_SYSTEM = "kubectl -n kube-system get pods"
WIDE = """\
NAME                       READY   STATUS             RESTARTS      AGE    IP           NODE     NOMINATED NODE   READINESS GATES
coredns-5f7c9d8b6d-q4x2k   0/1     CrashLoopBackOff   7 (91s ago)   2d3h   10.44.0.7    edge-a   <none>           <none>
kube-proxy-7zt4m           1/1     Running            0             21d    10.77.3.11   edge-b   <none>           <none>
"""  # noqa: E501  as kubectl prints it


def table(text: str, command: str = "", origin: str = "paste") -> Parsed:
    """Return what a table is parsed to."""
    return parse(Part(Kind.TABLE, origin, text, command=command, first_line=10))


def pods(text: str, command: str = "") -> list[Pod]:
    """Return the pods of a table that has nothing else, and leaves nothing unread."""
    parsed = table(text, command)
    assert parsed.gaps == ()
    assert all(isinstance(item, Pod) for item in parsed.items)
    return [item for item in parsed.items if isinstance(item, Pod)]


def pasted(text: str) -> list[object]:
    """Return the items of all tables in a paste."""
    found: list[object] = []
    for part in cut(text, origin="paste"):
        if part.kind is Kind.TABLE:
            found += parse(part).items
    return found


# ---------------------------------------------------------------- pods


def test_a_wide_row_tells_state_restarts_address_and_node() -> None:
    """All that the columns hold reaches the pod; the row itself is its quote."""
    first, second = pods(WIDE, IN_SYSTEM)
    assert first.subject == Subject("Pod", "coredns-5f7c9d8b6d-q4x2k", "kube-system", "edge-a")
    assert (first.status, first.ready, first.restarts) == ("CrashLoopBackOff", False, 7)
    assert (first.ready_containers, first.total_containers) == (0, 1)
    assert (first.last_restart_age_s, first.age_s) == (91, 2 * 86_400 + 3 * 3600)
    assert first.ips == ("10.44.0.7",)
    assert first.quote.line == 11
    assert first.quote.text.startswith("coredns-5f7c9d8b6d-q4x2k   0/1")
    assert (second.ready, second.restarts, second.last_restart_age_s) == (True, 0, None)


def test_what_a_table_does_not_tell_stays_open() -> None:
    """A missing column is None, <none> in a column is known to be nothing."""
    (pod,) = pods("NAME    READY   STATUS    IP\nweb-0   0/1     Pending   <none>\n")
    assert (pod.restarts, pod.age_s, pod.labels, pod.subject.node) == (None, None, None, "")
    assert pod.ips == ()
    (other,) = pods("NAME    READY   STATUS\nweb-0   0/1     Pending\n")
    assert other.ips is None


def test_the_namespace_comes_from_its_column_before_the_command() -> None:
    """With -A there is a column; without it the command's -n tells; without both nothing."""
    rows = (
        "NAMESPACE     NAME    READY   STATUS    RESTARTS   AGE\n"
        "kube-system   dns-0   1/1     Running   0          5m\n"
    )
    assert pods(rows)[0].subject.namespace == "kube-system"
    bare = "NAME    READY   STATUS    RESTARTS   AGE\ndns-0   1/1     Running   0          5m\n"
    assert pods(bare, "kubectl get po -n=infra | grep dns")[0].subject.namespace == "infra"
    assert pods(bare, "watch -n 2 kubectl get po")[0].subject.namespace == ""


@pytest.mark.parametrize(
    ("cell", "count", "age_s"),
    [("12", 12, None), ("12 (3m ago)", 12, 180), ("2 (4m11s ago)", 2, 251)],
)
def test_restarts_are_read_in_both_forms(cell: str, count: int, age_s: float | None) -> None:
    """Since v1.22 the column also tells when the last restart was."""
    (pod,) = pods(f"NAME   READY   STATUS   RESTARTS   AGE\na   1/1   Running   {cell}   5d\n")
    assert (pod.restarts, pod.last_restart_age_s, pod.age_s) == (count, age_s, 5 * 86_400)


def test_single_blanks_and_tabs_part_cells_as_well() -> None:
    """Chat programs squeeze blanks; cells of two words are known by their form."""
    wanted = pods(WIDE)
    squeezed = "\n".join(" ".join(line.split()) for line in WIDE.splitlines())
    tabbed = "\n".join("\t".join(line.split("  ")) for line in WIDE.splitlines())
    for text in (squeezed, tabbed):
        found = pods(text)
        assert [(one.subject, one.status, one.restarts, one.ips) for one in found] == [
            (one.subject, one.status, one.restarts, one.ips) for one in wanted
        ]


def test_rows_may_be_shifted_against_their_heads() -> None:
    """Names that somebody replaced by longer or shorter ones move the cells behind them."""
    short, long = pods(
        "NAME                       READY   STATUS             RESTARTS   AGE\n"
        "dns-X   0/1     CrashLoopBackOff   4          9m\n"
        "a-name-that-is-longer-than-the-one-before-it   1/1     Running            0          9m\n"
    )
    assert (short.subject.name, short.status, short.restarts) == ("dns-X", "CrashLoopBackOff", 4)
    assert (long.status, long.restarts) == ("Running", 0)


def test_rows_without_a_header_are_known_by_their_shape() -> None:
    """What grep leaves has no header; a namespace before the name is one word more."""
    first, second, third = pods(
        "kube-system   coredns-5f7c9d8b6d-q4x2k   0/1   CrashLoopBackOff   3 (18s ago)\n"
        "coredns   0/1   ImagePullBackOff\n"
        "web-0 1/1 Running 0 12m 10.44.0.9 edge-a <none> <none>\n"
    )
    assert first.subject == Subject("Pod", "coredns-5f7c9d8b6d-q4x2k", "kube-system")
    assert (first.restarts, first.last_restart_age_s) == (3, 18)
    assert (second.subject.name, second.status) == ("coredns", "ImagePullBackOff")
    assert (third.subject.node, third.ips, third.age_s) == ("edge-a", ("10.44.0.9",), 720)


def test_rows_that_a_terminal_cut_are_made_whole() -> None:
    """A wide table in a window of 80 columns; its header is cut at the same place."""
    lines = [line[at : at + 80] for line in WIDE.splitlines() for at in (0, 80)]
    first, second = (item for item in pasted("\n".join(lines) + "\n") if isinstance(item, Pod))
    assert (first.ips, first.subject.node) == (("10.44.0.7",), "edge-a")
    assert (second.ips, second.subject.node) == (("10.77.3.11",), "edge-b")
    assert second.quote.line == 5


def test_labels_are_read_in_their_column_and_behind_the_last_head() -> None:
    """With --show-labels and the header cut away, the last cell shows labels by its form."""
    headed = pods(
        "NAME    READY   STATUS    RESTARTS   AGE   LABELS\n"
        "dns-0   1/1     Running   0          5m    k8s-app=kube-dns,tier=control\n"
    )
    bare = pods("dns-0   1/1     Running   0          5m    k8s-app=kube-dns,tier=control\n")
    assert headed[0].labels == bare[0].labels == {"k8s-app": "kube-dns", "tier": "control"}


def test_columns_that_somebody_chose_are_read_by_their_heads() -> None:
    """With -o custom-columns the order and the choice are free."""
    (pod,) = pods(
        "NODE     STATUS    NAMESPACE   POD\nedge-a   Pending   shop        cart-0\n",
        "kubectl get pods -A -o custom-columns=NODE:.spec.nodeName,STATUS:.status.phase",
    )
    assert pod.subject == Subject("Pod", "cart-0", "shop", "edge-a")
    assert pod.status == "Pending"


def test_a_pod_that_is_terminating_is_being_deleted() -> None:
    """The word Terminating stands for a deletion time stamp."""
    first, second = pods("dns-0  1/1  Terminating  0  5m\ndns-1  1/1  Running  0  5m\n")
    assert (first.deleting, second.deleting) == (True, False)


# ---------------------------------------------------------------- nodes


def test_a_node_with_all_its_columns() -> None:
    """The names of operating systems are several words."""
    (node, other) = table(
        "NAME     STATUS                        ROLES           AGE   VERSION   INTERNAL-IP   "
        "EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION       CONTAINER-RUNTIME\n"
        "edge-a   Ready,SchedulingDisabled      control-plane   21d   v1.30.2   10.77.3.11    "
        "<none>        Ubuntu 22.04.4 LTS   5.15.0-107-generic   containerd://1.7.18\n"
        "edge-b NotReady <none> 21d v1.30.2 10.77.3.12 192.0.2.7 Debian GNU/Linux 12 (bookworm) "
        "6.1.0-21-amd64 cri-o://1.30.1\n"
    ).items
    assert isinstance(node, Node)
    assert isinstance(other, Node)
    assert (node.subject, node.ready) == (Subject("Node", "edge-a"), True)
    assert (node.kubelet_version, node.kernel) == ("v1.30.2", "5.15.0-107-generic")
    assert (node.os_image, node.addresses) == ("Ubuntu 22.04.4 LTS", ("10.77.3.11",))
    assert (other.ready, other.os_image) == (False, "Debian GNU/Linux 12 (bookworm)")
    assert other.addresses == ("10.77.3.12", "192.0.2.7")
    assert other.runtime == "cri-o://1.30.1"


def test_name_status_age_is_told_by_its_values() -> None:
    """Old kubectl prints nodes with the columns of namespaces; only Ready is a node's."""
    text = "NAME     STATUS   AGE\n{}   {}   21d\n"
    (node,) = table(text.format("edge-a", "Ready")).items
    assert isinstance(node, Node)
    assert table(text.format("kube-system", "Active")).items == ()


# ---------------------------------------------------------------- services, endpoints


def test_a_service_with_its_ports_and_selector() -> None:
    """A node port is no port of the Service; None as address is known to be none."""
    first, second = table(
        "NAMESPACE     NAME       TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)          AGE   "
        "SELECTOR\n"
        "kube-system   kube-dns   ClusterIP   10.44.0.10   <none>        53/UDP,53/TCP    21d   "
        "k8s-app=kube-dns\n"
        "shop          cart       NodePort    None         <none>        80:30080/TCP     21d   "
        "<none>\n"
    ).items
    assert isinstance(first, Service)
    assert isinstance(second, Service)
    assert first.subject == Subject("Service", "kube-dns", "kube-system")
    assert (first.cluster_ips, first.selector) == (("10.44.0.10",), {"k8s-app": "kube-dns"})
    assert first.ports == (ServicePort(53, "UDP"), ServicePort(53, "TCP"))
    assert (second.cluster_ips, second.selector) == ((), {})
    assert second.ports == (ServicePort(80, "TCP"),)


def test_a_service_of_an_old_kubectl_without_a_header() -> None:
    """It has no TYPE; rows of counts, as of a ReplicaSet, are none."""
    row = "kube-system   kube-dns   10.44.0.10   <none>   53/UDP,53/TCP   9d\n"
    (service,) = parse(Part(Kind.TABLE, "o", row)).items
    assert isinstance(service, Service)
    assert service.subject == Subject("Service", "kube-dns", "kube-system")
    assert service.cluster_ips == ("10.44.0.10",)
    assert parse(Part(Kind.TABLE, "o", "web-7d9c8b5f6d   10   10   10   9d\n")).items == ()


def test_endpoints_are_addresses_without_their_ports() -> None:
    """The table shows three pairs of address and port, and how many more there are."""
    some, none = table(
        "NAME       ENDPOINTS                                             AGE\n"
        "kube-dns   10.44.0.7:53,[fd00:44::8]:53,10.44.0.7:9153 + 3 more...   21d\n"
        "cart       <none>                                                21d\n"
    ).items
    assert isinstance(some, Endpoints)
    assert isinstance(none, Endpoints)
    assert some.endpoints == (Endpoint("10.44.0.7"), Endpoint("fd00:44::8"))
    assert (some.more, some.service) == (3, "kube-dns")
    assert (none.endpoints, none.more) == ((), 0)


def test_a_slice_belongs_to_the_service_of_its_name_and_hides_readiness() -> None:
    """Its table shows addresses whether they are ready or not: that is a gap."""
    parsed = table(
        "NAME             ADDRESSTYPE   PORTS     ENDPOINTS             AGE\n"
        "kube-dns-k8x2t   IPv4          53,9153   10.44.0.7,10.44.0.8   21d\n"
    )
    (item,) = parsed.items
    assert isinstance(item, Endpoints)
    assert item.service == "kube-dns"
    assert item.endpoints == (Endpoint("10.44.0.7"), Endpoint("10.44.0.8"))
    assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]


def test_a_slice_without_endpoints_leaves_no_gap() -> None:
    """<unset> is what kubectl prints for none; who is not there cannot be ready."""
    parsed = table("kube-dns-k8x2t   IPv4   <unset>   <unset>   21d\n")
    (item,) = parsed.items
    assert isinstance(item, Endpoints)
    assert (item.endpoints, parsed.gaps) == ((), ())


# ---------------------------------------------------------------- workloads


def test_get_all_holds_several_tables_whose_names_tell_their_kinds() -> None:
    """`kubectl get all` puts the kind before each name; ReplicaSets tell nothing here."""
    found = pasted(
        "$ kubectl -n kube-system get all -o wide\n"
        "NAME        READY   STATUS    RESTARTS   AGE\n"
        "pod/dns-0   1/1     Running   0          21d\n\n"
        "NAME               TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE   SELECTOR\n"
        "service/kube-dns   ClusterIP   10.44.0.10   <none>        53/UDP    21d   app=dns\n\n"
        "NAME                        DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   "
        "NODE SELECTOR            AGE   CONTAINERS   IMAGES       SELECTOR\n"
        "daemonset.apps/kube-proxy   3         3         2       3            2           "
        "kubernetes.io/os=linux   21d   kube-proxy   proxy:v1.30  k8s-app=kube-proxy\n\n"
        "NAME                  READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES\n"
        "deployment.apps/dns   0/2     2            0           21d   dns          dns:v1.11.1\n\n"
        "NAME                             DESIRED   CURRENT   READY   AGE\n"
        "replicaset.apps/dns-5f7c9d8b6d   2         2         0       21d\n"
    )
    assert [type(item) for item in found] == [Pod, Service, DaemonSet, Deployment]
    pod, service, daemon_set, deployment = found
    assert isinstance(pod, Pod)
    assert isinstance(service, Service)
    assert isinstance(daemon_set, DaemonSet)
    assert isinstance(deployment, Deployment)
    assert pod.subject == Subject("Pod", "dns-0", "kube-system")
    assert service.subject == Subject("Service", "kube-dns", "kube-system")
    assert (daemon_set.desired, daemon_set.current, daemon_set.ready) == (3, 3, 2)
    assert daemon_set.node_selector == {"kubernetes.io/os": "linux"}
    assert daemon_set.images == ("proxy:v1.30",)
    assert (deployment.desired, deployment.ready, deployment.available) == (2, 0, 0)
    assert deployment.images == ("dns:v1.11.1",)


def test_a_deployment_of_old_kubectl_has_desired_instead_of_ready() -> None:
    """Until v1.14 the columns were DESIRED CURRENT UP-TO-DATE AVAILABLE."""
    (item,) = table(
        "NAME      DESIRED   CURRENT   UP-TO-DATE   AVAILABLE   AGE\n"
        "coredns   2         2         2            1           5d\n"
    ).items
    assert isinstance(item, Deployment)
    assert (item.desired, item.ready, item.available) == (2, None, 1)


def test_a_deployment_s_row_alone_is_not_taken_for_a_pod() -> None:
    """n/m is followed by two counts, not by a state; the label behind the age is kept."""
    (item,) = table("coredns   2/2     2            2           66m   k8s-app=kube-dns\n").items
    assert isinstance(item, Deployment)
    assert (item.desired, item.ready, item.labels) == (2, 2, {"k8s-app": "kube-dns"})


# ---------------------------------------------------------------- what is not a table of ours


def test_other_tables_make_no_item_and_no_gap() -> None:
    """Containers of a runtime, namespaces and config maps are not read."""
    for text in (
        "CONTAINER ID   IMAGE    COMMAND     CREATED      STATUS       PORTS   NAMES\n"
        '3f1c2d3e4f50   c69fa2   "/coredns"  2 hours ago  Up 2 hours           k8s_coredns\n',
        "POD ID          CREATED        STATE   NAME    NAMESPACE     ATTEMPT   RUNTIME\n"
        "0c4d5e6f        2 hours ago    Ready   dns-0   kube-system   0         (default)\n",
        "NAME      DATA   AGE\ncoredns   1      21d\n",
        "NAME    READY   AGE\netcd    3/3     21d\n",
    ):
        assert table(text) == Parsed()


def test_a_row_that_cannot_be_read_is_a_gap_beside_the_others() -> None:
    """Nothing is dropped silently from a table that is read."""
    parsed = table("NAME    READY   STATUS    RESTARTS   AGE\ndns-0   1/1  Running  0  5m\n|||\n")
    assert len(parsed.items) == 1
    (gap,) = parsed.gaps
    assert gap.kind is GapKind.MALFORMED
    assert "line 12" in gap.because


def test_a_refusal_is_a_gap_with_its_reason() -> None:
    """What the API server refused was not looked at."""
    parsed = table('Error from server (Forbidden): pods is forbidden: User "kim" cannot list\n')
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.DENIED]


def test_no_resources_is_no_gap() -> None:
    """That there are none is an answer."""
    assert table("No resources found in kube-system namespace.\n") == Parsed()


def test_events_among_other_tables_are_read_as_events() -> None:
    """`kubectl get pods,events` prints both."""
    parsed = table(
        "NAME        READY   STATUS    RESTARTS   AGE\npod/dns-0   1/1  Running  0  5m\n\n"
        "LAST SEEN   TYPE      REASON    OBJECT      MESSAGE\n"
        "12s         Warning   BackOff   pod/dns-0   Back-off restarting failed container\n"
    )
    pod, event = parsed.items
    assert isinstance(pod, Pod)
    assert isinstance(event, Event)
    assert event.quote.line == 14


def test_marks_of_a_quotation_are_no_part_of_the_rows() -> None:
    """Mail and Markdown put > before each line."""
    (pod,) = pasted("> NAME    READY   STATUS    RESTARTS   AGE\n> dns-0   1/1  Running  0  5m\n")
    assert isinstance(pod, Pod)
    assert (pod.subject.name, pod.quote.line) == ("dns-0", 2)


def test_escapes_in_a_row_are_shown_in_its_quote() -> None:
    """Colours are matched away and quoted visibly."""
    (pod,) = pods("\x1b[31mdns-0   0/1     Error     4   5m\x1b[0m\n")
    assert pod.subject.name == "dns-0"
    assert "\\x1b[31m" in pod.quote.text


WORDS = st.sampled_from(
    "NAME NAMESPACE READY STATUS RESTARTS AGE IP NODE CLUSTER-IP PORT(S) ENDPOINTS TYPE REASON "
    "MESSAGE DESIRED LABELS dns-0 pod/dns-0 1/1 0/1 Running Pending Ready 7 (91s ago) 5m <none> "
    "10.44.0.7 10.44.0.7:53 + 3 more... 53/UDP k8s-app=dns ClusterIP IPv4 \t \n ... \x1b[31m "
    "é /".split(" ")
)


@given(st.lists(WORDS, max_size=60).map(" ".join) | st.text(max_size=300), st.text(max_size=40))
def test_no_text_makes_the_parser_raise(text: str, command: str) -> None:
    """Whatever a table holds, the parser returns."""
    table(text, command)
