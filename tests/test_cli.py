"""The command line: what goes in, what comes out where, and the exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.cli import once
from diagnose.sources import bundle

HERE = Path(__file__).parent.parent
LOOP = (
    '[FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) detected for zone ".", see '
    'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 1048258276942848743.9060."\n'
)
HEALTHY = ".:53\nCoreDNS-1.12.4\nlinux/amd64, go1.26.8, \n"


def corediag(
    *arguments: str, stdin: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, as a user's shell would."""
    return subprocess.run(
        [sys.executable, "-m", "diagnose", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE,
        timeout=60,
        env={**os.environ, "KUBECONFIG": "/nonexistent", **(env or {})},
    )


def test_a_pasted_problem_exits_with_1_and_names_it() -> None:
    """The report is on standard output, nothing on standard error."""
    done = corediag("run", "--from", "-", stdin=LOOP)
    assert done.returncode == 1
    assert "CoreDNS forwards queries to itself" in done.stdout
    assert done.stderr == ""


def test_what_names_a_cause_is_not_called_nothing() -> None:
    """A line cut at a terminal's edge is no log of its own, and yet tells something."""
    done = corediag("run", "--from", "-", stdin="FATAL] plugin/loop: Loop (127.0.0.1:40711 -> :5\n")
    assert done.returncode == 1, done
    assert "POSSIBLE  CoreDNS forwards queries to itself" in done.stdout
    assert done.stderr == ""


def test_silence_of_an_excerpt_exits_with_3() -> None:
    """Nothing found in a paste is not health: something could not be looked at."""
    done = corediag("run", "--from", "-", stdin=HEALTHY)
    assert done.returncode == 3


def test_json_is_whole_on_standard_output() -> None:
    """A program can read it without cutting anything off."""
    done = corediag("run", "--from", "-", "-o", "json", stdin=LOOP)
    report = json.loads(done.stdout)
    assert report["schema"] == 1
    assert report["causes"][0]["check"] == "loop"
    assert report["causes"][0]["proven"] is True


def test_one_check_alone() -> None:
    """--check runs that one, and coverage counts only it."""
    done = corediag("run", "--check", "loop", "--from", "-", "-o", "json", stdin=LOOP)
    assert [one["check"] for one in json.loads(done.stdout)["verdicts"]] == ["loop"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "--check", "lop", "--from", "-"), "did you mean loop"),
        (("run", "--check", "loop", "--skip", "loop", "--from", "-"), "no check is left"),
        (("run", "--from", "/no/such/thing"), "/no/such/thing: no such file or folder"),
        (("run", "--since", "soon"), "is no duration"),
        (("run", "--timeout", "-3s"), "is no duration"),
        (("run", "-o", "yaml"), "yaml"),
        (("run", "--save", "report.doc", "--from", "-"), ".doc"),
        (("rnu",), "did you mean run"),
        (("explain", "loup"), "did you mean loop"),
        (("demo", "lop"), "did you mean loop"),
        (("run", "--kubeconfig", "/no/such/config"), "/no/such/config"),
        (("run", "--from", "-", "--from", "-"), "only once"),
        (("run", "--from", "-", "--context", "x"), "--context"),
        (("rbac", "--context", "x"), "only --missing asks a cluster"),
        (("rbac", "--rung", "5"), "--rung"),
        (("run", "README.md"), "to read it: corediag run --from README.md"),
        (("run", "-"), "to read it: corediag run --from -"),
        (("run", "README.md", "-"), "to read them: corediag run --from README.md --from -"),
        (("run", "no-such.log"), "see `corediag run --help`"),
        (("run", "loop"), "to choose it: corediag run --check loop"),
        (("checks", "cni"), "to choose it: corediag checks --check cni"),
        (("README.md",), "to read it: corediag run --from README.md"),
        (("completion",), "Choose from: bash, zsh, fish\n"),
        (("collect", "-o", "incident.zip"), "call it incident.tar.gz"),
        (("collect", "-o", "incident.tar.xz"), "a bundle is a gzipped tar archive"),
        (("collect", "-o", "README.md"), "call it README.tar.gz"),
    ],
)
def test_bad_input_is_one_clear_message(arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2, the reason on standard error, no traceback, nothing on standard output."""
    done = corediag(*arguments, stdin=LOOP)
    assert done.returncode == 2, done
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_missing_kubeconfig_says_what_to_do() -> None:
    """Without any cluster the three ways in are named."""
    done = corediag("run")
    assert done.returncode == 2
    assert "--from" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_quiet() -> None:
    """`corediag checks | head -1` ends without a word."""
    line = f"{sys.executable} -m diagnose checks | head -1"
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, cwd=HERE, timeout=60, check=False
    )
    assert done.stderr == ""


def test_colour_only_where_it_is_wanted() -> None:
    """Piped output has no escapes; FORCE_COLOR asks for them and NO_COLOR wins."""
    assert "\x1b[" not in corediag("run", "--from", "-", stdin=LOOP).stdout
    forced = {"FORCE_COLOR": "1"}
    assert "\x1b[" in corediag("run", "--from", "-", stdin=LOOP, env=forced).stdout
    refused = {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert "\x1b[" not in corediag("run", "--from", "-", stdin=LOOP, env=refused).stdout


def test_escapes_in_evidence_are_shown() -> None:
    """A log cannot write to the reader's terminal."""
    done = corediag("run", "--from", "-", stdin=LOOP.replace("zone", "\x1b[2Jzone"))
    assert "\x1b" not in done.stdout


def test_the_report_is_saved_whole(tmp_path: Path) -> None:
    """--save writes the file in the format of its ending and leaves nothing else behind."""
    target = tmp_path / "report.json"
    corediag("run", "--from", "-", "--save", str(target), stdin=LOOP)
    assert json.loads(target.read_text())["causes"][0]["check"] == "loop"
    assert list(tmp_path.iterdir()) == [target]


def test_a_report_that_cannot_be_saved_is_said(tmp_path: Path) -> None:
    """The folder is missing: exit code 2 and the path."""
    target = tmp_path / "absent" / "report.json"
    done = corediag("run", "--from", "-", "--save", str(target), stdin=LOOP)
    assert done.returncode == 2
    assert str(target) in done.stderr


def test_every_demo_names_a_cause() -> None:
    """The recorded incidents are worth showing."""
    from diagnose import demos

    for case in demos.cases():
        done = corediag("demo", case.name)
        assert done.returncode == 0
        assert "REMEDY" in done.stdout, case.name


def test_help_imports_nothing_slow() -> None:
    """Start-up stays short: no kubernetes, dnspython, yaml or registry for --help."""
    code = (
        "import sys, diagnose.cli\n"
        "slow = {'kubernetes', 'dns', 'yaml', 'tabulate', 'ahocorasick_rs', 'checks'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE, check=True
    )
    assert done.stdout.strip() == "[]"


def test_explain_works_without_a_cluster() -> None:
    """The page of a check, by id or by an id that it also answers to."""
    done = corediag("explain", "loop")
    assert done.returncode == 0
    assert "CoreDNS forwards queries to itself" in done.stdout


def test_rbac_prints_roles_by_rung() -> None:
    """Rung 1 only reads, the usual one runs commands, and rung 4 alone has a second role."""
    import yaml

    verbs = {}
    for rung in ("1", "3", "4"):
        done = corediag("rbac", "--rung", rung)
        assert done.returncode == 0
        roles = list(yaml.safe_load_all(done.stdout))
        verbs[rung] = [
            (one["kind"], {verb for rule in one["rules"] for verb in rule["verbs"]})
            for one in roles
        ]
    assert verbs["1"] == [("ClusterRole", {"get", "list"})]
    assert verbs["3"] == [("ClusterRole", {"get", "list", "create"})]
    assert [kind for kind, _ in verbs["4"]] == ["ClusterRole", "Role"]
    assert corediag("rbac").stdout == corediag("rbac", "--rung", "3").stdout


def test_rbac_missing_prints_what_is_lacking(tmp_path: Path) -> None:
    """As roles with exit code 1; with nothing missing a comment and 0; unknown is neither."""
    import yaml

    from tests.sources.apiserver import Fault, healthy, kubeconfig, serving

    cluster = healthy()
    with serving(cluster) as url:
        told = ("--missing", "--kubeconfig", str(kubeconfig(tmp_path, url)))
        done = corediag("rbac", "--rung", "4", *told)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("# You may do everything")
        cluster.writes.rules = [{"verbs": ["get", "list"], "apiGroups": ["*"], "resources": ["*"]}]
        done = corediag("rbac", "--rung", "1", *told)
        assert done.returncode == 0
        done = corediag("rbac", "--rung", "4", *told)
        assert done.returncode == 1
        verbs = {
            (one["kind"], verb)
            for one in yaml.safe_load_all(done.stdout)
            for rule in one["rules"]
            for verb in rule["verbs"]
        }
        assert verbs == {("ClusterRole", "create"), ("Role", "create"), ("Role", "delete")}
        cluster.faults["POST"] = Fault(status=500, body="no")
        done = corediag("rbac", *told)
        assert (done.returncode, done.stdout) == (3, "")
        assert "is not known" in done.stderr


def test_a_bundle_can_be_piped(tmp_path: Path) -> None:
    """It goes to standard output, whole, and no file of that name is made."""
    from tests.sources.apiserver import healthy, kubeconfig, serving

    with serving(healthy()) as url:
        done = subprocess.run(
            (
                *(sys.executable, "-m", "diagnose", "collect", "-o", "-", "--rung", "1"),
                *("--kubeconfig", str(kubeconfig(tmp_path, url))),
            ),
            capture_output=True,
            check=False,
            cwd=HERE,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert not (HERE / "-").exists()
    path = tmp_path / "incident.tar.gz"
    path.write_bytes(done.stdout)
    assert bundle.is_bundle(path)
    assert f"{len(done.stdout):,} bytes" in done.stderr.decode()
    gaps = [gap for several in bundle.read(path).gaps.values() for gap in several]
    assert any(gap.ask == "corediag collect -o FILE --rung 2  # anew" for gap in gaps)
    assert not any(gap.ask.startswith("corediag run") for gap in gaps)


def test_explain_access_asks_nothing() -> None:
    """Without any cluster, and as far as the options go."""
    done = corediag("run", "--explain-access")
    assert (done.returncode, done.stderr) == (0, "")
    assert "list pods" in done.stdout
    assert "iptables-save" in done.stdout
    assert "RUNG 4  probe pods\n  not done: only with --probe" in done.stdout
    done = corediag("run", "--explain-access", "--no-exec", "--probe")
    assert "not done: --no-exec" in done.stdout
    assert "automountServiceAccountToken: false" in done.stdout
    done = corediag("run", "--explain-access", "--check", "coredns-crashloop", "--rung", "1")
    assert "networkpolicies" not in done.stdout
    assert "not done: only with --rung 3" in done.stdout
    done = corediag("run", "--explain-access", "--from", "-")
    assert done.stdout.startswith("Nothing")


def test_completion_scripts_are_printed() -> None:
    """For each shell that click knows."""
    for shell in ("bash", "zsh", "fish"):
        done = corediag("completion", shell)
        assert done.returncode == 0
        assert "_COREDIAG_COMPLETE" in done.stdout


def test_what_is_given_twice_is_read_once(tmp_path: Path) -> None:
    """Else each of its lines would be counted twice."""
    log = tmp_path / "coredns.log"
    log.touch()
    twice = [str(log), str(tmp_path / "." / "coredns.log")]
    assert once(twice) == [str(log)]
    assert once([str(log), "-", str(tmp_path)]) == ["-", str(tmp_path)]
