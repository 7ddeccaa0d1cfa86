"""What people put around a text when they pass it on is taken off before the text is read."""

import pytest

from diagnose.parts import Kind
from diagnose.text.recognise import Prompt, cut, prompt_of

COREFILE = ".:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n"
LOG = (
    "2024-03-02T05:11:09.120311211Z E0302 05:11:09.120211       1 proxier.go:1526] one\n"
    "2024-03-02T05:41:10.120311211Z E0302 05:41:10.120211       1 server.go:445] two\n"
)


@pytest.mark.parametrize("mark", ["> ", ">> ", "> > ", ">", " > "])
def test_quotation_marks_of_any_depth(mark: str) -> None:
    """A mail that was answered twice, or a client that leaves the blank out."""
    text = "".join(mark + line for line in COREFILE.splitlines(keepends=True))
    (part,) = cut(text, origin="a")
    assert (part.kind, part.text + "\n") == (Kind.COREFILE, COREFILE)


def test_one_quoted_line_of_a_named_file() -> None:
    """The file's name tells that it is no prompt."""
    (part,) = cut("> nameserver 10.0.0.1\n", origin="a", hint="resolv.conf")
    assert (part.kind, part.text) == (Kind.RESOLV_CONF, "nameserver 10.0.0.1")


def test_fences_and_prose_in_a_file_named_after_its_content() -> None:
    """What stands between the fences is the file, not the words around them."""
    text = f"this is what I have:\n```\n{COREFILE}```\nany ideas?\n"
    parts = cut(text, origin="a", hint="Corefile")
    (part,) = (part for part in parts if part.kind is Kind.COREFILE)
    assert (part.text + "\n", part.first_line) == (COREFILE, 3)


@pytest.mark.parametrize("margin", ["    ", "\t", "  "])
def test_a_log_that_is_set_in(margin: str) -> None:
    """A margin that all lines have does not make them continue each other."""
    text = "".join(margin + line for line in LOG.splitlines(keepends=True))
    (part,) = cut(text, origin="a")
    assert (part.kind, part.text + "\n") == (Kind.LOG, LOG)


def test_a_log_keeps_what_only_some_lines_have() -> None:
    """A line that is set in belongs to the one before."""
    (part,) = cut(f"{LOG}    at main\n", origin="a")
    assert part.text.endswith("\n    at main")


def test_a_command_typed_twice_printed_nothing_yet() -> None:
    """A prompt behind the same prompt is no empty file; behind another one it is."""
    again = "$ cat /etc/resolv.conf\n$ cat /etc/resolv.conf\nnameserver 10.0.0.1\n"
    assert [part.text for part in cut(again, origin="a") if part.kind is Kind.RESOLV_CONF] == [
        "nameserver 10.0.0.1"
    ]
    other = "$ cat /etc/resolv.conf\n$ cat /etc/hostname\nnode-1\n"
    assert "" in [part.text for part in cut(other, origin="a") if part.kind is Kind.RESOLV_CONF]


@pytest.mark.parametrize(
    "text",
    [
        'Environment="KUBELET_DNS_ARGS=--cluster-dns=10.96.0.10 --cluster-domain=cluster.local"',
        "ExecStart=/usr/bin/kubelet --config=/etc/kubelet.yaml --cluster-dns=10.96.0.10",
        "KUBELET_EXTRA_ARGS=--resolv-conf=/run/systemd/resolve/resolv.conf",
        "root  812  2.0  1.1  /usr/bin/kubelet --cluster-dns=10.96.0.10 --v=2",
        "  --cluster_dns=10.96.0.10 \\",
    ],
)
def test_the_flags_of_a_kubelet_in_units_and_listings(text: str) -> None:
    """They stand among other lines of a unit, or where ps shows the process."""
    parts = cut(f"[Service]\n{text}\n", origin="a")
    assert [part.kind for part in parts if text.strip() in part.text] == [Kind.KUBELET_CONFIG]


@pytest.mark.parametrize(
    "text", ["add --cluster-dns to the kubelet", "the kubelet has --cluster-dns=10.96.0.10 now"]
)
def test_prose_about_the_flags_is_none(text: str) -> None:
    """Advice is not what a kubelet was started with."""
    assert all(part.kind is not Kind.KUBELET_CONFIG for part in cut(text, origin="a"))


@pytest.mark.parametrize(
    ("prompt", "host"),
    [
        ("[ root@web:/ ]$ ", ""),
        ("[ root@node-1:/etc ]# ", "node-1"),
        ("node-1:~ # ", "node-1"),
        ("node-1:~> ", "node-1"),
        ("bash-5.1# ", ""),
        ("sh-4.4$ ", ""),
    ],
)
def test_prompts_of_shells_in_pods_and_of_suse(prompt: str, host: str) -> None:
    """The command is read behind each; the machine is named only where the prompt names one."""
    assert prompt_of(f"{prompt}cat /etc/resolv.conf") == Prompt("cat /etc/resolv.conf", host)


@pytest.mark.parametrize(
    "text",
    [
        "$ kubectl describe node node-1 | grep Taints\nTaints:    example.com/a=b:NoSchedule\n",
        "$ kubectl describe nodes | grep -E 'Name:|Taints'\n"
        "Name:      node-1\nTaints:    example.com/a=b:NoSchedule\n",
    ],
)
def test_taints_that_grep_took_out(text: str) -> None:
    """One line of a description is enough where no other output has its form."""
    kinds = [part.kind for part in cut(text, origin="a")]
    assert kinds == [Kind.SHELL, Kind.DESCRIBE]


def test_a_clients_error_below_a_manifest() -> None:
    """It looks like a key of the document, and is none."""
    manifest = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n"
    parts = cut(f"{manifest}\nwget: bad address 'db'\n", origin="a")
    assert [part.text.strip() for part in parts] == [manifest.strip(), "wget: bad address 'db'"]


@pytest.mark.parametrize(
    ("command", "parts"),
    [("nslookup", 1), ("kubectl exec -it web-0 -- nslookup", 1), ("nslookup db", 4)],
)
def test_what_an_nslookup_is_asked_at_its_own_prompt(command: str, parts: int) -> None:
    """What was typed there and what came of it are one dialogue; a single question is none."""
    one = "> db\nServer:\t\t10.0.0.10\nAddress:\t10.0.0.10#53\n\nName:\tdb\nAddress: 10.0.0.7\n"
    found = cut(f"# {command}\n{one}{one}", origin="a")
    assert [part.kind for part in found] == [Kind.SHELL, *[Kind.LOOKUP] * parts]


ERRORS = (
    "[ERROR] plugin/errors: 2 a.example. A: read udp 192.0.2.9:1->192.0.2.1:53: i/o timeout",
    "[ERROR] plugin/errors: 2 b.example. A: read udp 192.0.2.9:1->192.0.2.1:53: i/o timeout",
    "[ERROR] plugin/errors: 2 c.example. A: read udp 192.0.2.9:1->192.0.2.1:53: i/o timeout",
)


@pytest.mark.parametrize("form", ["{:7d} {}", "{:4d} {}", "{}  {}", "{} {}"])
def test_the_counts_of_uniq_are_no_part_of_a_line(form: str) -> None:
    """They say how often it stood there; prose before it has none."""
    lines = [form.format(*pair) for pair in zip((1821, 934, 2), ERRORS, strict=True)]
    *_, part = cut("What we see:\n\n" + "\n".join(lines) + "\n", origin="a")
    assert part.kind is Kind.LOG
    assert part.text.splitlines()[-3:] == list(ERRORS)
    assert part.times[-3:] == (1821, 934, 2)


@pytest.mark.parametrize(
    "numbers",
    [(1, 2, 3), (7, 8, 9), (26, 26, 26)],
    ids=["nl", "lines of a file", "a day of the month"],
)
def test_numbers_that_are_no_counts_are_left(numbers: tuple[int, ...]) -> None:
    """Those of lines go up by one; what is the same on each line tells of something else."""
    lines = [f"{number} {line}" for number, line in zip(numbers, ERRORS, strict=True)]
    assert not any(part.times for part in cut("\n".join(lines) + "\n", origin="a"))


@pytest.mark.parametrize(
    "text",
    [
        "\n".join((f"  12 {ERRORS[0]}", ERRORS[1], f"   7 {ERRORS[2]}")),
        "12 Nov 10:00:01 n1 kubelet: a\n13 Nov 10:00:01 n1 kubelet: b\n9 Nov 10:00:02 n1 c\n",
        "  1821  109K ACCEPT  all  --  *  *  0.0.0.0/0  0.0.0.0/0\n   12   1K DROP all -- * *\n",
    ],
    ids=["one line has none", "dates", "counters of rules"],
)
def test_other_columns_are_no_counts(text: str) -> None:
    """Only where each line in a row has one is it a count; a table's column stays."""
    for part in cut(text, origin="a"):
        assert not part.times or part.kind in (Kind.LOG, Kind.TEXT)
        assert "1821" not in text or part.kind is Kind.TEXT or "1821" in part.text


def test_what_a_person_says_ends_a_log() -> None:
    """In a chat the next line with a time and a name is no line of the log above."""
    log = "[ERROR] plugin/errors: 2 a.example. A: read udp 10.0.0.2:1->10.0.0.1:53: i/o timeout\n"
    kinds = [part.kind for part in cut(f"{log}[10:08] bob: did you restart it?\n", origin="a")]
    assert kinds == [Kind.LOG, Kind.TEXT]


@pytest.mark.parametrize(
    ("text", "looked_up"),
    [
        ("$ time curl http://a\nreal\t0m5.013s\nuser\t0m0.004s\n", True),
        ("$ time kubectl get nodes\nreal\t0m5.013s\nuser\t0m0.004s\n", False),
        ('$ curl -w "%{time_namelookup}" http://a\n5.004\n', True),
        ("$ while true; do nslookup a.example; done\nName:\ta.example\n", True),
    ],
)
def test_the_time_of_what_looks_a_name_up(text: str, looked_up: bool) -> None:
    """A command tells whether its time is a look-up's, also within a loop."""
    assert (cut(text, origin="a")[-1].kind is Kind.LOOKUP) is looked_up
