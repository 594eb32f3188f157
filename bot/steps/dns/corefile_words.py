"""Words of a Corefile: mistakes of form, plugins that CoreDNS lacks or has dropped, the kubernetes block. Pure."""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.diagnosis.directives import DROPPED, DROPPED_OPTIONS, KNOWN, is_dropped, near, successor, version_text
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.dns.corefile_facts import plugins, zone_of
from bot.steps.wording import list_names, read_at

ARPA = ("in-addr.arpa", "ip6.arpa")


def judge_words(evidence: Evidence, verdict: Verdict, loaded: bool) -> list[Finding]:
    """`loaded`: the pods have started with exactly this, so no word in it can be wrong."""
    facts = evidence["corefile"]
    if loaded:
        return []
    found = [_syntax(evidence, mistake, verdict) for mistake in facts["mistakes"]]
    words = {(d["name"], d["line"]): d for block in facts["blocks"] for d in block["directives"]}
    for directive in words.values():
        if directive["name"] in DROPPED and is_dropped(DROPPED[directive["name"]], tuple(evidence["version"])):
            found.append(_dropped(evidence, directive, verdict))
        elif directive["name"] not in KNOWN and directive["name"] not in DROPPED:
            found.append(_unknown(evidence, directive, verdict))
    return [*found, *_dropped_options(evidence, verdict)]


def _syntax(evidence: Evidence, mistake: dict[str, Any], verdict: Verdict) -> Finding:
    facts = evidence["corefile"]
    text = f"The Corefile in {facts['config_map']} cannot be read, line {mistake['line']}: {mistake['message']}."
    seen = f"Corefile:{mistake['line']}: {mistake['message']}, expected a file that CoreDNS can read to its end"
    return find("dns.corefile.syntax", text, verdict=verdict, object=facts["config_map"],
                evidence=(seen, read_at(evidence)))


def _unknown(evidence: Evidence, directive: dict[str, Any], verdict: Verdict) -> Finding:
    """Only a near miss is called wrong by itself: an image may have plugins of its own. The log is the proof."""
    facts, name, line = evidence["corefile"], directive["name"], directive["line"]
    meant = near(name)
    if not meant:
        text = f"Corefile line {line} uses {name}, which is none of CoreDNS's own plugins; the image must bring it."
        return note(Verdict.INFO, Layer.DNS_WORKLOAD, text, object=facts["config_map"], evidence=(read_at(evidence),))
    text = f"Corefile line {line} in {facts['config_map']}: there is no plugin '{name}', expected one like '{meant}'."
    return find(
        "dns.corefile.directive-unknown", text, verdict=verdict, object=facts["config_map"],
        evidence=(f"Corefile:{line}: {' '.join([name, *directive['args']])}", read_at(evidence)),
        advice=f"Write `{meant}` in line {line} of the Corefile in {facts['config_map']}.",
    )


def _dropped(evidence: Evidence, directive: dict[str, Any], verdict: Verdict) -> Finding:
    name, line = directive["name"], directive["line"]
    return tell_dropped(evidence, name, directive["args"], line, verdict, (read_at(evidence),))


def tell_dropped(
    evidence: Evidence, name: str, args: list[str], line: int, verdict: Verdict, told: tuple[str, ...]
) -> Finding:
    """The same finding whether the Corefile or the log shows it."""
    facts, dropped = evidence["corefile"], DROPPED[name]
    version = version_text(tuple(evidence["version"]))
    instead = successor(dropped, args)
    written = " ".join([name, *args])
    text = (f"Corefile line {line} in {facts['config_map']} says `{written}`, but CoreDNS dropped {name} in "
            f"{version_text(dropped.since)}" + (f" and {version} runs." if version else "."))
    advice = f"Replace line {line} of the Corefile by `{instead}`." if instead else f"Remove line {line}."
    return find("dns.corefile.directive-removed", text, verdict=verdict, object=facts["config_map"], advice=advice,
                evidence=(f"Corefile:{line}: {written}, expected {instead or 'no such line'}", *told))


def _dropped_options(evidence: Evidence, verdict: Verdict) -> list[Finding]:
    facts, found = evidence["corefile"], []
    for _, directive in plugins(facts, "kubernetes"):
        for name, *args in directive["options"]:
            if name in DROPPED_OPTIONS and is_dropped(DROPPED_OPTIONS[name], tuple(evidence["version"])):
                since = version_text(DROPPED_OPTIONS[name].since)
                instead = successor(DROPPED_OPTIONS[name], args)
                text = (f"The kubernetes block in line {directive['line']} of the Corefile in {facts['config_map']} "
                        f"says `{name}`, which CoreDNS dropped in {since}.")
                advice = f"Remove `{name}` from that block" + (f"; `{instead}` does it now." if instead else ".")
                seen = f"Corefile:{directive['line']}: kubernetes has `{name}`, expected no such option"
                found.append(find("dns.corefile.directive-removed", text, verdict=verdict, object=facts["config_map"],
                                  advice=advice, evidence=(seen, read_at(evidence))))
    return found


def describe_kubernetes(facts: dict[str, Any]) -> str:
    """The kubernetes block in words: zones, reverse zones, fallthrough and its limits, ttl, pods."""
    told = []
    for block, directive in plugins(facts, "kubernetes"):
        zones = zones_of(block, directive)
        options = {name: args for name, *args in directive["options"]}
        reverse = [zone for zone in zones if zone.endswith(ARPA)]
        words = [f"zones {list_names([z for z in zones if z not in reverse]) or '(none)'}",
                 f"reverse zones {list_names(reverse) or '(none)'}"]
        if "fallthrough" in options:
            words.append(f"fallthrough for {list_names(options['fallthrough']) or 'all zones'}")
        words += [f"ttl {options.get('ttl', ['5'])[0]}", f"pods {options.get('pods', ['disabled'])[0]}"]
        told.append(", ".join(words))
    return f"kubernetes serves {'; and '.join(told)}" if told else ""


def zones_of(block: dict[str, Any], directive: dict[str, Any]) -> list[str]:
    """The zones that a kubernetes directive serves: its arguments, else those of its server block."""
    named = [str(arg).rstrip(".").lower() or "." for arg in directive["args"]]
    return named or [zone_of(key) for key in block["keys"]]


def covers(zone: str, domain: str) -> bool:
    """Whether names of the domain are in the zone."""
    return zone == "." or zone == domain.lower() or domain.lower().endswith(f".{zone}")
