"""What a fault is, and which there are: one file each in lab/faults/.

A file holds EXPECT and the functions `stage`, `symptom`, `cure` and, where the cluster being well
again is not all, `healed`; each takes the lab. `stage` makes the fault by its real mechanism.
`symptom` returns once it shows to a client, and raises LabError if it never does. `cure` does what
the remedy says. `healed` returns once nothing of it is left.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from lab import faults
from lab.cluster import Lab

Step = Callable[[Lab], object]


@dataclass(frozen=True)
class Expect:
    """What a diagnosis of the fault has to say.

    `first` holds the right first causes, the deepest first: which of them the evidence reaches
    depends on the version of CoreDNS and on where one may look. None means no cause at all.
    `folded` are consequences that stand under the first cause, `beside` may be causes of their own.
    `proven` asks for proof of the deepest; how sure the others can be depends on the version.
    """

    first: tuple[str, ...]
    folded: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    proven: bool = True
    recordable: bool = True  # False where there is no API server to record
    founding: bool = False  # one of the cases that CI stages each time
    versions: bool = False  # what is printed differs between versions of CoreDNS
    # What questions and node facts name without any log, the deepest first; () where they cannot.
    answers: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()  # further ones where no command may be run in a pod


@dataclass(frozen=True)
class Fault:
    """One fault, read from its file."""

    name: str
    title: str
    expect: Expect
    stage: Step
    symptom: Step
    cure: Step
    healed: Step


def catalogue() -> dict[str, Fault]:
    """Return every fault by its name, in the order in which they are staged."""
    found = [_read(module.name) for module in pkgutil.iter_modules(faults.__path__)]
    # What breaks least comes first, the API server last: a fault that poisons is found at once.
    return {
        fault.name: fault
        for fault in sorted(found, key=lambda one: (bool(one.expect.first), one.name))
    }


def _read(name: str) -> Fault:
    module = importlib.import_module(f"lab.faults.{name}")
    title = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
    healed = getattr(module, "healed", Lab.wait_healthy)
    return Fault(name, title, module.EXPECT, module.stage, module.symptom, module.cure, healed)
