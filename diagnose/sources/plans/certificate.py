"""The plan around the API server's certificate: the address that pods ask the server at.

The certificate itself comes with the connection of the run's requests, and costs none of its own.
"""

from __future__ import annotations

from diagnose.asks import Ask
from diagnose.sources.plans.base import Plan, Run, got

SERVICE = "/api/v1/namespaces/default/services/kubernetes"


def api_certificate(run: Run) -> Plan[None]:
    """Keep the Service `kubernetes`, the address for which the certificate has to be valid."""
    (own,) = yield from got(SERVICE)
    if own.fine:
        run.objects(Ask.API_CERTIFICATE, own, "service default/kubernetes")
    elif not own.absent:
        run.refused(Ask.API_CERTIFICATE, own, "get services in default", "the Service kubernetes")
