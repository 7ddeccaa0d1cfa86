"""corediag lint: what goes in, where findings stand, how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from diagnose import lint
from diagnose.facts.corefile import parse_corefile
from diagnose.model import Severity
from diagnose.registry import load

HERE = Path(__file__).parent.parent
GOOD = """.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""
MISSPELT = GOOD.replace("forward .", "forwrd .")
OLD = GOOD.replace("        ttl 30\n", "        upstream\n")
NEW = GOOD.replace("cache 30\n", "cache 30 {\n        keepttl\n    }\n")
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "coredns"}}


def corediag(*arguments: str, stdin: str = "", cwd: Path = HERE) -> Any:
    """Run the command in a process of its own, as a user's shell would."""
    return subprocess.run(
        [sys.executable, "-m", "diagnose", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )


def linted(text: str, *options: str) -> Any:
    """Lint a text from standard input."""
    return corediag("lint", "-", *options, stdin=text)


def literal(text: str, before: str = "") -> str:
    """Return a ConfigMap as people write it, with the Corefile as a literal block."""
    block = "".join(f"    {line}\n" if line else "\n" for line in text.split("\n")[:-1])
    return (
        f"{before}apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns\n"
        f"data:\n  Corefile: |\n{block}"
    )


def place(done: Any) -> list[tuple[int, int]]:
    """Return the lines and columns of the findings."""
    return [
        (int(parts[1]), int(parts[2]))
        for parts in (line.split(":") for line in done.stdout.splitlines())
    ]


# ---------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (GOOD, (), 0),
        (GOOD, ("--coredns-version", "1.12.4"), 0),
        (GOOD, ("--coredns-version", "coredns/coredns:v1.12.4-eksbuild.1"), 0),
        (MISSPELT, (), 1),
        (literal(GOOD.removesuffix("}\n")), (), 1),
        (OLD, (), 3),
        (OLD, ("--coredns-version", "1.6.5"), 0),
        (OLD, ("--coredns-version", "1.7.0"), 1),
        (NEW, (), 0),
        (NEW, ("--coredns-version", "1.9.3"), 1),
        (GOOD.replace("loop", "import more"), (), 3),
        (GOOD.replace("cache 30", "cache {$TTL}"), (), 3),
        (GOOD.replace("loadbalance", "fanout . 192.0.2.1"), ("--coredns-version", "1.12.4"), 3),
        (GOOD, ("--coredns-version", "1.99.0"), 3),
        (GOOD, ("--coredns-version", "1.5.2"), 3),
    ],
)
def test_how_it_ends(text: str, options: tuple[str, ...], code: int) -> None:
    """0 nothing, 1 a problem in every version that is meant, 3 not decided."""
    done = linted(text, *options)
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("lint",), "name each file"),
        (("lint", "-", "-"), "name each file"),
        (("lint", "/no/such/file"), "No such file"),
        (("lint", "tests"), "a folder"),
        (("lint", "-", "--coredns-version", "new"), "names no version"),
        (("lint", "-", "--check", "lop"), "did you mean loop"),
        (("lint", "-", "--check", "loop"), "decided by a Corefile alone"),
        (("lint", "-", "--skip", "coredns-config"), "decided by a Corefile alone"),
        (("lint", "pyproject.toml", "-o", "yaml"), "yaml"),
    ],
)
def test_bad_input_is_one_clear_message(arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2, the reason on standard error, nothing on standard output."""
    done = corediag(*arguments, stdin=GOOD)
    assert done.returncode == 2, done
    assert says in done.stderr
    assert done.stdout == ""


def test_a_manifest_without_a_corefile_is_not_called_well() -> None:
    """Where nothing was looked at, nothing is said to be right."""
    assert linted("apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n").returncode == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (".:53\n[INFO] plugin/reload: Running\nCoreDNS-1.12.4\n", "but a log of CoreDNS"),
        ("nameserver 192.0.2.1\nsearch example.org\n", "but resolv.conf"),
        ("default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 scope link\n", "but ip route"),
    ],
)
def test_what_is_something_else_is_said_so_once(text: str, says: str) -> None:
    """Evidence of another kind has no faults by the line; `run` is what reads it."""
    done = linted(text)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert says in done.stderr
    assert "to read it: corediag run --from -" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        ".:53 {\n    errorz\n}\n",
        "cluster.local:53 example {\n    log\n",
        "# nameserver 192.0.2.1\n.:53 {\n    forward 192.0.2.1\n}\n",
        "log\nforward . 192.0.2.1\n",
    ],
)
def test_a_broken_corefile_is_still_one(text: str) -> None:
    """What may be meant as a Corefile is judged as one."""
    done = linted(text)
    assert "no Corefile" not in done.stderr, done
    assert "1 Corefile" in done.stderr


@pytest.mark.parametrize("text", ["", " \n\n", "# a comment\n#another\n", "\ufeff# one\n"])
def test_what_holds_no_word_is_no_corefile(text: str) -> None:
    """CoreDNS would serve a default of its own instead; nothing of it was looked at."""
    done = linted(text)
    assert done.returncode == 2, done
    assert "no Corefile in it" in done.stderr


def test_bytes_that_are_no_text_are_no_corefile(tmp_path: Path) -> None:
    """Nor are they faults by the line; a comment in another encoding is none of them."""
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 2)
    done = corediag("lint", "noise", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "noise: holds no text" in done.stderr
    (tmp_path / "Corefile").write_bytes(f"# f\xfcr alle\n{GOOD}".encode("latin-1"))
    assert corediag("lint", "Corefile", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (GOOD.replace("/etc/resolv.conf", "127.0.0.53"), 1, "corefile-loopback-upstream"),
        (GOOD.replace("/etc/resolv.conf", "::1"), 1, "corefile-loopback-upstream"),
        (GOOD.replace("/etc/resolv.conf", "127.0.0.1:5353"), 0, ""),
        ("example.org {\n    file db.example.org\n}\n", 1, "takes cluster names"),
        (".:53 {\n    errors\n    loop\n}\n", 1, "no kubernetes plugin, and no upstream"),
    ],
)
def test_what_coredns_takes_and_then_answers_nobody(text: str, code: int, says: str) -> None:
    """CoreDNS starts with it, and names fail."""
    done = linted(text, "--coredns-version", "1.12.4")
    assert done.returncode == code, done
    assert says in done.stdout


def test_a_file_that_another_imports_needs_no_cluster(tmp_path: Path) -> None:
    """A zone of its own is all that it is to hold."""
    (tmp_path / "corp.server").write_text("corp.example:53 {\n    forward . 192.0.2.7\n}\n")
    assert corediag("lint", "corp.server", cwd=tmp_path).returncode == 0


def test_what_only_versions_of_long_ago_lack_is_not_told() -> None:
    """Every kubeadm default has max_concurrent, which CoreDNS knows since 1.6.8."""
    text = GOOD.replace(
        "forward . /etc/resolv.conf",
        "forward . /etc/resolv.conf {\n        max_concurrent 1000\n    }",
    )
    assert linted(text).stdout == ""
    assert "since 1.6.8" in linted(text, "--coredns-version", "1.6.5").stdout


def test_one_of_several_files_may_hold_none(tmp_path: Path) -> None:
    """As with a pattern of the shell; the summary names it."""
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n")
    (tmp_path / "Corefile").write_text(GOOD)
    done = corediag("lint", "a.yaml", "Corefile", cwd=tmp_path)
    assert done.returncode == 0
    assert "a.yaml: holds no Corefile" in done.stderr


# ---------------------------------------------------------------- the lines


def test_a_line_for_editors(tmp_path: Path) -> None:
    """File, line, column of the word, severity, check, message; the summary stands apart."""
    (tmp_path / "Corefile").write_text(MISSPELT)
    done = corediag("lint", "Corefile", cwd=tmp_path)
    assert done.stdout == (
        "Corefile:13:5: error corefile-unknown-directive: "
        "CoreDNS has no plugin forwrd; forward may be meant\n"
    )
    assert done.stderr.startswith("1 Corefile, ")
    assert "1 error" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [
        ("cache 30", "cache -5", 14, 11),
        ("lameduck 5s", "lameduck soon", 4, 18),
        ("pods insecure", "pods insecure twice", 8, 9),
        ("prometheus :9153", 'prometheus "9153"', 12, 16),
        (".:53 {", ".:53 example..org {", 1, 6),
        ("loadbalance\n}\n", "loadbalance\n", 17, 5),
        ("ttl 30", "\tttl  4000", 10, 15),
        ("forward . /etc/resolv.conf", "forward . 192.0.2.1 192.0.2.300", 13, 25),
        ("errors", "errors # why\n    whoami nobody", 3, 5),
    ],
)
def test_the_column_is_that_of_the_word(old: str, new: str, line: int, column: int) -> None:
    """Counted in characters from 1, tabs as one."""
    text = GOOD.replace(old, new)
    done = linted(text, "--coredns-version", "1.12.4")
    assert done.returncode == 1, done
    assert (line, column) in place(done)
    assert text.split("\n")[line - 1][column - 1 : column] not in ("", " ", "\t")


def test_positions_in_a_config_map_are_those_of_its_file() -> None:
    """The literal block's margin and the lines before it count."""
    text = literal(MISSPELT, before="# ours\n---\n")
    done = linted(text)
    (at,) = place(done)
    assert text.split("\n")[at[0] - 1][at[1] - 1 :].startswith("forwrd . ")


@pytest.mark.parametrize("indent", [None, 2])
def test_positions_in_json_are_those_of_its_file(indent: int | None) -> None:
    """The Corefile is one escaped string there."""
    text = json.dumps({**MAP, "data": {"other": "x", "Corefile": MISSPELT}}, indent=indent)
    done = linted(text)
    (at,) = place(done)
    assert text.split("\n")[at[0] - 1][at[1] - 1 :].startswith("forwrd . ")


def test_positions_in_quoted_yaml_are_those_of_its_file() -> None:
    """Kubectl quotes a Corefile that has blanks at a line's end, and folds it."""
    value = MISSPELT.replace("errors\n", "errors \n").replace("cache 30", "cache 30 # größer")
    text = yaml.safe_dump({**MAP, "data": {"Corefile": value}}, default_style='"', width=60)
    assert yaml.safe_load(text)["data"]["Corefile"] == value
    (at,) = place(linted(text))
    assert text.split("\n")[at[0] - 1][at[1] - 1 :].startswith("forwrd")


def test_every_corefile_of_several_documents_is_looked_at() -> None:
    """Each for itself, each at its place."""
    text = literal(MISSPELT) + "---\n" + literal(GOOD.replace("cache 30", "cash 30"))
    done = linted(text)
    found = [text.split("\n")[line - 1].strip() for line, _ in place(done)]
    assert found == ["forwrd . /etc/resolv.conf", "cash 30"]


def test_a_list_as_kubectl_prints_it() -> None:
    """`kubectl get configmaps -o yaml` brings all of a namespace."""
    items = [{**MAP, "data": {"Corefile": MISSPELT}}, {**MAP, "data": {"a": "b"}}]
    text = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": items})
    assert linted(text).returncode == 1


def test_the_deployment_beside_it_tells_the_version() -> None:
    """A manifest that holds both is judged by the image that it rolls out."""
    image = {"name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.9.3"}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "spec": {"template": {"spec": {"containers": [image]}}},
    }
    text = literal(NEW) + "---\n" + yaml.safe_dump(deployment)
    done = linted(text)
    assert done.returncode == 1
    assert "CoreDNS 1.9.3" in done.stderr
    assert linted(text, "--coredns-version", "1.12.4").returncode == 0


def test_what_holds_for_some_versions_says_for_which() -> None:
    """Without a version, the newest one's refusal is undecided and named."""
    done = linted(OLD)
    assert "(CoreDNS since 1.7.0)" in done.stdout
    assert "give --coredns-version" in done.stderr
    done = linted(NEW)
    assert "info corefile-version-skew" in done.stdout
    assert "(CoreDNS until 1.10.0)" in done.stdout


def test_control_characters_are_shown() -> None:
    """A file cannot write to the reader's terminal."""
    done = linted(GOOD.replace("loop", "lo\x1b[2Jop"))
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr


def test_json_for_programs() -> None:
    """One object with all of it."""
    done = linted(MISSPELT, "-o", "json", "--coredns-version", "1.12.4")
    report = json.loads(done.stdout)
    (file,) = report["files"]
    (finding,) = file["findings"]
    assert (report["schema"], report["refused"], file["version"]) == (1, True, "1.12.4")
    assert (finding["line"], finding["column"], finding["severity"]) == (13, 5, "critical")
    assert finding["text"].strip() == "forwrd . /etc/resolv.conf"


def test_checks_are_chosen_by_what_decides_them() -> None:
    """Those that need logs, pods or Services are none of lint's; those of the file all are."""
    chosen = {check.id for check in lint.decidable(load().checks)}
    assert {"corefile-syntax-error", "corefile-no-forward", "corefile-loop-missing"} <= chosen
    assert not chosen & {"cluster-domain-mismatch", "corefile-reload-failed", "loop"}
    done = linted(MISSPELT, "--check", "corefile-loop-missing")
    assert (done.returncode, done.stdout) == (0, "")


# ---------------------------------------------------------------- imports


def test_imports_beside_the_file_are_followed(tmp_path: Path) -> None:
    """And what is wrong in one is told at its place in it."""
    (tmp_path / "custom").mkdir()
    (tmp_path / "custom" / "a.override").write_text("log\nrewrit name a b\n")
    (tmp_path / "Corefile").write_text(GOOD.replace("loop", "loop\n    import custom/*.override"))
    done = corediag("lint", "Corefile", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("custom/a.override:2:1: error corefile-unknown-directive")


def test_the_folder_stands_for_the_one_that_is_mounted(tmp_path: Path) -> None:
    """An absolute import of /etc/coredns means what lies beside the file."""
    (tmp_path / "custom").mkdir()
    imported = GOOD.replace("loop", "loop\n    import /etc/coredns/custom/*.override")
    (tmp_path / "Corefile").write_text(imported)
    assert corediag("lint", "Corefile", cwd=tmp_path).returncode == 0
    (tmp_path / "custom").rmdir()
    done = corediag("lint", "Corefile", cwd=tmp_path)
    assert done.returncode == 3
    assert "custom/*.override" in done.stderr


@pytest.mark.parametrize(
    "pattern", ["../secret.conf", "{tmp}/secret.conf", "link.conf", "l/*.conf"]
)
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path, pattern: str) -> None:
    """Neither by a path nor through a link."""
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.conf").write_text("whatever it says\n")
    (folder / "link.conf").symlink_to(tmp_path / "secret.conf")
    (folder / "l").symlink_to(tmp_path)
    pattern = pattern.replace("{tmp}", str(tmp_path))
    (folder / "Corefile").write_text(GOOD.replace("loop", f"loop\n    import {pattern}"))
    done = corediag("lint", "Corefile", cwd=folder)
    assert done.returncode == 3, done
    assert "whatever" not in done.stdout + done.stderr


def test_the_custom_map_is_what_the_corefile_imports() -> None:
    """coredns-custom of the same file; a fault in it is told where it is imported."""
    custom = {**MAP, "metadata": {"name": "coredns-custom"}, "data": {"a.override": "rewrit x\n"}}
    text = literal(GOOD.replace("loop", "loop\n    import custom/*.override"))
    text += "---\n" + yaml.safe_dump(custom)
    done = linted(text)
    assert done.returncode == 1
    assert "(custom/a.override:1:1)" in done.stdout


def test_a_fault_in_an_imported_server_is_told_once() -> None:
    """At its own place in the file that holds both maps."""
    server = "corp.example:53 {\n    forwrd . 192.0.2.7\n}\n"
    custom = literal(server).replace("name: coredns", "name: coredns-custom")
    text = literal(f"{GOOD}import custom/*.server\n") + "---\n"
    done = linted(text + custom.replace("Corefile:", "corp.server:"))
    assert done.returncode == 1
    assert done.stdout.count("forwrd") == 1
    assert place(done) == [(text.count("\n") + 8, 9)]


# ---------------------------------------------------------------- whatever comes

CHECKS = lint.decidable(load().checks)
WORDS = [
    *(".:53", "{", "}", "\n", "{", "}", "\n", "import", "(", ")", "(a)", "a", "#", '"', "\\", ","),
    *("errors", "forward", ".", "cache", "30", "kubernetes", "{$X}", "{%X%}", "rewrite", "name"),
    *("regex", "hosts", "template", "IN", "ANY", "acl", "bind", "::1", "10.0.0.0/9", "tls://."),
    *("\r\n", "dnstap", "tcp://[", "timeouts", "on", "header", "view", "tsig", "secondary", "from"),
]


def said(text: str, version: str = "") -> lint.Lint:
    """Lint a text as a Corefile."""
    one = lint.Given("x", parse_corefile(text, origin="x"), lint.Places(text))
    return lint.lint(CHECKS, (one,), version)


@given(
    some.lists(some.sampled_from(WORDS), max_size=40), some.sampled_from(["", "1.6.9", "1.15.0"])
)
@settings(max_examples=150)
def test_no_corefile_breaks_it(words: list[str], version: str) -> None:
    """Whatever stands in it: findings have a place in the text, and none is a defect."""
    text = " ".join(words)
    for one in said(text, version).files:
        assert not any("defect" in gap.because for gap in one.undecided)
        for note in one.notes:
            assert 1 <= note.line <= text.count("\n") + 1
            assert note.column >= 1
            assert note.severity in Severity


@given(some.text(max_size=200))
@settings(max_examples=100)
def test_no_text_breaks_it(text: str) -> None:
    """Nor anything that is no Corefile."""
    said(text, "1.12.4")
    written = json.dumps({**MAP, "data": {"Corefile": text}})
    (one,) = lint.in_objects("x.json", written)
    for note in lint.lint(CHECKS, (one,), "1.12.4").files[0].notes:
        assert note.line == 1
        assert 1 <= note.column <= len(written)


@given(some.text(some.characters(codec="utf-8"), max_size=80))
def test_quoted_strings_are_read_as_yaml_reads_them(text: str) -> None:
    """So that each character has its place."""
    for written in (json.dumps(text), yaml.safe_dump(text, default_style='"', width=20).strip()):
        value, found = lint.unquoted(written, 1)
        assert value == text
        assert len(found) == len(value)
        assert found == sorted(found)
