// Slack's mrkdwn as nodes. The order matters: fenced code, inline code, <…> entities, then bold, italic, strike and
// emoji; the escapes &amp; &lt; &gt; are undone last, in text nodes only.

import { node } from "/page/nodes.js";
import { EMOJI } from "/page/emoji.js";
import { sign as drawn } from "/page/signs.js";

const WEB = /^(https?:|mailto:)/i;
const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<entity>[^<>\\n]+)>",
    "(?<![\\w*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\w*])",
    "(?<![\\w_])_(?<italic>[^\\s_](?:[^_\\n]*[^\\s_])?)_(?![\\w_])",
    "(?<![\\w~])~(?<strike>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\w~])",
    ":(?<emoji>[a-z0-9_+'-]+):",
  ].join("|"),
  "g",
);

export function plain(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

export function emoji(name) {
  const sign = EMOJI[name];
  return drawn(name) || (sign ? node("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, sign) : `:${name}:`);
}

export function withEmoji(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(/:([a-z0-9_+'-]+):/g)) {
    if (!EMOJI[found[1]]) continue;
    parts.push(text.slice(from, found.index), emoji(found[1]));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)];
}

// `names` is what the workspace knows: users, groups, names of channels.
export function mrkdwn(text, names) {
  const parts = [];
  text.split(/```([\s\S]*?)```/).forEach((piece, index) => {
    if (index % 2) parts.push(node("pre", { tabindex: "0" }, entitiesOnly(piece.replace(/^\n|\n$/g, ""), names)));
    else parts.push(...lines(index ? piece.replace(/^\n/, "") : piece, names));
  });
  return parts;
}

function lines(text, names) {
  const parts = [];
  let quoted = [];
  const flush = () => {
    if (quoted.length) parts.push(node("blockquote", {}, inline(quoted.join("\n"), names)));
    quoted = [];
  };
  let plainLines = [];
  const flushPlain = () => {
    if (plainLines.length) parts.push(...inline(plainLines.join("\n"), names));
    plainLines = [];
  };
  for (const line of text.split("\n")) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quote) {
      flushPlain();
      quoted.push(quote[1]);
    } else {
      flush();
      plainLines.push(line);
    }
  }
  flush();
  flushPlain();
  return parts;
}

export function inline(text, names) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    parts.push(plain(text.slice(from, found.index)), element(found, names));
    from = found.index + found[0].length;
  }
  return [...parts, plain(text.slice(from))].filter((part) => part !== "");
}

function element({ groups }, names) {
  if (groups.code !== undefined) return node("code", {}, entitiesOnly(groups.code, names));
  if (groups.entity !== undefined) return entity(groups.entity, names);
  if (groups.bold !== undefined) return node("strong", {}, inline(groups.bold, names));
  if (groups.italic !== undefined) return node("em", {}, inline(groups.italic, names));
  if (groups.strike !== undefined) return node("s", {}, inline(groups.strike, names));
  return emoji(groups.emoji);
}

function entitiesOnly(text, names) {
  return text.split(/<([^<>\n]+)>/).map((piece, index) => (index % 2 ? entity(piece, names) : plain(piece)));
}

function entity(body, names) {
  const [target, label] = split(body);
  if (target.startsWith("@")) return mention("@" + (names.users[target.slice(1)]?.name || label || target.slice(1)));
  if (target.startsWith("#")) return mention("#" + (names.names[target.slice(1)] || label || target.slice(1)));
  if (target.startsWith("!subteam^")) {
    const group = names.groups[target.slice("!subteam^".length)];
    return mention("@" + (group ? group.handle : (label || "group").replace(/^@/, "")));
  }
  if (target.startsWith("!date^")) return date(target, label);
  if (/^!(channel|here|everyone)$/.test(target)) return node("span", { class: "mention broadcast" }, "@" + target.slice(1));
  if (target.startsWith("!")) return label || target;
  return link(plain(target), label === null ? plain(target).replace(/^mailto:/, "") : plain(label));
}

function split(body) {
  const bar = body.indexOf("|");
  return bar < 0 ? [body, null] : [body.slice(0, bar), body.slice(bar + 1)];
}

function mention(text) {
  return node("span", { class: "mention" }, text);
}

// Only web and mail addresses become links; anything else is shown as it was written.
export function link(address, label) {
  if (!WEB.test(address)) return `<${address}>`;
  return node("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label || address);
}

const DATE_PARTS = {
  date_num: (at) => at.toLocaleDateString("sv"), date: (at) => at.toLocaleDateString([], { dateStyle: "long" }),
  date_short: (at) => at.toLocaleDateString([], { dateStyle: "medium" }), date_long: (at) => at.toLocaleDateString([], { dateStyle: "full" }),
  date_pretty: (at) => at.toLocaleDateString([], { dateStyle: "long" }), date_short_pretty: (at) => at.toLocaleDateString([], { dateStyle: "medium" }),
  date_long_pretty: (at) => at.toLocaleDateString([], { dateStyle: "full" }),
  time: (at) => at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }), time_secs: (at) => at.toLocaleTimeString(),
};

function date(target, label) {
  const [, stamp, format] = target.split("^");
  const at = new Date(Number(stamp) * 1000);
  if (!format || Number.isNaN(at.getTime())) return label || target;
  const shown = format.replace(/\{(\w+)\}/g, (whole, part) => (DATE_PARTS[part] ? DATE_PARTS[part](at) : whole));
  return node("time", { datetime: at.toISOString(), title: label || "" }, plain(shown));
}
