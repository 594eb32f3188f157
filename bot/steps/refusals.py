"""What to do about the API server's refusal to let a controller make an object, by the words of the refusal. Pure.

Source of the words: plugin/pkg/admission and apiserver/pkg/admission of Kubernetes; each seen on 1.34.
"""

import re

HOOKS = (
    "`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o "
    "custom-columns=NAME:.metadata.name,WEBHOOKS:.webhooks[*].name`"
)
MENDS = (
    (re.compile(r'failed calling webhook "(?P<it>[^"]+)"'),
     "Webhook {it} does not answer, and while it does not, the API server lets nothing of this kind in (failurePolicy "
     f"Fail). Bring back what stands behind it, or delete its configuration: {HOOKS} shows which one has it."),
    (re.compile(r'admission webhook "(?P<it>[^"]+)" denied'),
     f"Webhook {{it}} forbids it: do as its message says, or correct its rule. {HOOKS} shows whose it is."),
    (re.compile(r"ValidatingAdmissionPolicy '(?P<it>[^']+)'"),
     "A policy forbids it: do as its message says, or correct the policy: `kubectl get validatingadmissionpolicy {it} "
     "-o yaml`."),
    (re.compile(r'violates PodSecurity "(?P<it>[^":]+)'),
     "The namespace allows only pods of the level {it}: correct the pod's securityContext as the message says, or "
     "allow more: `kubectl label namespace {namespace} --overwrite pod-security.kubernetes.io/enforce=LEVEL`."),
    (re.compile(r"exceeded quota: (?P<it>[^,\s]+)"),
     "Raise the quota, or free what it counts: `kubectl -n {namespace} describe resourcequota {it}`."),
    (re.compile(r"failed quota: (?P<it>[^:\s]+)"),
     "The quota counts what the pod does not say: add the requests and limits that the message names, or take the "
     "quota away: `kubectl -n {namespace} describe resourcequota {it}`."),
    (re.compile(r"(?:maximum|minimum) (?P<it>\S+) usage per|max limit to request ratio"),
     "A LimitRange of the namespace forbids such a pod: `kubectl -n {namespace} describe limitrange`. Correct it, or "
     "the pod's resources."),
    (re.compile(r"no PriorityClass with name (?P<it>\S+)"),
     "Create PriorityClass {it}, or correct priorityClassName of the pods (`kubectl get priorityclasses`)."),
    (re.compile(r"because it is being terminated"),
     "Namespace {namespace} is being deleted, and nothing new may be made in it. Where that hangs, `kubectl get "
     "namespace {namespace} -o yaml` says under conditions what it waits for."),
    (re.compile(r'serviceaccount "(?P<it>[^"]+)" not found'),
     "Create the account, or correct serviceAccountName of the pods: `kubectl -n {namespace} create serviceaccount "
     "{it}`."),
)


def advise(refusal: str, namespace: str) -> str:
    """"" where the words are not known."""
    for words, mend in MENDS:
        found = words.search(refusal)
        if found:
            return mend.format(it=found.groupdict().get("it") or "", namespace=namespace)
    return ""
