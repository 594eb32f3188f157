"""How kube-proxy is set up: its command, and the ConfigMap behind the files that the command names. Found by
reference, so that other names than kubeadm's are no fault (kubeadm: /var/lib/kube-proxy/config.conf out of ConfigMap
kube-proxy; EKS: /var/lib/kube-proxy-config/config out of kube-proxy-config)."""

import re
from pathlib import PurePosixPath
from typing import Any

from bot.cluster import Cluster, Object
from bot.steps.proxy.config_fields import KIND
from bot.steps.proxy.objects import NAME, Proxy
from bot.steps.readings import one_or_skip, or_skip
from bot.steps.wording import last_written

Setup = dict[str, Any]
FLAG = re.compile(r"^--([a-z][\w-]*)(?:=(.*))?$")
REFERENCE = re.compile(r"^\$\((\w+)\)$")


async def read_setup(cluster: Cluster, proxy: Proxy, skipped: list[str]) -> Setup | None:
    """{image, flags: {name: value}, env: {name: {value, field}}, mounts}; None where the DaemonSet was not read. Of
    static pods that of the first one."""
    if proxy.daemon is None:
        return None
    if proxy.static:
        return parse_setup(proxy.static[0]["spec"])
    daemon_set = await or_skip(
        cluster.get("DaemonSet", proxy.daemon["plain"], proxy.daemon["namespace"]), skipped)
    return parse_setup(daemon_set["spec"]["template"].get("spec", {})) if daemon_set else None


def parse_setup(spec: Object) -> Setup:
    """`spec`: of a pod."""
    containers = spec.get("containers") or [{}]
    container = next((c for c in containers if c.get("name") == NAME), containers[0])
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    volumes = {volume["name"]: volume for volume in spec.get("volumes") or ()}
    return {
        "host": bool(spec.get("hostNetwork")), "image": container.get("image", ""),
        "flags": _flags(part for word in words for part in str(word).split()),
        "env": {e["name"]: {"value": str(e.get("value", "")),
                            "field": e.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath", "")}
                for e in container.get("env") or ()},
        "mounts": [_mount(mount, volumes.get(mount["name"], {})) for mount in container.get("volumeMounts") or ()],
    }


def _flags(words: Any) -> dict[str, str]:
    """Of `--name=value` and `--name value`; a flag without a value has ""."""
    flags: dict[str, str] = {}
    open_flag = ""
    for word in words:
        found = FLAG.match(word)
        if found:
            flags[found[1]] = found[2] or ""
        elif open_flag:
            flags[open_flag] = word
        open_flag = found[1] if found and found[2] is None else ""
    return flags


def _mount(mount: Object, volume: Object) -> dict[str, Any]:
    source = volume.get("configMap") or {}
    return {"path": mount["mountPath"], "below": mount.get("subPath", ""), "config_map": source.get("name", ""),
            "optional": bool(source.get("optional")), "items": {i["path"]: i["key"] for i in source.get("items") or ()}}


def locate(setup: Setup, path: str) -> dict[str, Any] | None:
    """The ConfigMap and the key that a file comes from: {config_map, key, optional}. `config_map` is "" where
    something else is mounted there. None where nothing is."""
    file = PurePosixPath(path)
    fit = [m for m in setup["mounts"] if file.is_relative_to(m["path"])]
    if not fit:
        return None
    mount = max(fit, key=lambda m: len(m["path"]))
    inside = mount["below"] or str(file.relative_to(mount["path"]))
    return {"config_map": mount["config_map"], "key": mount["items"].get(inside, "" if mount["items"] else inside),
            "optional": mount["optional"]}


def login_file(setup: Setup | None) -> str:
    """The kubeconfig that the command names and that no ConfigMap brings (AKS, GKE, RKE2: a file of the node); "" where
    another one may be used."""
    path = setup["flags"].get("kubeconfig", "") if setup and "config" not in setup["flags"] else ""
    place = locate(setup, path) if setup and path else None
    return "" if place and place["config_map"] else path


def resolve(setup: Setup, value: str) -> dict[str, str]:
    """What a flag's value stands for: {value} as written, or {field}: `$(NODE_NAME)` out of the pod's own fields;
    {unknown}: a variable that is not there, which is then taken as it is written."""
    named = REFERENCE.match(value)
    if named is None:
        return {"value": value}
    variable = setup["env"].get(named[1])
    if variable is None:
        return {"unknown": named[1]}
    return {"field": variable["field"]} if variable["field"] else {"value": variable["value"]}


async def read_file(
    cluster: Cluster, proxy: Proxy, place: dict[str, Any], skipped: list[str]
) -> dict[str, Any]:
    """{config_map, key, state: read|missing|no-key|unread|elsewhere, changed, text}: one file out of a ConfigMap.
    `changed`: seconds since the epoch. `alike`: of a key that is not there, those that hold a configuration."""
    namespace = proxy.daemon["namespace"] if proxy.daemon else ""
    facts = {"config_map": f"ConfigMap {namespace}/{place['config_map']}", "key": place["key"], "changed": 0.0,
             "text": ""}
    if not place["config_map"]:
        return {**facts, "config_map": "", "state": "elsewhere"}
    config_map = await one_or_skip(cluster.get("ConfigMap", place["config_map"], namespace), skipped)
    if not config_map:
        return {**facts, "state": "unread" if config_map is None else "missing"}
    changed, data = last_written(config_map), config_map.get("data") or {}
    if place["key"] not in data:
        alike = sorted(key for key, text in data.items() if KIND in str(text))
        return {**facts, "state": "no-key", "changed": changed, "keys": sorted(data)[:10], "alike": alike}
    return {**facts, "state": "read", "changed": changed, "text": str(data[place["key"]])}
