"""What the proxy that plays an old API server takes out."""

import json

from lab.without_families import without_families

SERVICE = {
    "spec": {
        "clusterIP": "10.32.0.10",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "selector": {"k8s-app": "kube-dns"},
    }
}


def test_families_are_gone_and_nothing_else() -> None:
    """The text stays JSON, without the two fields alone."""
    text = json.dumps(SERVICE, separators=(",", ":")).encode()
    spec = json.loads(without_families(text))["spec"]
    assert spec == {"clusterIP": "10.32.0.10", "selector": {"k8s-app": "kube-dns"}}


def test_families_at_the_end_leave_no_comma() -> None:
    """Fields at the end of an object are taken out with the comma before them."""
    text = b'{"clusterIP":"10.32.0.10","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}'
    assert json.loads(without_families(text)) == {"clusterIP": "10.32.0.10"}
