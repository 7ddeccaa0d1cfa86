"""One fault from its staging to the cluster being well again, with what corediag said meanwhile."""

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect, Fault
from lab.process import LabError, run
from lab.snapshot import snapshot

COREDIAG = (sys.executable, "-m", "diagnose")
SETTLED_S = 6
# What a step may raise in a cluster that is broken on purpose; the cure is tried all the same.
UNFORESEEN = (LabError, OSError, ValueError, LookupError)
DEADLINE_S = 60  # of one run; a lab on a busy machine answers late


@dataclass(frozen=True)
class Said:
    """What one run of corediag said."""

    report: dict[str, Any]
    seconds: float

    @property
    def causes(self) -> list[dict[str, Any]]:
        """The causes in rank order, without notes."""
        return [cause for cause in self.report["causes"] if cause["severity"] != "info"]

    @property
    def told(self) -> list[dict[str, Any]]:
        """The causes, or the notes where there is no cause."""
        return self.causes or list(self.report["causes"])

    @property
    def first(self) -> str:
        """The id of the first cause or note, or nothing."""
        return str(self.told[0]["check"]) if self.told else ""

    @property
    def requests(self) -> int:
        """How many requests the run made."""
        return len(self.report.get("context", {}).get("requests", ()))


@dataclass
class Trial:
    """What was measured; `wrong` holds a sentence per thing that is not as it has to be."""

    fault: Fault
    coredns: str
    shows_s: float = 0
    healed_s: float = 0
    live: Said | None = None
    without_logs: Said | None = None
    by_probes: Said | None = None
    wrong: list[str] = field(default_factory=list)
    explained_in: Path | None = None
    tries: int = 1

    @property
    def outcome(self) -> str:
        """Whether everything was as it has to be, and after how many tries."""
        if self.wrong:
            return "WRONG"
        return "right" if self.tries == 1 else f"right, try {self.tries}"

    def row(self) -> tuple[str, ...]:
        """Return the trial as a line of the table of COLUMNS."""
        live = self.live
        return (
            self.fault.name,
            self.coredns,
            f"{self.shows_s:.0f}",
            (live.first if live else "") or "-",
            self.outcome,
            f"{live.seconds:.1f}" if live else "-",
            str(live.requests) if live else "-",
            f"{self.healed_s:.0f}" if self.healed_s else "NO",
            *(said.first or "-" if said else "" for said in (self.without_logs, self.by_probes)),
        )


COLUMNS = (
    *("fault", "CoreDNS", "shows s", "first cause", "", "run s", "requests", "healed s"),
    *("without logs", "by probes"),
)


def corediag(*words: str | Path, kubeconfig: bool = True) -> Said:
    """Return what `corediag … -o json` said; raise LabError unless it printed a report."""
    access = ("--kubeconfig", plan.kubeconfig()) if kubeconfig else ()
    started = time.monotonic()
    done = run(*COREDIAG, *words, *access, "-o", "json", check=False, timeout_s=DEADLINE_S * 3)
    seconds = time.monotonic() - started
    try:
        return Said(json.loads(done.stdout), seconds)
    except ValueError:
        said = done.stderr.strip() or done.stdout.strip()[:500]
        raise LabError(f"corediag {' '.join(map(str, words))}: {said}") from None


def collect(bundle: Path, since_s: float) -> None:
    """Write a bundle of the lab as it is."""
    run(
        *(*COREDIAG, "collect", "-o", bundle, "--kubeconfig", plan.kubeconfig()),
        *("--since", f"{since_s:.0f}s"),
        timeout_s=DEADLINE_S * 3,
    )


def faults_of(said: Said, expect: Expect, source: str) -> list[str]:
    """Return a sentence per thing in which the diagnosis differs from what is expected."""
    if not expect.first:
        return [f"{source}: {cause['check']} where nothing is wrong" for cause in said.causes]
    if said.first not in expect.first:
        wanted = " or ".join(expect.first)
        return [f"{source}: first cause is {said.first or 'none'}, not {wanted}"]
    first, *others = said.told
    wrong = []
    deepest = first["check"] == expect.first[0]
    if expect.proven and deepest and not first["proven"]:
        wrong.append(f"{source}: {first['check']} is not proven")
    wrong += [
        f"{source}: {check} is not folded under {first['check']}"
        for check in expect.folded
        if check not in first["explains"]
    ]
    wrong += [
        f"{source}: {cause['check']} as a further cause"
        for cause in others
        if cause["check"] not in expect.beside
    ]
    return wrong


def attempt(lab: Lab, fault: Fault, folder: Path) -> Trial:
    """Return the trial of one fault; reports and bundle are kept in the folder.

    The fault is cured in any case. What could not be staged or healed counts as wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trial = Trial(fault, lab.coredns)
    started = time.time()
    try:
        fault.stage(lab)
        fault.symptom(lab)
        trial.shows_s = time.time() - started
        _diagnose(trial, folder, started)
    except UNFORESEEN as error:
        trial.wrong.append(f"{type(error).__name__}: {error}")
    if trial.wrong:
        trial.explained_in = snapshot(lab, fault.name)
    cured = time.time()
    try:
        fault.cure(lab)
        fault.healed(lab)
        trial.healed_s = time.time() - cured
        _verify(trial, folder)
    except UNFORESEEN as error:
        trial.wrong.append(f"after the cure: {type(error).__name__}: {error}")
        trial.explained_in = snapshot(lab, f"{fault.name}-cured")
    return trial


def _diagnose(trial: Trial, folder: Path, started: float) -> None:
    expect = trial.fault.expect
    trial.live = corediag("run", "--since", _since(started), "--timeout", f"{DEADLINE_S}s")
    _keep(folder / f"{trial.fault.name}.live.json", trial.live)
    trial.wrong += faults_of(trial.live, expect, "live")
    if not expect.recordable:
        return
    bundle = folder / f"{trial.fault.name}.tar.gz"
    bundle.unlink(missing_ok=True)
    collect(bundle, time.time() - started + 5)
    recorded = corediag("run", "--from", bundle, kubeconfig=False)
    _keep(folder / f"{trial.fault.name}.bundle.json", recorded)
    trial.wrong += faults_of(recorded, expect, "bundle")
    _ask(trial, folder)
    live, again = ([cause["check"] for cause in said.causes] for said in (trial.live, recorded))
    if live != again:
        trial.wrong.append(f"bundle: causes are {again}, live they were {live}")


def _ask(trial: Trial, folder: Path) -> None:
    # What can be found by asking has to be found where nothing is logged, as 1.15.0 does.
    expect = trial.fault.expect
    if not expect.answers:
        return
    limit = ("--timeout", f"{DEADLINE_S}s")
    trial.without_logs = corediag("run", "--skip-logs", *limit)
    _keep(folder / f"{trial.fault.name}.without-logs.json", trial.without_logs)
    trial.by_probes = corediag("run", "--skip-logs", "--probe", "--no-exec", *limit)
    _keep(folder / f"{trial.fault.name}.by-probes.json", trial.by_probes)
    for said, first, source in (
        (trial.without_logs, expect.answers, "without logs"),
        (trial.by_probes, (*expect.answers, *expect.probes), "by probes"),
    ):
        if said.first not in first:
            wanted = " or ".join(first)
            trial.wrong.append(f"{source}: first cause is {said.first or 'none'}, not {wanted}")


def _verify(trial: Trial, folder: Path) -> None:
    # A log keeps what was; the question after a cure is what has happened since.
    time.sleep(SETTLED_S)
    after = corediag("run", "--since", f"{SETTLED_S}s", "--timeout", f"{DEADLINE_S}s")
    _keep(folder / f"{trial.fault.name}.cured.json", after)
    trial.wrong += [f"after the cure: {cause['check']} is found" for cause in after.causes]


def _since(start: float) -> str:
    return f"{max(5, int(time.time() - start))}s"


def _keep(path: Path, said: Said) -> None:
    path.write_text(json.dumps(said.report, indent=1))
