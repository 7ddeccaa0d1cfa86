"""The API server refuses the token of CoreDNS, whose service account was made anew."""

import ssl
import urllib.error
import urllib.request
from http import HTTPStatus

from lab import control_plane, plan
from lab.cluster import Lab
from lab.fault import Expect
from lab.spaces import Space

TOKEN = "/proc/$(pgrep -x coredns)/root/var/run/secrets/kubernetes.io/serviceaccount/token"

EXPECT = Expect(
    first=("apiserver-unauthorized", "coredns-api-error-hidden"),
    folded=("coredns-not-ready",),
    versions=True,
)


def stage(lab: Lab) -> None:
    """Delete the service account, make it again, restart CoreDNS's process but not its pods."""
    lab.kubectl("-n", "kube-system", "delete", "serviceaccount", "coredns")
    lab.apply(lab.coredns_manifest)
    # The API server remembers for some seconds whom it believed.
    lab.wait("the old tokens to be refused", lambda: all(map(refused, lab.nodes())))
    for space in lab.nodes():
        space.run("pkill", "-x", "coredns")


def refused(space: Space) -> bool:
    """Whether the API server refuses the token that the node's CoreDNS holds."""
    token = space.shell(f"cat {TOKEN}")
    url = f"{plan.API_URL}/api/v1/services?limit=1"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    trust = ssl.create_default_context(cafile=str(control_plane.pki() / "ca.crt"))
    try:
        with urllib.request.urlopen(asked, context=trust, timeout=5):
            return False
    except urllib.error.HTTPError as error:
        return error.code == HTTPStatus.UNAUTHORIZED
    except OSError:
        return False


def symptom(lab: Lab) -> None:
    """Return once CoreDNS runs unready and clients get no answer."""
    lab.wait("CoreDNS to run unready", lambda: lab.running_unready() == 2)
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Recreate CoreDNS's pods, which brings them tokens of the account that there is."""
    lab.recreate_coredns()
