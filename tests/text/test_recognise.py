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
