"""Logs become streams: who printed what where, how often, and what is not a log at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.asks import Ask
from diagnose.facts.logs import LogStream, Match, shares
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.model import CLUSTER, GapKind, Subject
from diagnose.parsers import log_blocks, logs
from diagnose.parts import Kind, Part
from diagnose.signatures import api_client, cni, coredns, flannel, kernel, kubelet, runtime
from diagnose.signatures.base import Emitter, Signature
from diagnose.text.recognise import cut

POD = Subject("Pod", "coredns-6b7f9c5d4-h2vqk", "kube-system")
TIMEOUT = (
    "[ERROR] plugin/errors: 2 {name} A: read udp 10.200.0.7:{port}->192.0.2.53:53: i/o timeout"
)
ERROR = TIMEOUT.format(name="shop.example.", port=40001)
LOOP = (
    '[FATAL] plugin/loop: Loop (127.0.0.1:40001 -> :53) detected for zone ".", see '
    'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 1234567890123.9876543210987."'
)
SANDBOX = (
    'E0302 05:11:09.120211    1322 kuberuntime_sandbox.go:72] "Failed to create sandbox for pod" '
    'err="rpc error: code = Unknown desc = failed to setup network for sandbox \\"0c4d\\": plugin '
    'type=\\"flannel\\" failed (add): loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: '
    'no such file or directory" pod="kube-system/coredns-6b7f9c5d4-h2vqk"'
)


def part(text: str, emitter: Emitter = Emitter.COREDNS) -> Part:
    """Return a pasted log."""
    return Part(Kind.LOG, "paste", text=text, emitter=emitter)


def streams(given_part: Part) -> list[LogStream]:
    """Return the streams of a part."""
    return [one for one in logs.parse(given_part).items if isinstance(one, LogStream)]


def stream(given_part: Part) -> LogStream:
    """Return the only stream of a part."""
    (only,) = streams(given_part)
    return only


def matches(given_part: Part, signature: Signature) -> list[Match]:
    """Return the kept matches of a signature in all streams."""
    return [one for several in streams(given_part) for one in several.matching(signature)]


# ---------------------------------------------------------------- what a match tells


def test_match_quotes_its_line() -> None:
    """A match cites the line as it stands, by its number in the origin, and its groups."""
    (match,) = matches(replace(part(f".:53\n{ERROR}\n"), first_line=10), coredns.UPSTREAM_FAILED)
    assert (match.quote.text, match.quote.line, match.quote.origin) == (ERROR, 11, "paste")
    assert match["qname"] == "shop.example."
    assert match.number == 2
    assert match["no such group"] == ""


def test_probe_is_told_from_names() -> None:
    """Two numbers in place of a name are the loop plugin's own query."""
    text = f"{ERROR}\n{TIMEOUT.format(name='123456789.987654321.', port=1)}"
    found = matches(part(text), coredns.UPSTREAM_FAILED)
    assert [one["probe"] for one in found] == ["", "123456789.987654321."]


def test_envelope_tells_the_time() -> None:
    """A collector's time is the match's, and the stream's begin and end."""
    text = f"2024-03-02T05:11:09.25Z .:53\n2024-03-02T05:11:10Z {ERROR}\n.:53"
    found = stream(part(text))
    assert found.matches[0].at == datetime(2024, 3, 2, 5, 11, 10, tzinfo=UTC)
    assert found.first_at == datetime(2024, 3, 2, 5, 11, 9, 250000, tzinfo=UTC)
    assert found.last_at == datetime(2024, 3, 2, 5, 11, 10, tzinfo=UTC)


def test_year_comes_from_when_the_log_was_taken() -> None:
    """A time without its year is the last such moment before the log was read."""
    taken = datetime(2024, 1, 5, tzinfo=UTC)
    dated = replace(part(SANDBOX, Emitter.KUBELET), taken_at=taken)
    assert stream(dated).first_at == datetime(2023, 3, 2, 5, 11, 9, 120211, tzinfo=UTC)
    assert stream(part(SANDBOX, Emitter.KUBELET)).first_at is None


def test_quotes_cannot_command_a_terminal() -> None:
    """Escapes in a log are shown, and do not hide the line from its signature."""
    (match,) = matches(part(f"\x1b[31m{ERROR}\x1b[0m"), coredns.UPSTREAM_FAILED)
    assert match.quote.text == f"\\x1b[31m{ERROR}\\x1b[0m"


def test_typographic_quotes_are_read() -> None:
    """A forum's curly quotes are quotes."""
    text = LOOP.replace('"', "“")
    assert matches(part(text), coredns.LOOP_DETECTED)[0]["zone"] == "."


def test_wrapped_lines_are_joined() -> None:
    """A line that a terminal of 80 columns cut in two is one line again, quoted whole."""
    lines = [LOOP, ERROR, LOOP.replace("40001", "40002")]
    text = "\n".join(one[at : at + 80] for one in lines for at in range(0, len(one), 80))
    found = stream(part(text))
    assert found.counts == {"loop-detected": 2, "upstream-failed": 1}
    assert found.matches[0].quote.text == LOOP
    assert [one.quote.line for one in found.matches] == [1, 4, 6]


def test_pieces_of_cri_records_are_joined() -> None:
    """What the runtime cut at 16 KiB is one line again."""
    text = (
        f"2024-03-02T05:11:09.1Z stdout P {ERROR[:40]}\n"
        f"2024-03-02T05:11:09.1Z stdout F {ERROR[40:]}\n"
    )
    assert stream(part(text)).counts == {"upstream-failed": 1}


def test_json_of_docker_is_opened() -> None:
    """A message in a JSON record is matched without the record around it."""
    text = json.dumps({"log": f"{ERROR}\n", "stream": "stdout", "time": "2024-03-02T05:11:09Z"})
    (match,) = matches(part(text), coredns.UPSTREAM_FAILED)
    assert match["reason"].endswith("i/o timeout")
    assert match.at == datetime(2024, 3, 2, 5, 11, 9, tzinfo=UTC)


def test_structured_json_is_read_like_text() -> None:
    """A klog record in JSON is the same message as its text."""
    record = {
        "ts": 1709356269.1,
        "msg": "Failed to watch",
        "err": "Unauthorized",
        "type": "*v1.Node",
    }
    (match,) = matches(part(json.dumps(record), Emitter.KUBE_PROXY), api_client.REFLECTOR_FAILED)
    assert (match["reason"], match["resource"]) == ("Unauthorized", "v1.Node")


# ---------------------------------------------------------------- whose stream


def test_prefix_divides_streams() -> None:
    """`kubectl logs --prefix` makes one stream per container, silent ones too."""
    text = "".join(
        f"[pod/coredns-6b7f9c5d4-{name}/coredns] {ERROR}\n" for name in ("aaaaa", "bbbbb")
    )
    text += "[pod/coredns-6b7f9c5d4-ccccc/coredns] .:53\n" + text
    command = "kubectl -n kube-system logs -l k8s-app=kube-dns --prefix"
    found = streams(replace(part(text), command=command))
    assert [(one.subject.name[-5:], one.lines, sum(one.counts.values())) for one in found] == [
        ("aaaaa", 2, 2),
        ("bbbbb", 2, 2),
        ("ccccc", 1, 0),
    ]
    assert {one.subject.namespace for one in found} == {"kube-system"}
    assert found[0].container == "coredns"


def test_part_names_the_pod() -> None:
    """Without an envelope the part's own pod is the stream's."""
    given_part = replace(part(ERROR), subject=POD, container="coredns", previous=True, whole=True)
    found = stream(given_part)
    assert (found.subject, found.container, found.previous, found.whole) == (
        POD,
        "coredns",
        True,
        True,
    )
    assert found.matches[0].subject == POD


def test_log_of_no_known_pod_is_some_pods() -> None:
    """A pasted log is that of a pod whose name is not known; the kubelet's that of a node."""
    assert stream(part(ERROR)).subject == Subject("Pod")
    assert stream(part(SANDBOX, Emitter.KUBELET)).subject == Subject("Node")


def test_journal_divides_programs() -> None:
    """A journal's lines go to the programs that it names, on the node that it names."""
    text = (
        f"Mar 02 05:11:09 worker-1 kubelet[1322]: {SANDBOX}\n"
        "Mar 02 05:11:09 worker-1 sshd[77]: session opened\n"
        "Mar 02 05:11:10 worker-1 kernel: nf_conntrack: nf_conntrack: table full, dropping packet\n"
    )
    found = {one.emitter: one for one in streams(part(text, Emitter.KUBELET))}
    assert found.keys() == {Emitter.KUBELET, Emitter.KERNEL}
    assert found[Emitter.KUBELET].subject == Subject("Node", "worker-1")
    assert found[Emitter.KUBELET].count(kubelet.SANDBOX_CREATE_FAILED) == 1
    assert found[Emitter.KUBELET].count(cni.SUBNET_ENV_MISSING) == 1
    assert found[Emitter.KERNEL].count(kernel.CONNTRACK_FULL) == 1


def test_stern_divides_programs() -> None:
    """The columns of stern name pod and container."""
    failed = (
        "E0302 05:11:39.120211       1 main.go:251] Failed to create SubnetManager: error "
        "retrieving pod spec for 'kube-flannel/kube-flannel-ds-x2lqv': Unauthorized"
    )
    text = f"{POD.name} coredns {ERROR}\nkube-flannel-ds-x2lqv kube-flannel {failed}\n"
    found = {one.emitter: one for one in streams(part(text, Emitter.UNKNOWN))}
    assert found[Emitter.COREDNS].subject.name == POD.name
    assert found[Emitter.FLANNEL].count(flannel.FLANNEL_API_FAILED) == 1


def test_collectors_json_names_the_pod() -> None:
    """Kubernetes metadata in a JSON record name the stream."""
    record = {
        "log": ERROR,
        "kubernetes": {
            "pod_name": POD.name,
            "namespace_name": "kube-system",
            "container_name": "coredns",
        },
    }
    assert stream(part(json.dumps(record), Emitter.UNKNOWN)).subject == POD


def test_program_is_told_by_its_words() -> None:
    """A log whose program nobody named is recognised by what it holds."""
    assert (
        stream(part(f".:53\nCoreDNS-1.12.4\n{ERROR}", Emitter.UNKNOWN)).emitter is Emitter.COREDNS
    )


def test_prose_holds_lines_of_logs() -> None:
    """An error in the middle of an explanation counts for its program, the rest does not."""
    text = f"Since Monday this is what I see:\n\n{LOOP}\n\nWhat could cause the loop?"
    found = stream(Part(Kind.TEXT, "issue", text=text))
    assert (found.emitter, found.counts, found.lines) == (
        Emitter.COREDNS,
        {"loop-detected": 1},
        1,
    )


def test_strangers_lines_are_not_taken() -> None:
    """What any program can say is nobody's in the log of a program that is not known."""
    text = "\n".join(["starting", *["served a request"] * 20, "panic: runtime error: index", "bye"])
    application = replace(part(text, Emitter.UNKNOWN), subject=Subject("Pod", "shop-0", "shop"))
    assert streams(application) == []


def test_kubelet_quotes_others() -> None:
    """The kubelet's line that quotes the CNI plugin counts for both, as one stream."""
    found = stream(part(SANDBOX, Emitter.KUBELET))
    assert found.counts == {
        "sandbox-create-failed": 1,
        "runtime-plugin-add-failed": 1,
        "subnet-env-missing": 1,
    }


def test_corednss_lines_mean_nothing_in_the_kernels_log() -> None:
    """Only the signatures that apply to a program are looked for in its log."""
    journal = "Mar 02 05:11:09 worker-1 kernel: "
    assert stream(part(journal + ERROR, Emitter.KERNEL)).counts == {}


def test_pasted_logs_may_be_mixed() -> None:
    """A line that tells another program than the part's goes to that program."""
    found = {one.emitter for one in streams(part(f"{ERROR}\n{SANDBOX}\n{ERROR}"))}
    assert found == {Emitter.COREDNS, Emitter.KUBELET}


# ---------------------------------------------------------------- versions, levels, look-ups


@pytest.mark.parametrize(
    ("emitter", "line", "version"),
    [
        (Emitter.COREDNS, "CoreDNS-1.12.4", "1.12.4"),
        (
            Emitter.KUBE_PROXY,
            'I0302 05:11:08.162211       1 server.go:872] "Version info" version="v1.30.5"',
            "v1.30.5",
        ),
        (
            Emitter.KUBE_PROXY,
            "I0302 05:11:08.150211       1 server.go:464] Version: v1.13.3",
            "v1.13.3",
        ),
        (
            Emitter.KUBELET,
            'I0302 05:10:58.120211  1322 server.go:484] "Kubelet version" kubeletVersion="v1.30.5"',
            "v1.30.5",
        ),
        (
            Emitter.RUNTIME,
            'time="2024-03-02T05:10:50Z" level=info msg="starting containerd" version=v1.7.22',
            "v1.7.22",
        ),
    ],
)
def test_program_tells_its_version(emitter: Emitter, line: str, version: str) -> None:
    """The version is the program's own word."""
    assert stream(part(line, emitter)).version == version


def test_last_start_tells_the_version() -> None:
    """Of several starts in one log the last one runs."""
    assert stream(part("CoreDNS-1.9.3\nCoreDNS-1.12.4\n")).version == "1.12.4"


def test_unknown_errors_are_shown() -> None:
    """A few lines of level error that no signature knows are kept, each only once."""
    text = "\n".join(f"[ERROR] plugin/route53: credentials {word}" for word in "ababcdefgh")
    found = stream(part(f"{text}\n[INFO] plugin/route53: fine\n{ERROR}"))
    assert [one.text[-1] for one in found.unknown] == ["a", "b", "c", "d", "e"]


def test_klogs_errors_are_errors() -> None:
    """A klog header marks an error by the first letter of its header."""
    text = "I0302 05:11:09.1 1 x.go:1] fine\nE0302 05:11:09.120211       1 x.go:1] odd\n"
    assert [one.text[-3:] for one in stream(part(text, Emitter.FLANNEL)).unknown] == ["odd"]


def test_client_errors_are_look_ups() -> None:
    """What a resolver's error tells is a look-up with its server and outcome."""
    line = (
        "dial tcp: lookup shop.example on 10.32.0.10:53: read udp "
        "10.200.1.4:41234->10.32.0.10:53: i/o timeout"
    )
    found = [one for one in logs.parse(part(line, Emitter.CLIENT)).items if isinstance(one, Lookup)]
    assert [(one.name, one.server, one.outcome) for one in found] == [
        ("shop.example", "10.32.0.10", Outcome.TIMEOUT)
    ]


# ---------------------------------------------------------------- what is no log


@pytest.mark.parametrize(
    ("text", "kind", "because"),
    [
        (
            "unable to retrieve container logs for containerd://3f1c0a9d",
            GapKind.NOT_COLLECTED,
            "containerd://3f1c0a9d",
        ),
        (
            'Error from server (BadRequest): previous terminated container "coredns" in pod '
            '"coredns-6b7f9c5d4-h2vqk" not found',
            GapKind.NOT_COLLECTED,
            "no earlier run",
        ),
        (
            'Error from server: Get "https://192.0.2.11:10250/containerLogs/kube-system/x/y": '
            "dial tcp 192.0.2.11:10250: i/o timeout",
            GapKind.UNREACHABLE,
            "the API server does not reach the kubelet: dial tcp 192.0.2.11:10250",
        ),
        (
            'Error from server (Forbidden): pods "coredns-6b7f9c5d4-h2vqk" is forbidden: User '
            '"eva" cannot get resource "pods/log" in API group "" in the namespace "kube-system"',
            GapKind.DENIED,
            'User "eva"',
        ),
        (
            'Error from server (NotFound): pods "coredns-6b7f9c5d4-h2vqk" not found',
            GapKind.NOT_COLLECTED,
            "not found",
        ),
        (
            "error: a container name must be specified for pod coredns-6b7f9c5d4-h2vqk",
            GapKind.NOT_COLLECTED,
            "a container name must be specified",
        ),
    ],
)
def test_answer_in_place_of_a_log_is_a_gap(text: str, kind: GapKind, because: str) -> None:
    """What the kubelet or kubectl says instead of a log is no line of the program."""
    parsed = logs.parse(replace(part(f"{text}\n"), subject=POD))
    assert parsed.items == ()
    (gap,) = parsed.gaps
    assert gap.kind is kind
    assert because in gap.because
    assert POD.name in gap.what


def test_gap_behind_a_log_leaves_the_log() -> None:
    """A log that ends with such an answer is still read, without that line."""
    parsed = logs.parse(part(f"{ERROR}\nunable to retrieve container logs for containerd://3f1c\n"))
    assert [one.lines for one in parsed.items if isinstance(one, LogStream)] == [1]
    assert len(parsed.gaps) == 1


def test_kubectl_without_api_server_tells_of_the_cluster() -> None:
    """A failure of kubectl to connect is evidence on the API server, not on CoreDNS."""
    text = (
        "The connection to the server 192.0.2.10:6443 was refused - did you specify the right "
        "host or port?"
    )
    found = stream(replace(part(text), subject=POD))
    assert (found.emitter, found.subject) == (Emitter.API_CLIENT, CLUSTER)
    assert found.count(api_client.SERVER_REFUSED) == 1


def test_prose_may_quote_kubectl() -> None:
    """What the API server forbids whoever runs kubectl is not forbidden to a program."""
    text = (
        'Error from server (Forbidden): pods is forbidden: User "eva" cannot list resource "pods"'
    )
    assert logs.parse(Part(Kind.TEXT, "issue", text=text)).items == ()


def test_empty_answer_is_a_silent_log() -> None:
    """A log that was asked for and is empty is known to be silent; an empty paste is nothing."""
    asked = replace(part(""), subject=POD, ask=Ask.DNS_LOGS, whole=True)
    assert (stream(asked).lines, stream(asked).whole) == (0, True)
    assert streams(part("")) == []


# ---------------------------------------------------------------- bounds


def test_first_and_last_are_kept_and_all_counted() -> None:
    """Of a thousand alike lines the first and the last few stay, in line order."""
    text = "\n".join(TIMEOUT.format(name=f"n{n}.", port=30000 + n) for n in range(1000))
    found = stream(part(text))
    assert found.count(coredns.UPSTREAM_FAILED) == 1000
    assert [one["qname"] for one in found.matches] == [
        *("n0.", "n1.", "n2."),
        *("n997.", "n998.", "n999."),
    ]


def test_each_key_keeps_its_own() -> None:
    """A rare reason is not crowded out by a frequent one."""
    refused = ERROR.replace("i/o timeout", "read: connection refused")
    text = "\n".join([*[ERROR] * 500, refused, *[ERROR] * 500])
    found = matches(part(text), coredns.UPSTREAM_FAILED)
    assert [one.number for one in found if "refused" in one["reason"]] == [501]


def test_number_of_keys_is_bounded() -> None:
    """A log in which every line has its own reason is kept in bounded space."""
    text = "\n".join(ERROR.replace("192.0.2", f"10.{n // 250}.{n % 250}") for n in range(5000))
    found = stream(part(text))
    assert found.count(coredns.UPSTREAM_FAILED) == 5000
    assert len(found.matches) < 500
    assert found.matches[-1].number == 5000


def test_number_of_streams_is_bounded() -> None:
    """Beyond a thousand containers the rest is a gap, not memory."""
    text = "".join(f"[pod/coredns-6b7f9c5d4-{n:05}/coredns] {ERROR}\n" for n in range(1500))
    parsed = logs.parse(part(text))
    assert len(parsed.items) <= logs.MOST_STREAMS
    (gap,) = parsed.gaps
    assert gap.kind is GapKind.PARTIAL
    assert "containers" in gap.because


def test_very_long_line_is_quoted_in_part() -> None:
    """A line of megabytes is found by its hit and quoted in bounded length."""
    text = "x" * 3_000_000 + " " + LOOP + "y" * 3_000_000
    (match,) = matches(part(text), coredns.LOOP_DETECTED)
    assert len(match.quote.text) < 10_000
    assert match["zone"] == "."


# ---------------------------------------------------------------- files


def of_file(path: Path, data: bytes) -> Part:
    """Return a log that is too long to be held."""
    path.write_bytes(data)
    return Part(Kind.LOG, "coredns.log", path=path, emitter=Emitter.COREDNS)


def test_file_is_read_like_text(tmp_path: Path) -> None:
    """A log in a file makes the same stream as its text, across the seams of blocks."""
    filler = (
        '[INFO] 10.200.0.9:4000 - 1 "A IN a.example. udp 27 false 512" NOERROR qr,rd,ra 54 0.1s\n'
    )
    text = f"CoreDNS-1.12.4\n{filler * 20_000}{ERROR}\n{filler * 20_000}{LOOP}\n"
    assert len(text) > 2 * log_blocks.BLOCK_BYTES
    found = stream(of_file(tmp_path / "log", text.encode()))
    assert (found.lines, found.version) == (40_003, "1.12.4")
    told = [(one.signature, one.number, one.quote.line) for one in found.matches]
    answered = [number for name, number, _ in told if name == "forwarded-name-answered"]
    assert (answered[:3], answered[-1], found.counts["forwarded-name-answered"]) == (
        [2, 3, 4],
        40_002,
        40_000,
    )
    assert [one for one in told if one[1] not in answered] == [
        ("coredns-banner", 1, 1),
        ("upstream-failed", 20_002, 20_002),
        ("loop-detected", 40_003, 40_003),
    ]


def test_cluster_names_answered_are_seen_in_long_logs(tmp_path: Path) -> None:
    """The first and the last answers stay of what a healthy server prints for each query."""
    line = (
        '[INFO] 10.200.0.9:{n} - 1 "A IN shop.shop.svc.cluster.local. udp 54 false 512" '
        "NOERROR qr,aa,rd 106 0.0001s\n"
    )
    text = "".join(line.format(n=n) for n in range(30_000))
    found = list(stream(of_file(tmp_path / "log", text.encode())).matching(coredns.QUERY_ANSWERED))
    assert found[0].number == 1
    assert found[-1].number == 30_000


def test_prefixes_divide_files_too(tmp_path: Path) -> None:
    """Lines of several pods in a long file are told apart."""
    text = "".join(
        f"[pod/coredns-6b7f9c5d4-{'ab'[n % 2] * 5}/coredns] {'.:53' if n % 1000 else ERROR}\n"
        for n in range(30_000)
    )
    assert len(text) > log_blocks.SHORT
    found = streams(of_file(tmp_path / "log", text.encode()))
    assert [(one.lines, one.count(coredns.UPSTREAM_FAILED)) for one in found] == [
        (15_000, 30),
        (15_000, 0),
    ]


def test_wide_characters_are_read(tmp_path: Path) -> None:
    """A long log that PowerShell wrote is UTF-16."""
    data = "\ufeff".encode("utf-16-le") + f".:53\r\n{ERROR}\r\n".encode("utf-16-le")
    (match,) = matches(of_file(tmp_path / "log", data), coredns.UPSTREAM_FAILED)
    assert match["reason"].endswith("i/o timeout")


def test_line_without_end_stays_one_line(tmp_path: Path) -> None:
    """A line longer than what is held at once is one line, and the next one is the second."""
    data = b"A" * (2 * log_blocks.LONGEST_LINE + 5) + b"\n" + ERROR.encode() + b"\n"
    found = stream(of_file(tmp_path / "log", data))
    assert (found.lines, found.matches[0].number) == (2, 2)


def test_rubbish_costs_nothing_but_itself(tmp_path: Path) -> None:
    """NUL bytes and bytes that are no text stand beside lines that are read."""
    data = b"\0" * 5000 + b"\n\xff\xfe\x00\x9b\n" + ERROR.encode() + b"\n\x00"
    assert stream(of_file(tmp_path / "log", data)).counts == {"upstream-failed": 1}


def test_lost_file_is_a_gap(tmp_path: Path) -> None:
    """A file that cannot be read leaves a gap, no error."""
    gone = Part(Kind.LOG, "coredns.log", path=tmp_path / "gone", emitter=Emitter.COREDNS)
    parsed = logs.parse(gone)
    assert parsed.items == ()
    assert parsed.gaps[0].kind is GapKind.PARTIAL


SCRAPS = st.sampled_from(
    [
        *(
            ERROR,
            LOOP,
            SANDBOX,
            "\n",
            "\r\n",
            " ",
            "{",
            '"',
            "\\",
            "\x1b[31m",
            "\x00",
            "é",
            "\ud800",
        ),
        *(
            "[pod/a/b] ",
            "2024-03-02T05:11:09Z stdout P ",
            '{"log":"',
            "E0302 05:11:09.120211  1 x.go:1] ",
        ),
        *("Mar 02 05:11:09 worker-1 kubelet[1]: ", "Error from server: ", "plugin/", "https://"),
        runtime.LOG_UNAVAILABLE.wordings[0].samples[0],
    ]
)


@given(
    text=st.lists(SCRAPS | st.text(max_size=20), max_size=12).map("".join),
    kind=st.sampled_from([Kind.LOG, Kind.TEXT]),
    emitter=st.sampled_from(Emitter),
)
@settings(max_examples=300, deadline=None)
def test_nothing_is_too_odd_to_be_read(text: str, kind: Kind, emitter: Emitter) -> None:
    """Whatever a part holds, its parser returns, and every quote lies within the part."""
    parsed = logs.parse(Part(kind, "any", text=text, emitter=emitter))
    lines = text.count("\n") + 1
    for one in parsed.items:
        if isinstance(one, LogStream):
            assert all(1 <= (match.quote.line or 0) <= lines for match in one.matches)
            assert sum(one.counts.values()) >= len(one.matches)


@pytest.mark.parametrize(
    ("line", "aside"),
    [
        ('They say "[FATAL] plugin/loop: x" is what others see', False),
        ('I have read that "[FATAL] plugin/loop: x" is what others see', True),
        ("2026-03-02T07:00:00.1Z [FATAL] plugin/loop: x", False),
        ("Mar  2 07:00:00 node-1 coredns[12]: [FATAL] plugin/loop: x", False),
        (
            "Mar 2, 2026 @ 07:00:00.000 prod cluster kube system coredns [FATAL] plugin/loop: x",
            False,
        ),
        ("> - [FATAL] plugin/loop: x", False),
        ("| our pod of the cluster | [FATAL] plugin/loop: x |", False),
        ("pods of the cluster restart again", False),
    ],
)
def test_a_message_within_a_sentence(line: str, aside: bool) -> None:
    """Words before the level, and no time among them, are what people write."""
    assert logs.is_aside(line) is aside


def test_a_condensed_log_counts_each_line_as_often_as_it_stood_there() -> None:
    """`uniq -c` says how often; what is counted and shown goes by that."""
    lines = "\n".join(
        f"{count:7d} [ERROR] plugin/errors: 2 {name}.example. A: read udp "
        "192.0.2.9:1->192.0.2.1:53: i/o timeout"
        for count, name in ((1821, "a"), (40, "b"), (2, "c"))
    )
    (part_of_log,) = cut(lines + "\n", origin="a")
    only = stream(part_of_log)
    assert only.count(coredns.UPSTREAM_FAILED) == 1863
    assert [match.times for match in only.matches] == [1821, 40, 2]
    assert shares(only, [only.matches[:1], only.matches[1:]]) == [1821, 42]
