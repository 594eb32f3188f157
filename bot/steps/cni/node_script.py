"""What is run on a node to see its CNI folders and its network's settings, and how its lines are read. Pure.

A shell with `base64`, `head` and `ls` is enough (busybox); it writes nothing. One JSON object per line, texts in
base64, so that no name or content can break a line. Configuration files may hold tokens: values of such names never
leave the node, and of the rest only what is judged is kept.
"""

import base64
import json
import re
from typing import Any

SETTINGS = {"forward": "net/ipv4/ip_forward", "bridged": "net/bridge/bridge-nf-call-iptables"}
LARGEST = 16_000
MOST_FILES = 20
# Of the files those that the runtimes load (containerd's go-cni, CRI-O's ocicni); others are no configuration.
_SCRIPT = r"""
set -f
e() { base64 | tr -d '\n'; }
C='CONFIGURATION'; P='PROGRAMS'
[ -d "$C" ] && echo '{"folder":true}'
ls -A1 "$C" 2>/dev/null | head -n 40 | while read -r f; do case "$f" in *.conf|*.conflist|*.json)
printf '{"file":"%s","size":"%s","text":"%s"}\n' "$(printf %s "$f" | e)" "$(wc -c < "$C/$f" | tr -d ' ')" \
"$(head -c LARGEST "$C/$f" 2>/dev/null | sed -E 's/SECRETS/\1"-"/Ig' | e)";; esac; done
[ -n "$P" ] && [ -d "$P" ] && printf '{"programs":"%s"}\n' "$(ls -A1 "$P" | e)"
for k in KEYS; do printf '{"key":"%s","value":"%s"}\n' "$k" "$(cat /proc/sys/$k 2>/dev/null)"; done
for i in $(ls -1 /sys/class/net); do printf '{"link":"%s","mtu":"%s"}\n' "$i" "$(cat /sys/class/net/$i/mtu)"; done
printf '{"routes":"%s"}\n' "$(cat /proc/net/route 2>/dev/null | e)"
"""
_SECRETS = r'("[^"]*(token|password|secret|key|cert)[^"]*"[[:space:]]*:[[:space:]]*)"[^"]*"'
_PLAIN = re.compile(r"[\w./{}@+-]+")


def write_script(configuration: str, programs: str) -> str:
    """`programs` may be "": then nothing is said about them. Raises ValueError for folders that no node has."""
    for folder in (configuration, programs):
        if folder and not _PLAIN.fullmatch(folder):
            raise ValueError(f"{folder!r} is no folder that can be looked at")
    words = {"CONFIGURATION": configuration, "PROGRAMS": programs, "LARGEST": str(LARGEST),
             "SECRETS": _SECRETS, "KEYS": " ".join(SETTINGS.values())}
    return re.sub(r"CONFIGURATION|PROGRAMS|LARGEST|SECRETS|KEYS", lambda found: words[found[0]], _SCRIPT.strip())


def read_view(text: str) -> dict[str, Any] | None:
    """{files, programs, settings, links, uplink} out of what the script printed; None where it told nothing.

    `files`: in the order in which the runtime takes them. `programs`: None where they were not seen. `settings`: "" for
    one that the kernel does not have. `uplink`: the interface of the default route.
    """
    rows = [row for line in text.splitlines() if (row := _row(line))]
    if not any("link" in row for row in rows):
        return None
    files = sorted((_read(row) for row in rows if "file" in row), key=lambda file: str(file["name"]))
    if any(not file["name"] for file in files):
        return None  # a shell without base64
    listed = [_text(row["programs"]).split("\n") for row in rows if "programs" in row]
    values = {row["key"]: row["value"] for row in rows if "key" in row}
    return {
        "folder": any("folder" in row for row in rows),
        "files": files[:MOST_FILES],
        "programs": sorted(filter(None, listed[0])) if listed else None,
        "settings": {name: values.get(key, "") for name, key in SETTINGS.items()},
        "links": {row["link"]: int(row["mtu"]) for row in rows if "link" in row and row["mtu"].isdigit()},
        "uplink": _uplink(next((_text(row["routes"]) for row in rows if "routes" in row), "")),
    }


def _row(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(row: dict[str, Any]) -> dict[str, Any]:
    """A file of which nothing came although it holds something could not be read: that is no fault of the file."""
    name, text = _text(row["file"]), _text(row["text"])
    unread = not text and row.get("size") != "0"
    return {**(_file(name, "") if unread else read_file(name, text)), "unread": unread}


def _text(coded: str) -> str:
    return base64.b64decode(coded).decode(errors="replace").rstrip("\n")


def _uplink(routes: str) -> str:
    """/proc/net/route: the second word is the destination, all zeros for the default route."""
    words = [line.split() for line in routes.splitlines()[1:]]
    return next((row[0] for row in words if len(row) > 7 and row[1] == row[7] == "00000000"), "")


def read_file(name: str, content: str) -> dict[str, Any]:
    """{name, error, plugins}; `error`: why a runtime cannot load it. By the rules of libcni and go-cni."""
    try:
        config = json.loads(content)
    except ValueError as error:
        return _file(name, f"it is not JSON: {str(error)[:80]}" if content else "it is empty")
    if not isinstance(config, dict):
        return _file(name, "it holds no JSON object")
    if not name.endswith(".conflist"):
        return _file(name, "" if config.get("type") else "it names no plugin (type)", [config])
    plugins = config.get("plugins")
    if not isinstance(plugins, list) or not plugins:
        return _file(name, "it lists no plugins")
    if not config.get("name"):
        return _file(name, "it has no name")
    nameless = any(not isinstance(plugin, dict) or not plugin.get("type") for plugin in plugins)
    return _file(name, "one of its plugins has no type" if nameless else "", plugins)


def _file(name: str, error: str, plugins: list[Any] | None = None) -> dict[str, Any]:
    told = [] if error else [_plugin(plugin) for plugin in plugins or ()]
    return {"name": name, "error": error, "unread": False, "plugins": told}


def _plugin(plugin: dict[str, Any]) -> dict[str, Any]:
    """Its program and that of its addresses, and whether pods reach themselves through it."""
    ipam, delegate = (found if isinstance(found := plugin.get(key), dict) else {} for key in ("ipam", "delegate"))
    on = plugin.get("hairpinMode", delegate.get("hairpinMode", False)) or plugin.get("promiscMode", False)
    return {"type": str(plugin["type"]), "ipam": str(ipam.get("type", "")), "hairpin": bool(on)}
