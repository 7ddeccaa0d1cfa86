"""What several causes bring about alike, so that one place says it."""

# Of a CoreDNS that does not get what it needs from the Kubernetes API, whatever stands in the way.
COREDNS_WITHOUT_API = (
    "coredns-not-ready",
    "kube-dns-not-synced",
    "coredns-unsynced-start",
    "coredns-api-error-hidden",
    "coredns-klog-tmp-crash",
    "coredns-crashloop",
)
