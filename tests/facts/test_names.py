"""Which names are the cluster's, and which a search list made of them."""

import pytest

from diagnose.facts.names import external, in_cluster


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("web.stores.svc.cluster.local.", True),
        ("web.stores.svc", True),
        ("web", True),
        ("www.example.com.stores.svc.cluster.local.", True),
        ("web.stores.svc.cluster.local.lan.example.", False),
        ("www.example.com", False),
        ("5.0.96.10.in-addr.arpa", False),
    ],
)
def test_a_whole_name_with_a_domain_of_the_site_is_the_sites(name: str, *, inside: bool) -> None:
    """The resolver appended it; only servers of the site can know such a name."""
    assert in_cluster(name) is inside
    assert external(name) is (not inside and "arpa" not in name)
