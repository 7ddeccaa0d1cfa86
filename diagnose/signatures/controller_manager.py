"""What kube-controller-manager prints, and what the API server's own controllers report."""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.CONTROLLER_MANAGER

IPFAMILIES_FALLBACK = Signature(
    name="ipfamilies-fallback",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="[Cc]ouldn't find ipfamilies for (?P<headless>headless )?service: "
            r"(?P<service>[\w.-]+/[\w-]+)"
            r"(?:\. This could happen if controller manager is connected "
            "to an old apiserver.{0,400}?will use (?P<family>IPv[46]) as the IP Family based "
            r"on familyOf\(ClusterIP:(?P<address>[^)]+)\))?",
            literal="ouldn't find ipfamilies for ",
            samples=(
                "I0214 05:11:09.120211       1 utils.go:412] couldn't find ipfamilies for "
                "headless service: kube-system/kube-dns. This could happen if controller "
                "manager is connected to an old apiserver that does not support ip families "
                "yet. EndpointSlices for this Service will use IPv4 as the IP Family based "
                "on familyOf(ClusterIP:10.32.0.10).",
            ),
            source="kubernetes/kubernetes pkg/controller/endpointslice/utils.go "
            "(getAddressTypesForService), v1.20",
        ),
        Wording(
            pattern=r"Couldn't find ipfamilies for service\. This could happen if controller "
            r"manager is connected to an old apiserver.{0,400}?service=\\*"
            r'"(?P<service>[^"\\]+)\\*"(?: addressType=\\*"(?P<family>IPv[46])\\*")?(?: '
            r'clusterIP=\\*"(?P<address>[^"\\]+)\\*")?',
            literal="Couldn't find ipfamilies for service",
            samples=(
                'I0214 05:11:09.120211       1 utils.go:322] "Couldn'
                "'t find ipfamilies for service. This could happen if controller manager is "
                "connected to an old apiserver that does not support ip families yet. "
                "EndpointSlices for this Service will use addressType as the IP Family "
                "based on familyOf(ClusterIP)."
                '" service="kube-system/kube-dns" addressType="IPv4" clusterIP="10.32.0.10"',
            ),
            source="kubernetes/endpointslice utils.go (getAddressTypesForService), v0.28.0",
            since="1.28",
        ),
        Wording(
            pattern="[Cc]ouldn't find ipfamilies for (?P<headless>headless )service:? "
            r"?(?P<service>\S*?),? likely because controller manager is likely connected "
            "to an old apiserver",
            literal="likely because controller manager is",
            samples=(
                "I0214 05:11:09.120211       1 utils.go:424] couldn't find ipfamilies for "
                "headless service: default/web likely because controller manager is likely "
                "connected to an old apiserver that does not support ip families yet. The "
                "service endpoint slice will use dual stack families until api-server "
                "default it correctly",
            ),
            source="kubernetes/kubernetes pkg/controller/endpointslice/utils.go "
            "(getAddressTypesForService), v1.20",
        ),
    ),
    key=("service",),
)

CIDR_EXHAUSTED = Signature(
    name="node-cidr-exhausted",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="CIDR allocation failed; there are no remaining CIDRs left to allocate",
            literal="no remaining CIDRs left to allocate",
            samples=(
                'E0930 09:12:44.101877       1 controller_utils.go:260] "Error while '
                'processing Node Add/Delete" err="failed to allocate cidr from cluster cidr '
                "at idx:0: CIDR allocation failed; there are no remaining CIDRs left to "
                'allocate in the accepted range"',
            ),
            source="kubernetes/kubernetes pkg/controller/nodeipam/ipam/cidrset/cidr_set.go "
            "(ErrCIDRRangeNoCIDRsRemaining), v1.30",
        ),
    ),
)

SLICE_SYNC_FAILED = Signature(
    name="endpointslice-sync-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Error syncing endpoint slices for "
            r'service.{0,20}?\\*"?(?P<service>[\w.-]+/[\w.-]'
            r'+)\\*"?.*$',
            literal="Error syncing endpoint slices for",
            samples=(
                "W0302 05:11:09.120211       1 endpointslice_controller.go:306] Error "
                'syncing endpoint slices for service "kube-system/kube-dns", retrying. '
                "Error: failed to create EndpointSlice for Service kube-system/kube-dns: "
                "Unauthorized",
            ),
            source="kubernetes/kubernetes pkg/controller/endpointslice/endpointslice_controller"
            ".go (handleErr), v1.20",
        ),
        Wording(
            pattern="Error syncing endpoint slices for service, retrying"
            r'\\*".{0,80}? key=\\*"(?P<service>[^"\\]+)\\*" '
            r"err=(?P<reason>.+)$",
            literal="Error syncing endpoint slices for",
            samples=(
                'I0302 05:11:09.120211       1 endpointslice_controller.go:343] "Error syncing '
                'endpoint slices for service, retrying" logger="endpointslice-controller" '
                'key="kube-system/kube-dns" err="failed to update kube-dns-x7k2p EndpointSlice '
                'for Service kube-system/kube-dns: context deadline exceeded"',
            ),
            source="kubernetes/kubernetes pkg/controller/endpointslice/endpointslice_controller"
            ".go (handleErr), v1.30",
            since="1.28",
        ),
        Wording(
            pattern="Retry budget exceeded, dropping service out of the queue"
            r'\\*".{0,80}? key=\\*"(?P<service>[^"\\]+)\\*" err=(?P<reason>.+)$',
            literal="dropping service out of the queue",
            samples=(
                'I0302 05:11:09.120211       1 endpointslice_controller.go:348] "Retry budget '
                'exceeded, dropping service out of the queue" logger="endpointslice-controller" '
                'key="kube-system/kube-dns" err="failed to update kube-dns-x7k2p EndpointSlice '
                'for Service kube-system/kube-dns: context deadline exceeded"',
            ),
            source="kubernetes/kubernetes pkg/controller/endpointslice/endpointslice_controller"
            ".go (handleErr), v1.30",
        ),
        Wording(
            pattern=r"Error updating Endpoint Slices for Service (?P<service>\S+): "
            "(?P<reason>.+)$",
            literal="Error updating Endpoint Slices for",
            samples=(
                "Error updating Endpoint Slices for Service kube-system/kube-dns: failed to "
                "create EndpointSlice for Service kube-system/kube-dns: Unauthorized",
            ),
            source="kubernetes/kubernetes pkg/controller/endpointslice/endpointslice_controller"
            ".go (syncService), v1.30",
        ),
    ),
    key=("service",),
)

SERVICE_IP_CONFLICT = Signature(
    name="service-ip-conflict",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Cluster IP (?:\[\w+\]:)?(?P<address>[0-9a-fA-F.:]+) was assigned to "
            "multiple services",
            literal="was assigned to multiple services",
            samples=(
                "Cluster IP [IPv4]:10.96.0.10 was assigned to multiple services; please "
                "recreate service",
            ),
            source="kubernetes/kubernetes pkg/registry/core/service/ipallocator/controller/repa"
            "ir.go (doRunOnce), v1.30",
        ),
        Wording(
            pattern=r"Cluster IP (?:\[\w+\]:)?(?P<address>[0-9a-fA-F.:]+) is not within (?:any "
            "configured|the) [Ss]ervice ?CIDR",
            literal="please recreate service",
            samples=(
                "Cluster IP [IPv4]:10.32.0.10 is not within the service CIDR 10.96.0.0/12; "
                "please recreate service",
            ),
            source="kubernetes/kubernetes pkg/registry/core/service/ipallocator/controller/repa"
            "ir.go (doRunOnce), v1.30",
        ),
        Wording(
            pattern="clusterIPs?: Invalid value: .{0,500}?(?:provided IP is already "
            "allocated|provided IP is not in the valid range)",
            literal="provided IP is ",
            samples=(
                'The Service "kube-dns" is invalid: spec.clusterIPs: Invalid value: '
                '[]string{"10.32.0.10"}: failed to allocate IP 10.32.0.10: provided IP is '
                "already allocated",
            ),
            source="kubernetes/kubernetes pkg/registry/core/service/ipallocator/interfaces.go "
            "(ErrAllocated), v1.30",
        ),
    ),
)

POD_CREATE_DENIED = Signature(
    name="pod-create-denied",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Error creating: (?P<reason>(?:pods \\*"|admission webhook|Internal error '
            "occurred: failed calling webhook).+)$",
            literal="Error creating: ",
            samples=(
                'Error creating: pods "coredns-77cd44d8df-" is forbidden: unable to '
                "validate against any pod security policy",
            ),
            source="kubernetes/kubernetes pkg/controller/controller_utils.go (createPods), v1.24",
        ),
    ),
)

SIGNATURES = signatures_in(globals())
