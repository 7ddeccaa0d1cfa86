"""No pod address of a node is free: leases of pods that are long gone hold them all."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

NODE = plan.NODES[1].name
LEASES = "/var/lib/cni/networks/cbr0"
SURGE = {
    "spec": {
        "template": {"metadata": {"annotations": {"lab/surge": "1"}}},
        "updateStrategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}},
    }
}
EXPECT = Expect(
    first=("cni-ipam-exhausted",),
    folded=("pods-stuck-container-creating",),
)


def stage(lab: Lab) -> None:
    """Write a lease for each free address, as pods leave them that were never torn down.

    A pod that is replaced gives its own address back first, so a surge asks for one more.
    """
    prefix = lab.pod_range(NODE).rsplit(".", 1)[0]
    lab.space(NODE).shell(
        f"""
        for last in $(seq 2 254); do
          lease={LEASES}/{prefix}.$last
          [ -e "$lease" ] || printf 'gone-%s\\r\\neth0' "$last" > "$lease"
        done
        """
    )
    lab.patch("daemonset", "client", SURGE, "default")


def symptom(lab: Lab) -> None:
    """Return once a new pod of the node stays without a sandbox."""
    lab.wait("the plugin's complaint", lambda: lab.sandbox_failed("no IP addresses available"))


def cure(lab: Lab) -> None:
    """Remove the leases whose sandboxes do not exist; the pod goes on by itself."""
    lab.space(NODE).shell(f"grep -l '^gone-' {LEASES}/* | xargs -r rm -f")
    back = {
        "spec": {"updateStrategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}}
    }
    lab.patch("daemonset", "client", back, "default")
