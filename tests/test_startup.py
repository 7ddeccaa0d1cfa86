"""What a command loads. That is counted here, and timed by `make bench`."""

import os
import subprocess
import sys
from pathlib import Path

from tests.sources.apiserver import Cluster, kubeconfig, serving

HERE = Path(__file__).parent.parent
LOADED = (
    "import sys\n"
    "from diagnose.__main__ import main\n"
    "try:\n"
    "    main()\n"
    "except SystemExit:\n"
    "    pass\n"
    "print(*sys.modules, sep='\\n', file=sys.stderr)"
)
DEMO = str(HERE / "diagnose" / "demo" / "loop")
# What asks a cluster, or what such programs load for it.
LIVE = {
    *("kubernetes", "dns", "urllib3", "requests", "jinja2"),
    *("ssl", "http", "concurrent", "logging", "socket", "asyncio"),
}
SLOW = LIVE | {"importlib.metadata", "email", "tabulate"}
# The facts and what they are made of: dataclasses are slow to make, and there are many.
ENGINE = {"checks", "diagnose.model", "diagnose.registry", "diagnose.facts", "diagnose.signatures"}


# Whoever runs the tests may have told programs how wide to print.
OWN = {name: value for name, value in os.environ.items() if name != "COLUMNS"}


def loaded(*arguments: str, cache: str = "") -> set[str]:
    """Return the modules that a command loads, packages included, and print what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE,
        env={**OWN, **({"XDG_CACHE_HOME": cache} if cache else {})},
    )
    assert done.stdout
    return set(done.stderr.split("\n"))


def test_help_loads_nothing_of_the_command_line() -> None:
    """It is a text that is there already."""
    assert loaded("--help") & ({"click", "diagnose.cli", "pathlib", "json", "re"} | SLOW) == set()


def test_listing_and_explaining_load_no_check(tmp_path: Path) -> None:
    """From the second time on, until a check changes."""
    commands = (("checks",), ("checks", "-o", "json"), ("explain", "loop"))
    first = loaded("checks", cache=str(tmp_path))
    assert "checks.coredns_runtime.loop" in first
    for command in commands:
        assert loaded(*command, cache=str(tmp_path)) & (ENGINE | SLOW | {"dataclasses"}) == set()


def test_listing_for_the_first_time_loads_nothing_slow(tmp_path: Path) -> None:
    """Without a package that brings checks, importlib.metadata is not needed."""
    assert loaded("checks", cache=str(tmp_path)) & SLOW == set()


def test_completing_an_id_loads_no_check() -> None:
    """A person waits for it at the Tab key."""
    asked = {"_COREDIAG_COMPLETE": "bash_complete", "COMP_WORDS": "corediag explain lo"}
    code = LOADED.replace("main()\n", "sys.argv = ['corediag']; main()\n")
    done = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=HERE,
            env={**os.environ, **asked, "COMP_CWORD": "2"},
        )
        for _ in range(2)
    ]
    assert "loop" in done[1].stdout
    assert set(done[1].stderr.split("\n")) & (ENGINE | SLOW) == set()


def test_one_check_is_run_without_the_others(tmp_path: Path) -> None:
    """`run --check loop` imports the check that it is asked for."""
    loaded("checks", cache=str(tmp_path))
    names = loaded("run", "--check", "loop", "--from", DEMO, cache=str(tmp_path))
    assert {name for name in names if name.count(".") == 2 and name.startswith("checks.")} == {
        "checks.coredns_runtime.loop"
    }


def test_no_command_but_those_that_ask_a_cluster_loads_what_asks_one(tmp_path: Path) -> None:
    """The first time or not."""
    corefile = tmp_path / "Corefile"
    corefile.write_text(".:53 {\n    errors\n}\n", encoding="utf-8")
    commands = (
        ("--help",),
        ("run", "--help"),
        ("checks",),
        ("explain", "loop"),
        ("lint", "-o", "json", str(corefile)),
        ("run", "--from", DEMO),
        ("demo", "--list"),
        ("rbac",),
    )
    for command in commands:
        assert loaded(*command, cache=str(tmp_path / "kept")) & LIVE == set(), command


def test_a_run_that_only_asks_the_api_server_loads_no_resolver(tmp_path: Path) -> None:
    """Nor the client library: both are for those who climb higher, or whose kubeconfig needs it."""
    with serving(Cluster()) as url:
        path = kubeconfig(tmp_path, url)
        names = loaded(
            "run", "--rung", "1", "--kubeconfig", str(path), cache=str(tmp_path / "kept")
        )
    assert names & {"dns", "kubernetes", "jinja2", "requests"} == set()
    assert "urllib3" in names


def counted(code: str) -> list[int]:
    """Return the numbers that code prints on standard error when a run over the demo has ended."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED.rpartition("\n")[0] + code, "run", "--from", DEMO],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE,
    )
    return [int(word) for word in done.stderr.split()]


def test_a_run_makes_few_of_the_dataclasses() -> None:
    """Those of which it has a value; see diagnose.values."""
    code = (
        "\nfrom diagnose.values import Pending\n"
        "import gc\n"
        "every = [one for one in gc.get_objects() if isinstance(one, Pending)]\n"
        "late = [one for one in every if vars(one.cls)['__dataclass_fields__'] is one]\n"
        "print(len(late), file=sys.stderr)"
    )
    (late,) = counted(code)
    assert late > 100


def test_one_check_loads_few_of_the_facts(tmp_path: Path) -> None:
    """What it needs, and what that is made of."""
    loaded("checks", cache=str(tmp_path))
    names = loaded("run", "--check", "loop", "--from", DEMO, cache=str(tmp_path))
    facts = {name for name in names if name.startswith("diagnose.facts.")}
    every = set((HERE / "diagnose" / "facts").glob("*.py"))
    assert 0 < len(facts) < len(every) / 2


def test_a_run_over_files_loads_nothing_that_asks_a_cluster(tmp_path: Path) -> None:
    """Nor what only a verbose report, or a package of checks, would need."""
    assert loaded("run", "--from", DEMO, cache=str(tmp_path)) & SLOW == set()


def test_a_run_compiles_few_of_the_expressions() -> None:
    """Those that the evidence at hand is tried on."""
    code = (
        "\nimport gc\n"
        "from diagnose.text.regex import Later\n"
        "made = [one for one in gc.get_objects() if isinstance(one, Later)]\n"
        "compiled = [one for one in made if 'match' in vars(one)]\n"
        "print(len(compiled), len(made), file=sys.stderr)"
    )
    compiled, made = counted(code)
    assert 0 < compiled < made / 2
