"""Asks the real CoreDNS what it takes, and compares: `python -m lab.corefiles VERSION…`.

A few thousand Corefiles are put to the real binary of each version, a process each: it serves, or
it ends and says why. It runs in namespaces of its own: a network of loopback alone, every address
allowed to be bound, an API server without objects for the kubernetes plugin, the files that the
Corefiles name. A refusal for the machine's sake (a file, an interface, a host that is not there)
is told by CoreDNS's words and left out.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

import click

from diagnose.facts.corefile import MOUNTED, parse_corefile
from diagnose.facts.corefile_arguments import argument_faults
from lab.build import build_coredns
from lab.certificates import Identity, issue, make_authority
from lab.corefile_grammar import ENVIRON, FILES, Sample, generate
from lab.pins import COREDNS_TRIED
from lab.process import LabError, Missing, run, say

API = ("127.0.0.1", 6443)
ACCOUNT = Path("/run/secrets/kubernetes.io/serviceaccount")
WORKERS = 2
OF_EACH_PLUGIN = 6
LONGEST_S = 5.0  # a start takes 0.03 s, with the kubernetes plugin 0.3 s
INSIDE = "COREDIAG_COREFILES_INSIDE"
SERVES = re.compile(rb"^CoreDNS-\d", re.MULTILINE)
# CoreDNS's words for what the machine, not the Corefile, lacks. Sources: Go's os and net errors;
# plugin/bind/setup.go, plugin/kubernetes/kubernetes.go, plugin/{azure,clouddns,route53}/setup.go.
ENVIRONMENT = re.compile(
    r"no such file or directory|not a directory|is a directory|permission denied|not exist"
    r"|file name too long|read-only file system"
    r"|connection refused|no such host|i/o timeout|network is unreachable|no route to host"
    r"|deadline exceeded|server misbehaving|cannot assign requested address"
    r"|address already in use|not a valid IP address or interface name|no such network interface"
    r"|in-cluster|failed to create azure client|could not find default credentials"
    r"|failed to create route53|NoCredentialProviders|CredentialsChainVerboseErrors"
    r"|failed to get SPT|TLS cert|failed to initialize|not an IP address or file: \".*/"
    r"|File to import not found|no nameservers found|MSI not available|lookup |has SOA owner"
    r"|no answer in time"
)
SAID = re.compile(r"(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?(?:plugin/|Corefile:|[a-z]+ )")
STAMP = re.compile(r"^(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?(?:\[[A-Z]+\] )?")


@dataclass(frozen=True)
class Verdict:
    """What CoreDNS said: accepted, refused, or (environment) not for the Corefile's sake."""

    word: str
    error: str = ""


# ---------------------------------------------------------------- the namespaces


def enter(arguments: Sequence[str]) -> None:
    """Go on in namespaces of one's own, unless this is there already; does not return else."""
    if os.environ.get(INSIDE):
        return
    spaces = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child")
    words = [*spaces, sys.executable, "-m", "lab.corefiles", *arguments]
    os.environ[INSIDE] = "1"
    os.execvp(words[0], words)


def settle(folder: Path) -> None:
    """Make the namespaces and a folder what the Corefiles expect to find."""
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "none", "/run")
    run("mount", "-t", "proc", "none", "/proc")
    run("ip", "link", "set", "lo", "up")
    for name in ("ipv4", "ipv6"):
        Path(f"/proc/sys/net/{name}/ip_nonlocal_bind").write_text("1\n")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "hosts").write_text("127.0.0.1 localhost\n")
    for name in ("resolv.conf", "hosts"):
        run("mount", "--bind", folder / name, Path("/etc", name).resolve())
    make_authority(folder)
    issue(folder, Identity("tls", "corefiles", serves=("127.0.0.1", "localhost")))
    ACCOUNT.mkdir(parents=True)
    (ACCOUNT / "token").write_text("token\n")
    (ACCOUNT / "namespace").write_text("kube-system\n")
    shutil.copy(folder / "ca.crt", ACCOUNT / "ca.crt")


def environment() -> dict[str, str]:
    """Return the environment of CoreDNS: that of a pod, and the Corefiles' own variables."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "KUBERNETES_SERVICE_HOST": API[0],
        "KUBERNETES_SERVICE_PORT": str(API[1]),
        "AWS_EC2_METADATA_DISABLED": "true",
        **ENVIRON,
    }


LISTS = {
    "services": "ServiceList",
    "pods": "PodList",
    "namespaces": "NamespaceList",
    "endpoints": "EndpointsList",
    "endpointslices": "EndpointSliceList",
    "nodes": "NodeList",
    "serviceimports": "ServiceImportList",
}


class EmptyAPI(BaseHTTPRequestHandler):
    """An API server without any object: lists are empty, watches never tell anything."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a request."""
        url = urlsplit(self.path)
        parts = url.path.strip("/").split("/")
        query = parse_qs(url.query)
        group = "/".join(parts[1:-1])
        if "sendInitialEvents" in query:  # then clients list instead
            self.answer(422, {"kind": "Status", "status": "Failure", "reason": "Invalid"})
        elif parts[-1] in LISTS and query.get("watch", ["0"])[0] in ("1", "true"):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            select.select([self.connection], [], [])  # until the client goes
            self.close_connection = True
        elif parts[-1] in LISTS:
            meta = {"resourceVersion": "1"}
            kind = LISTS[parts[-1]]
            self.answer(200, {"kind": kind, "apiVersion": group, "metadata": meta, "items": []})
        elif parts == ["version"]:
            self.answer(200, {"major": "1", "minor": "24", "gitVersion": "v1.24.0"})
        elif parts[:2] == ["apis", "discovery.k8s.io"] and len(parts) == 3:
            slices = {"name": "endpointslices", "namespaced": True, "kind": "EndpointSlice"}
            group = "/".join(parts[1:])
            kinds = [{**slices, "verbs": ["list", "watch"]}]
            self.answer(200, {"kind": "APIResourceList", "groupVersion": group, "resources": kinds})
        else:
            self.answer(404, {"kind": "Status", "status": "Failure", "reason": "NotFound"})

    def answer(self, status: int, value: dict[str, object]) -> None:
        """Send an object."""
        body = json.dumps({"apiVersion": "v1", **value, "code": status}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve_api(folder: Path) -> None:
    """Start the API server in a thread."""
    server = ThreadingHTTPServer(API, EmptyAPI)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()


# ---------------------------------------------------------------- the real program


def ask(binary: Path, folder: Path, text: str) -> Verdict:
    """Return what CoreDNS says of a Corefile: it serves, or it ends."""
    (folder / "Corefile").write_bytes(text.encode())
    process = subprocess.Popen(
        [binary, "-conf", "Corefile"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment(),
    )
    assert process.stdout is not None
    output = b""
    ends = time.monotonic() + LONGEST_S
    try:
        while (left := ends - time.monotonic()) > 0:
            if not select.select([process.stdout], [], [], left)[0]:
                break
            data = os.read(process.stdout.fileno(), 65536)
            output += data
            if SERVES.search(output):
                return Verdict("accepted")
            if not data:
                return refusal(output.decode("utf-8", "replace"))
        return Verdict("environment", "no answer in time")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def refusal(output: str) -> Verdict:
    """Return whether CoreDNS's last words are for the Corefile's sake."""
    lines = [line for line in output.splitlines() if line.strip()]
    broken = next((line for line in lines if line.startswith("panic: ")), "")
    said = next((line for line in reversed(lines) if SAID.match(line)), lines[-1] if lines else "")
    return judged("refused", broken or STAMP.sub("", said))


def judged(word: str, error: str) -> Verdict:
    """Return the verdict of CoreDNS's words."""
    if word == "accepted":
        return Verdict(word)
    return Verdict("environment" if ENVIRONMENT.search(error) else "refused", error)


# ---------------------------------------------------------------- what we say


def ours(text: str, version: str) -> tuple[str, str]:
    """Return refused, accepted or undecided, and the first reason for it."""
    mount = MOUNTED.rpartition("/")[0]
    files = {f"{mount}/{name}": content for name, content in FILES.items()}
    corefile = parse_corefile(text, origin="Corefile", environ=ENVIRON, files=files)
    faults = (*corefile.faults, *argument_faults(corefile, version))
    if faults:
        return "refused", f"{faults[0].message} [{faults[0].coredns_says}]"
    return ("undecided", corefile.gaps[0].because) if corefile.gaps else ("accepted", "")


@dataclass(frozen=True)
class Compared:
    """One Corefile with one version: both words, and both reasons."""

    sample: Sample
    version: str
    theirs: Verdict
    ours: str
    reason: str

    @property
    def counts(self) -> bool:
        """Whether both decided it."""
        return self.theirs.word != "environment" and self.ours != "undecided"

    @property
    def agrees(self) -> bool:
        """Whether both said the same."""
        return self.theirs.word == self.ours


def compare(
    samples: Sequence[Sample], version: str, verdicts: Sequence[Verdict]
) -> Iterator[Compared]:
    """Yield each Corefile with what CoreDNS and what we say of it."""
    for sample, theirs in zip(samples, verdicts, strict=True):
        yield Compared(sample, version, theirs, *ours(sample.text, version))


# ---------------------------------------------------------------- the report


def share(rows: Iterable[Compared]) -> str:
    """Return how many agree, of how many."""
    counted = [row for row in rows if row.counts]
    agreed = sum(row.agrees for row in counted)
    percent = 100 * agreed / len(counted) if counted else 100.0
    return f"{percent:6.2f} %  {agreed} of {len(counted)}"


def report(rows: Sequence[Compared], longest: int) -> None:
    """Print the agreement by version and plugin, and the disagreements by their cause."""
    versions = list(dict.fromkeys(row.version for row in rows))
    for version in versions:
        mine = [row for row in rows if row.version == version]
        words = Counter(row.theirs.word for row in mine)
        undecided = sum(row.ours == "undecided" for row in mine)
        said = ", ".join(f"{count} {word}" for word, count in words.most_common())
        click.echo(f"CoreDNS {version:8} {share(mine)}  ({said}; {undecided} undecided by us)")
    plugins = sorted({row.sample.plugin for row in rows})
    for plugin in plugins:
        click.echo(f"  {plugin:16} {share(row for row in rows if row.sample.plugin == plugin)}")
    groups: dict[tuple[str, str, str], list[Compared]] = {}
    for row in rows:
        if row.counts and not row.agrees:
            reason = row.reason if row.ours == "refused" else row.theirs.error
            groups.setdefault((row.sample.plugin, row.theirs.word, shape(reason)), []).append(row)
    for (plugin, word, reason), several in sorted(groups.items(), key=lambda one: -len(one[1])):
        where = ", ".join(dict.fromkeys(row.version for row in several))
        click.echo(f"\n{len(several)} x {plugin}: CoreDNS {word}: {reason} ({where})")
        for row in list({row.sample.text: row for row in several}.values())[:longest]:
            click.echo(f"  --- {row.sample.change}; {row.theirs.error or row.reason}")
            click.echo("\n".join(f"  | {line!r}"[:110] for line in row.sample.text.split("\n")))


def shape(reason: str) -> str:
    """Return a reason without what differs from one Corefile to the next."""
    text = re.sub(r"Corefile:\d+", "Corefile:N", reason)
    text = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "'…'", text)
    return re.sub(r"\d+", "N", text)[:160]


# ---------------------------------------------------------------- the command


@click.command()
@click.argument("versions", nargs=-1)
@click.option("--count", default=3000, show_default=True, help="How many Corefiles are made.")
@click.option("--seed", default=1, show_default=True, help="Which ones.")
@click.option("--plugin", "plugins", multiple=True, help="Only those about this plugin.")
@click.option("--examples", default=1, show_default=True, help="Shown per cause.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep verdicts here, and use them.")
@click.option("--record", type=click.Path(path_type=Path), help="Write a sample for the tests.")
@click.option("--least", default=99.0, show_default=True, help="Agreement below which it fails.")
def cli(
    versions: tuple[str, ...],
    count: int,
    seed: int,
    plugins: tuple[str, ...],
    examples: int,
    keep: Path | None,
    record: Path | None,
    least: float,
) -> None:
    """Compare what lint says of generated Corefiles with what CoreDNS VERSIONS say."""
    samples = list({one.text: one for one in generate(count, seed)}.values())
    rows: list[Compared] = []
    for version in versions or COREDNS_TRIED:
        rows += compare(samples, version, verdicts_of(samples, version, keep))
    chosen = [row for row in rows if not plugins or row.sample.plugin in plugins]
    report(chosen, examples)
    if record:
        write_sample(rows, record)
    counted = [row for row in chosen if row.counts]
    sys.exit(100 * sum(row.agrees for row in counted) < least * len(counted))


def verdicts_of(samples: Sequence[Sample], version: str, keep: Path | None) -> list[Verdict]:
    """Return the verdicts of one version: those that a folder keeps, and for the rest its own."""
    kept = keep / f"{version}.json" if keep else None
    known: dict[str, list[str]] = json.loads(kept.read_text()) if kept and kept.exists() else {}
    missing = [one.text for one in samples if one.text not in known]
    if missing:
        said = tried(missing, version)
        known |= {text: [one.word, one.error] for text, one in zip(missing, said, strict=True)}
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(known, indent=0))
    return [judged(*known[one.text]) for one in samples]


def tried(texts: Sequence[str], version: str) -> list[Verdict]:
    """Return the verdicts of one version, by processes in namespaces of their own."""
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        raise Missing("Corefiles are tried in namespaces: root, unshare and ip are needed")
    binary = build_coredns(version)
    started = time.monotonic()
    shares = [texts[at::WORKERS] for at in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(partial(tried_by_one, binary), shares))
    verdicts = [found[at % WORKERS][at // WORKERS] for at in range(len(texts))]
    say(f"{len(texts)} Corefiles and CoreDNS {version}: {time.monotonic() - started:.0f}s")
    return verdicts


def tried_by_one(binary: Path, texts: Sequence[str]) -> list[Verdict]:
    """Return the verdicts of one process."""
    command = (sys.executable, "-m", "lab.corefiles", "--inside", binary)
    done = run(*command, stdin=json.dumps(texts), timeout_s=7200)
    return [Verdict(*one) for one in json.loads(done.stdout)]


def inside(binary: Path) -> None:
    """Ask a binary, within the namespaces; print the verdicts as JSON."""
    texts: list[str] = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        settle(folder)
        serve_api(folder)
        verdicts = [ask(binary, folder, text) for text in texts]
    print(json.dumps([[one.word, one.error] for one in verdicts]))


def write_sample(rows: Sequence[Compared], path: Path) -> None:
    """Write some Corefiles of each plugin with what every version said of them, for the tests.

    They are chosen without regard to what we say: first those on which versions differ, then by
    the numbers of their texts. Verdicts are the first letters of their words, by version.
    """
    versions = sorted({row.version for row in rows}, key=lambda one: [*map(int, one.split("."))])
    by_text: dict[str, dict[str, Compared]] = {}
    for row in rows:
        by_text.setdefault(row.sample.text, {})[row.version] = row
    plugins: dict[str, list[tuple[bool, int, str, str]]] = {}
    for text, said in by_text.items():
        letters = "".join(said[version].theirs.word[0] for version in versions)
        alike = len(set(letters) - {"e"}) < 2
        plugin = next(iter(said.values())).sample.plugin
        plugins.setdefault(plugin, []).append((alike, crc32(text.encode()), text, letters))
    chosen = []
    for several in plugins.values():
        differing = sorted(one for one in several if not one[0])[: OF_EACH_PLUGIN // 2]
        others = sorted(one for one in several if one[0])
        chosen += [*differing, *others[: OF_EACH_PLUGIN - len(differing)]]
    known = [
        [at, version]
        for at, (_, _, text, _) in enumerate(chosen)
        for version, row in by_text[text].items()
        if row.counts and not row.agrees
    ]
    report = {
        "versions": versions,
        "environ": ENVIRON,
        "files": FILES,
        "corefiles": [[text, letters] for _, _, text, letters in chosen],
        "differ": sorted(known),
    }
    path.write_text(json.dumps(report, indent=0, ensure_ascii=True) + "\n")
    say(f"{path}: {len(chosen)} Corefiles, {len(known)} verdicts that differ from ours")


def main() -> None:
    """Run the command; say in one line what the machine lacks or what went wrong."""
    if sys.argv[1:2] == ["--inside"]:
        enter(sys.argv[1:])
        inside(Path(sys.argv[2]))
        return
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Missing as error:
        say(f"lab: {error}")
        sys.exit(69)
    except LabError as error:
        say(f"lab: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
