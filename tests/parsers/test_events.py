"""Events are read in every layout that kubectl has had, whole, in pieces and wrapped."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.events import Event
from diagnose.model import GapKind, Subject
from diagnose.parsers import ages
from diagnose.parsers.events import events_in, parse
from diagnose.parts import Kind, Part
from diagnose.text.recognise import cut

POD = Subject("Pod", "coredns-5f7c9d8b6d-q4x2k", "kube-system")
SANDBOX = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for "
    'sandbox "0c4d1e": plugin type="flannel" failed (add): open /run/flannel/subnet.env: no such '
    "file or directory"
)


def events(text: str, command: str = "", subject: Subject | None = None) -> list[Event]:
    """Return the events of a part that holds nothing else."""
    part = Part(
        Kind.EVENTS, "paste", text, command=command, first_line=5, subject=subject or Subject("")
    )
    parsed = parse(part)
    assert parsed.gaps == ()
    return [item for item in parsed.items if isinstance(item, Event)]


def one(text: str, command: str = "") -> Event:
    """Return the only event of a text."""
    (event,) = events(text, command)
    return event


# ---------------------------------------------------------------- ages


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3s", 3), ("2m10s", 130), ("5d2h", 439_200), ("1y20d", 33_264_000), ("0s", 0)],
)
def test_ages_are_seconds(text: str, seconds: float) -> None:
    """Durations have one or two units."""
    assert ages.seconds(text) == seconds


@pytest.mark.parametrize("text", ["<unknown>", "<invalid>", "", "5", "m", "5 m", "3x", "..."])
def test_what_is_no_age_is_not_known(text: str) -> None:
    """A missing age must not become zero, which would be now."""
    assert ages.seconds(text) is None


def test_an_age_may_tell_how_often_and_since_when() -> None:
    """`2m (x5 over 3m)` was seen five times, first three minutes ago."""
    assert ages.span("2m (x5 over 3m)") == ages.Span(120, 180, 5)
    assert ages.span("2m") == ages.Span(120, 120, 1)
    assert ages.span("<unknown>") == ages.Span(None, None, 1)


def test_dates_are_read_in_both_forms() -> None:
    """RFC 1123 with a zone is what describe prints, RFC 3339 what the API holds."""
    wanted = datetime(2024, 5, 2, 8, 11, 12, tzinfo=UTC)
    assert ages.instant("Thu, 02 May 2024 10:11:12 +0200") == wanted
    assert ages.instant("2024-05-02T08:11:12Z") == wanted
    assert ages.instant("Thu, 32 May 2024 10:11:12 +0200") is None


# ---------------------------------------------------------------- layouts


def test_describe_as_it_prints_today() -> None:
    """Type Reason Age From Message, for the object that is described."""
    text = (
        "Events:\n"
        "  Type     Reason                  Age                From               Message\n"
        "  ----     ------                  ----               ----               -------\n"
        "  Normal   Scheduled               9m                 default-scheduler  Successfully "
        "assigned kube-system/coredns-5f7c9d8b6d-q4x2k to edge-a\n"
        f"  Warning  FailedCreatePodSandBox  2s (x41 over 9m)   kubelet            {SANDBOX}\n"
    )
    first, second = events_in(
        text.split("\n"), part=Part(Kind.DESCRIBE, "d", text), first=70, subject=POD
    )
    assert (first.reason, first.component, first.age_s) == ("Scheduled", "default-scheduler", 540)
    assert (second.type, second.reason, second.component) == (
        "Warning",
        "FailedCreatePodSandBox",
        "kubelet",
    )
    assert (second.count, second.age_s, second.first_age_s) == (41, 2, 540)
    assert second.message == SANDBOX
    assert second.subject == Subject("Pod", POD.name, "kube-system", "edge-a")
    assert second.quote.line == 74


def test_the_node_stands_behind_the_component_in_older_versions() -> None:
    """Until v1.19 From was `kubelet, NODE`; until v1.4 `{kubelet NODE}`."""
    event = one("Warning  BackOff  3s (x7 over 15s)  kubelet, edge-a  Back-off restarting\n")
    assert (event.component, event.subject.node) == ("kubelet", "edge-a")
    old = one("  1h\t1m\t31\t{kubelet edge-a}\t\tWarning\tFailedSync\tError syncing pod\n")
    assert (old.component, old.subject.node) == ("kubelet", "edge-a")


def test_describe_with_first_and_last_seen() -> None:
    """Until v1.7; FirstSeen comes first, and the earlier time is the first whatever the order."""
    event = one(
        "  FirstSeen\tLastSeen\tCount\tFrom\t\tSubObjectPath\t\tType\tReason\t\tMessage\n"
        "  ---------\t--------\t-----\t----\t\t-------------\t\t----\t------\t\t-------\n"
        "  1h\t\t2m\t\t4\tkubelet, edge-a\tspec.containers{coredns}\tWarning\tUnhealthy\tLiveness "
        "probe failed: HTTP probe failed with statuscode: 503\n"
    )
    assert (event.age_s, event.first_age_s, event.count) == (120, 3600, 4)
    assert event.reason == "Unhealthy"
    assert event.message == "Liveness probe failed: HTTP probe failed with statuscode: 503"


def test_get_events_names_its_object() -> None:
    """OBJECT is kind/name; nothing is told of how often and since when."""
    event = one(
        "LAST SEEN   TYPE      REASON                   OBJECT                         MESSAGE\n"
        "12s         Warning   FailedCreatePodSandBox   pod/coredns-5f7c9d8b6d-q4x2k   "
        f"{SANDBOX}\n",
        "kubectl get events -n kube-system",
    )
    assert event.subject == POD
    assert (event.age_s, event.first_age_s, event.count) == (12, None, 1)
    assert event.message == SANDBOX


def test_get_events_of_all_namespaces() -> None:
    """With -A a row begins with its namespace; a node has none."""
    first, second = events(
        "NAMESPACE     LAST SEEN   TYPE      REASON      OBJECT         MESSAGE\n"
        "kube-system   12s         Warning   BackOff     pod/dns-0      Back-off restarting\n"
        "default       3m          Normal    NodeReady   node/edge-a    Node edge-a is Ready\n"
    )
    assert first.subject == Subject("Pod", "dns-0", "kube-system")
    assert second.subject == Subject("Node", "edge-a")


def test_get_events_wide_tells_source_first_and_count() -> None:
    """Their columns stand around the message; SUBOBJECT may be blank."""
    first, second = events(
        "LAST SEEN   TYPE      REASON      OBJECT        SUBOBJECT                  SOURCE"
        "            MESSAGE               FIRST SEEN   COUNT   NAME\n"
        "2m41s       Warning   BackOff     pod/dns-0     spec.containers{coredns}   kubelet, "
        "edge-a   Back-off restarting   42m          171     dns-0.17d1f0a5c3e2b1a4\n"
        "3m          Normal    Scheduled   pod/dns-1                                default-"
        "scheduler   Successfully assigned kube-system/dns-1 to edge-b   3m    1   "
        "dns-1.17d1f0a5c3e2b1a5\n"
    )
    assert (first.component, first.subject.node) == ("kubelet", "edge-a")
    assert (first.message, first.count) == ("Back-off restarting", 171)
    assert (first.age_s, first.first_age_s) == (161, 2520)
    assert second.component == "default-scheduler"
    assert second.subject == Subject("Pod", "dns-1", "kube-system", "edge-b")
    assert second.message == "Successfully assigned kube-system/dns-1 to edge-b"


def test_get_events_as_it_was_until_1_12() -> None:
    """NAME is the event's own: the object's name and a time in hexadecimal digits."""
    first, second = events(
        "LAST SEEN   FIRST SEEN   COUNT     NAME                     KIND      SUBOBJECT"
        "                  TYPE      REASON         SOURCE            MESSAGE\n"
        "2m          1h           214       dns-0.154a3f2f4d2a1b3c   Pod       "
        "spec.containers{coredns}   Warning   BackOff        kubelet, edge-a   Back-off\n"
        "3m          3m           1         edge-b.154a3f2f4d2a1b3e  Node      "
        "                          Normal    NodeNotReady   node-controller   Node edge-b\n"
    )
    assert first.subject == Subject("Pod", "dns-0", "", "edge-a")
    assert (first.age_s, first.first_age_s, first.count) == (120, 3600, 214)
    assert (first.reason, first.message) == ("BackOff", "Back-off")
    assert (second.subject, second.component) == (Subject("Node", "edge-b"), "node-controller")


def test_kubectl_events_tells_how_often() -> None:
    """Its LAST SEEN has the form of describe, its OBJECT begins with a capital."""
    event = one(
        "LAST SEEN           TYPE      REASON      OBJECT      MESSAGE\n"
        "5m (x12 over 31m)   Warning   Unhealthy   Pod/dns-0   Readiness probe failed\n"
    )
    assert event.subject == Subject("Pod", "dns-0")
    assert (event.count, event.age_s, event.first_age_s) == (12, 300, 1860)


def test_columns_that_somebody_chose() -> None:
    """With dates in place of ages the latest one stands for the time of taking."""
    text = (
        "LASTSEEN               TYPE      REASON                   NAME    MESSAGE\n"
        "2024-05-02T10:11:12Z   Warning   FailedCreatePodSandBox   dns-0   "
        f"{SANDBOX}\n"
        "2024-05-02T10:10:12Z   Normal    Scheduled                dns-0   Successfully assigned "
        "kube-system/dns-0 to edge-a\n"
    )
    (part,) = cut(text, origin="paste")
    assert part.kind is Kind.EVENTS
    first, second = (item for item in parse(part).items if isinstance(item, Event))
    assert first.subject == Subject("Pod", "dns-0", "kube-system", "edge-a")
    assert (first.reason, first.message, first.age_s) == ("FailedCreatePodSandBox", SANDBOX, 0)
    assert second.age_s == 60


def test_the_time_of_taking_makes_times_of_ages() -> None:
    """With it, events of several parts can be put in order."""
    taken = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
    text = "Warning  BackOff  2m (x5 over 3m)  kubelet  Back-off restarting\n"
    (event,) = parse(Part(Kind.EVENTS, "e", text, taken_at=taken)).items
    assert isinstance(event, Event)
    assert event.last_at == taken - timedelta(minutes=2)
    assert event.first_at == taken - timedelta(minutes=3)


# ---------------------------------------------------------------- pieces


@pytest.mark.parametrize(
    "row",
    [
        f"Warning  FailedCreatePodSandBox  2s (x5 over 3m)  kubelet, edge-a  {SANDBOX}",
        f"Warning FailedCreatePodSandBox 2s (x5 over 3m) kubelet, edge-a {SANDBOX}",
        f"\tWarning\tFailedCreatePodSandBox\t2s (x5 over 3m)\tkubelet, edge-a\t{SANDBOX}",
        f"FailedCreatePodSandBox  2s (x5 over 3m)  kubelet, edge-a  {SANDBOX}",
    ],
)
def test_a_row_alone_is_an_event(row: str) -> None:
    """Without header, with single blanks, with tabs, without its type."""
    event = one(row + "\n")
    assert (event.reason, event.message) == ("FailedCreatePodSandBox", SANDBOX)
    assert (event.component, event.count, event.age_s) == ("kubelet", 5, 2)
    assert event.subject == Subject("Pod", "", "", "edge-a")


def test_an_age_that_was_left_out_is_not_known() -> None:
    """People write ... for what they cut."""
    event = one("Warning  FailedCreatePodSandBox  ...  kubelet\nFailed to create pod sandbox\n")
    assert (event.age_s, event.component) == (None, "kubelet")
    assert event.message == "Failed to create pod sandbox"


def test_a_blank_from_is_told_by_its_column() -> None:
    """The scheduler of v1.19 leaves it blank; a message is no component."""
    event = one(
        "  Type    Reason     Age        From             Message\n"
        "  ----    ------     ----       ----             -------\n"
        "  Normal  Scheduled  <unknown>                   Successfully assigned shop/cart-0 to "
        "edge-a\n"
    )
    assert event.component == ""
    assert event.message == "Successfully assigned shop/cart-0 to edge-a"


def test_a_message_alone_is_kept_as_it_is() -> None:
    """Of a list of messages each line is an event without a reason."""
    event = one(f"MESSAGE\n{SANDBOX}\n")
    assert (event.reason, event.message) == ("", SANDBOX)


def test_rows_of_one_description_are_about_the_pod_that_messages_name() -> None:
    """The scheduler's message tells the name that the rows themselves do not hold."""
    found = events(
        "  Normal   Scheduled       9m   default-scheduler  Successfully assigned shop/cart-0 to "
        "edge-a\n"
        "  Warning  BackOff         2m   kubelet            Back-off restarting failed container\n"
    )
    assert [event.subject for event in found] == [Subject("Pod", "cart-0", "shop", "edge-a")] * 2


def test_rows_that_name_two_pods_lend_their_name_to_none() -> None:
    """Two descriptions without their heads: a row without a name stays open."""
    first, second, third = events(
        "Normal   Scheduled  9m  default-scheduler  Successfully assigned shop/cart-0 to edge-a\n"
        "Normal   Scheduled  9m  default-scheduler  Successfully assigned shop/cart-1 to edge-b\n"
        "Warning  BackOff    2m  kubelet            Back-off restarting failed container\n"
    )
    assert (first.subject.name, second.subject.name) == ("cart-0", "cart-1")
    assert third.subject == Subject("Pod")


@pytest.mark.parametrize(
    "message",
    [
        'networkPlugin cni failed to set up pod "dns-0_kube-system" network: open x',
        "Back-off restarting failed container c in pod dns-0_kube-system(2f6d6c1e-7e55-4b8f)",
        "error adding pod kube-system_dns-0 to CNI network",
        "failed to create pod network sandbox k8s_dns-0_kube-system_2ba615e6-b0c1-4b27_0(0ebf)",
        'pod: "dns-0_kube-system(1b2c3d4e-0000)". kubelet does not have ClusterDNS IP configured',
    ],
)
def test_messages_name_their_pod_in_several_ways(message: str) -> None:
    """Kubelets, dockershim, CRI-O and the DNS configurer each write it differently."""
    event = one(f"Warning  Failed  2s  kubelet  {message}\n")
    assert event.subject == Subject("Pod", "dns-0", "kube-system")


def test_the_command_names_the_object_of_a_piece() -> None:
    """`describe … | tail` leaves only the events."""
    event = one(
        "  Warning  BackOff  2m  kubelet  Back-off restarting failed container\n",
        "kubectl -n kube-system describe pod coredns-5f7c9d8b6d-q4x2k | tail -5",
    )
    assert event.subject == POD


# ---------------------------------------------------------------- wrapped


@pytest.mark.parametrize("width", [80, 100, 121])
def test_rows_that_a_terminal_cut_are_joined_without_a_trace(width: int) -> None:
    """Words that were cut at the edge are whole again, the header too."""
    lines = [
        "LAST SEEN   TYPE      REASON                   OBJECT      MESSAGE",
        f"12s         Warning   FailedCreatePodSandBox   pod/dns-0   {SANDBOX}",
        f"15s         Warning   FailedCreatePodSandBox   pod/dns-1   {SANDBOX}",
    ]
    wrapped = [line[at : at + width] for line in lines for at in range(0, len(line), width)]
    first, second = events("\n".join(wrapped) + "\n")
    assert first.message == second.message == SANDBOX
    assert second.subject.name == "dns-1"


def test_the_first_row_may_have_lost_its_margin() -> None:
    """Who selects text with the mouse begins at the first letter."""
    row = f"  Warning  FailedCreatePodSandBox  48s   kubelet   {SANDBOX}"
    wrapped = [row[at : at + 100] for at in range(0, len(row), 100)]
    lines = [wrapped[0].lstrip(), *wrapped[1:], *wrapped]
    first, second = events("\n".join(lines) + "\n")
    assert first.message == second.message == SANDBOX


def test_lines_broken_by_hand_are_joined_with_a_blank() -> None:
    """Some messages have line ends of their own."""
    event = one(
        "  Warning  FailedCreatePodSandBox  7m38s  kubelet  dial unix: no such file or directory\n"
        "Is the agent running?\n"
    )
    assert event.message == "dial unix: no such file or directory Is the agent running?"
    assert event.quote.text.endswith("directory Is the agent running?")


def test_nested_errors_stay_in_one_message() -> None:
    """A list of errors in brackets holds colons, commas and quotes."""
    message = (
        'rpc error: code = Unknown desc = [failed to set up sandbox container "ab" network for pod '
        '"dns-0": networkPlugin cni failed to set up pod "dns-0_kube-system" network: failed to '
        'Statfs "/proc/15875/ns/net": no such file or directory, failed to clean up sandbox '
        'container "ab" network for pod "dns-0": neither iptables nor ip6tables usable]'
    )
    event = one(f"Warning  FailedCreatePodSandBox  2s (x5 over 3m)  kubelet  {message}\n")
    assert event.message == message
    assert event.subject.name == "dns-0"


# ---------------------------------------------------------------- nothing, refusals, rubbish


@pytest.mark.parametrize(
    "text", ["Events:  <none>\n", "No resources found in shop namespace.\n", "No events.\n", "\n"]
)
def test_no_events_are_no_gap(text: str) -> None:
    """That there are none is an answer."""
    assert events(text) == []


def test_a_refusal_is_a_gap_with_its_reason() -> None:
    """What the API server refused was not looked at."""
    text = 'Error from server (Forbidden): events is forbidden: User "kim" cannot list resource\n'
    parsed = parse(Part(Kind.EVENTS, "paste", text))
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.DENIED]


WORDS = st.sampled_from(
    "Normal Warning BackOff Scheduled 2m (x5 over 3m) <unknown> ... kubelet kubelet, {kubelet a} "
    "pod/dns-0 Pod spec.containers{c} 12 TYPE REASON MESSAGE LAST SEEN OBJECT Events: ---- \t \n "
    "Type Reason Age From Message Failed 2024-05-02T10:11:12Z \x1b[31m é".split(" ")
)


@given(st.lists(WORDS, max_size=60).map(" ".join) | st.text(max_size=300), st.text(max_size=40))
def test_no_text_makes_the_parser_raise(text: str, command: str) -> None:
    """Whatever events hold, the parser returns."""
    parse(Part(Kind.EVENTS, "paste", text, command=command))


def test_rows_cut_at_a_width_beside_a_message_of_two_lines() -> None:
    """Lines of just one length were cut there if none of them is followed by a beginning."""
    rows = [
        "  Normal   Scheduled               8m    default-scheduler  Successfully assigned "
        "default/nginx-1-f947b58f-5v8nj to node-1-pool-2-fce7608f-56zn",
        "  Warning  FailedCreatePodSandBox  7m    kubelet            Failed to create pod sandbox: "
        "rpc error: code = Unknown desc = unable to connect to the daemon: dial unix "
        "/var/run/cilium/cilium.sock: connect: no such file or directory",
        "Is the agent running?",
        "  Normal   Started                 7m    kubelet            Started container nginx",
    ]
    lines = [row[at : at + 100] for row in rows for at in range(0, len(row), 100)]
    found = [(event.subject.name, event.message) for event in events("\n".join(lines))]
    pod = "nginx-1-f947b58f-5v8nj"
    assert [name for name, _ in found] == [pod, pod, pod]
    assert "/var/run/cilium/cilium.sock: connect: no such file or directory Is" in found[1][1]
