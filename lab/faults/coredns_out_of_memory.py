"""CoreDNS's memory limit is smaller than what it needs under load, and the kernel ends it."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("coredns-oomkilled",),
    beside=("coredns-crashloop", "coredns-max-concurrent", "no-ready-endpoints"),
)
NORMAL = {False: "memory: 170Mi", True: "memory: 128Mi"}
SMALL = "16Mi"


def stage(lab: Lab) -> None:
    """Lower the limit to little more than an idle CoreDNS takes, in every pod."""
    changes = [("memory: 70Mi", f"memory: {SMALL}")] if not lab.helm else []
    lab.apply(lab.coredns_manifest, (NORMAL[lab.helm], f"memory: {SMALL}"), *changes)
    lab.rolled_out()


def symptom(lab: Lab) -> None:
    """Return once the kernel ended a replica for its memory again and again, under queries."""

    def ended() -> bool:
        for each in plan.NODES:
            lab.flood(each.name, 20_000)
        return lab.ended_by("OOMKilled") and lab.crashing() > 0

    lab.wait("a replica that is ended for memory again and again", ended)


def cure(lab: Lab) -> None:
    """Give it its memory back."""
    lab.apply(lab.coredns_manifest)
    lab.rolled_out()
