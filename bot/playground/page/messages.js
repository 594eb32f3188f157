// One message as a person sees it: who, when, what, files, reactions, and what hangs under it.

import { blocks } from "/page/blocks.js";
import { emoji, inline, mrkdwn } from "/page/mrkdwn.js";
import { clock, fullTime, node } from "/page/nodes.js";
import { sign } from "/page/signs.js";

const HUES = { U0ALICE: "a", U0BOB: "b", U0EVE: "c" };

// `view` is {state, options, openThread, click, confirm, readFile}; `inThread` leaves out the footer.
export function message(item, view, inThread) {
  const { state } = view;
  const where = {
    names: state, confirm: view.confirm,
    use: (element, block, value) => view.click(item, element, block, value),
  };
  const classes = ["message", item.ephemeral ? "whisper" : "", item.system ? "system" : ""].join(" ");
  return node("article", { class: classes, id: `m-${item.ts}${inThread ? "-t" : ""}`, "aria-label": `${speaker(item, state)}, ${clock(item.ts)}` },
    avatar(item, state),
    node("div", { class: "content" },
      item.ephemeral ? node("p", { class: "only" }, "Only visible to you") : null,
      item.subtype === "thread_broadcast" && !inThread ? repliedTo(item, view) : null,
      heading(item, state),
      body(item, view, where),
      (item.files || []).map((file) => fileCard(file, view)),
      reactions(item),
      item.warning ? node("p", { class: "error", role: "alert" }, sign("warning", ""), ` That did not work (${item.warning}). Try again.`) : null,
      inThread || item.ephemeral ? null : footer(item, view)));
}

function speaker(item, state) {
  return item.user === "USLACKBOT" ? "Slackbot" : state.users[item.user]?.real_name || item.user;
}

function avatar(item, state) {
  const name = speaker(item, state);
  const initials = name.split(" ").map((word) => word[0].toUpperCase()).slice(0, 2).join("");
  if (item.by_bot) return node("span", { class: "avatar bot", "aria-hidden": "true" }, node("img", { src: "/page/icon.svg", alt: "" }));
  return node("span", { class: `avatar ${HUES[item.user] || ""}`, "aria-hidden": "true" }, initials);
}

function heading(item, state) {
  return node("p", { class: "who" },
    node("strong", {}, speaker(item, state)),
    item.by_bot ? node("span", { class: "badge" }, "APP") : null,
    node("time", { title: fullTime(item.ts), datetime: new Date(Number(item.ts) * 1000).toISOString() }, clock(item.ts)),
    item.edited ? node("span", { class: "faint", title: fullTime(item.edited.ts) }, "(edited)") : null,
    (item.pings || []).map((word) => node("span", { class: "badge alarm" }, `would notify everybody: @${word}`)));
}

function body(item, view, where) {
  if (view.options.fallback) {
    return node("div", { class: "fallback" }, node("span", { class: "faint" }, "Notification text: "),
      item.text ? inline(item.text, view.state) : node("em", { class: "error" }, "none"));
  }
  const content = item.blocks?.length ? blocks(item.blocks, where) : node("div", { class: "text" }, mrkdwn(item.text || "", view.state));
  const attachments = (item.attachments || []).map((held) => attachment(held, where));
  return node("div", { class: "body" }, content, attachments);
}

const COLOURS = { good: "good", warning: "warn", danger: "bad", "#2eb886": "good", "#daa038": "warn", "#a30200": "bad" };

function attachment(held, where) {
  const tone = COLOURS[String(held.color || "").toLowerCase()] || "";
  return node("div", { class: `attachment ${tone}` },
    held.title ? node("strong", {}, held.title) : null,
    held.text ? node("div", { class: "text" }, mrkdwn(held.text, where.names)) : null,
    held.blocks ? blocks(held.blocks, where) : null);
}

function fileCard(file, view) {
  const content = node("pre", { tabindex: "0" }, "…");
  const fold = node("details", { class: "file", "data-fold": file.id },
    node("summary", {}, sign("page_facing_up", ""), node("strong", {}, ` ${file.title || file.name}`), ` ${size(file.size)}`), content);
  fold.addEventListener("toggle", async () => {
    if (fold.open) content.textContent = await view.readFile(file.id);
  });
  return fold;
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1048576).toFixed(1)} MiB`;
}

function reactions(item) {
  if (!item.reactions?.length) return null;
  return node("p", { class: "reactions" }, item.reactions.map((held) => node("span", { class: "chip" }, emoji(held.name), ` ${held.count}`)));
}

function footer(item, view) {
  const root = item.thread_ts || item.ts;
  const open = () => view.openThread(root);
  if (!item.reply_count) {
    return node("p", { class: "tools" }, node("button", { type: "button", class: "plain quiet", onclick: open, "data-focus": "reply" }, "Reply in thread"));
  }
  const count = item.reply_count === 1 ? "1 reply" : `${item.reply_count} replies`;
  return node("p", { class: "tools" },
    node("button", { type: "button", class: "plain replies", onclick: open, "data-focus": "reply" }, count),
    node("span", { class: "faint" }, `last at ${clock(item.latest_reply)}`));
}

function repliedTo(item, view) {
  return node("p", { class: "only" }, "replied to a ",
    node("button", { type: "button", class: "plain", onclick: () => view.openThread(item.thread_ts) }, "thread"));
}
