// The page: what is chosen (person, channel, thread), one look at the box after each change, and the panes that show it.

import { composer } from "/page/composer.js";
import { ask, showModal } from "/page/dialogs.js";
import { message } from "/page/messages.js";
import { node, reconcile } from "/page/nodes.js";
import { sign } from "/page/signs.js";
import { EndedError, get, getText, onChange, post } from "/page/wire.js";

const byId = (id) => document.getElementById(id);
const chosen = { as: "U0ALICE", channel: "C0INCIDENTS", thread: null };
const options = { fallback: false };
const seen = {};
let state = null;
let looking = false;
let again = false;

const view = {
  get state() { return state; },
  options,
  openThread,
  confirm: (confirm) => ask(confirm, state),
  readFile: (id) => guard(() => getText(`/control/files/${id}`)),
  click: (item, element, block, value) => act("/control/click", {
    channel: chosen.channel, ts: item.ts, action_id: element.action_id, block_id: block.block_id, value,
  }),
};
const modalActs = {
  submit: (held, values) => act("/control/submit", { view_id: held.id, values }),
  close: (held) => act("/control/close", { view_id: held.id }),
  use: (held, element, value) => act("/control/click", { view_id: held.id, action_id: element.action_id, value }),
};
const writers = {
  channel: composer(byId("composer"), "Message", (text) => act("/control/write", { channel: chosen.channel, text })),
  thread: composer(document.querySelector("form[data-place=thread]"), "Reply in thread",
    (text) => act("/control/write", { channel: chosen.channel, text, thread_ts: chosen.thread })),
};

async function guard(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EndedError) byId("ended").hidden = false;
    else byId("connection").textContent = "The playground does not answer. Is the program still running?";
    return null;
  }
}

async function act(path, body) {
  const answer = await guard(() => post(path, { as: chosen.as, ...body }));
  await look();
  return answer;
}

// One look at a time; a change that comes in meanwhile causes exactly one more.
async function look() {
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  const fresh = await guard(() => get("/control/state", chosen));
  looking = false;
  if (fresh && !fresh.ok && chosen.channel !== "C0GENERAL") {
    chosen.channel = "C0GENERAL";
    again = true;
  } else if (fresh?.ok) {
    state = fresh;
    draw();
  }
  if (again) {
    again = false;
    await look();
  }
}

function draw() {
  const channel = state.channels.find((held) => held.id === state.channel);
  seen[`${chosen.as}:${channel.id}`] = channel.last;
  const name = (channel.kind === "im" ? "@" : "#") + channel.name;
  byId("title").textContent = name;
  byId("topic").textContent = channel.archived ? "archived" : channel.topic;
  writers.channel.field.placeholder = `Message ${name}, or /netcheck dns prod`;
  writers.channel.field.disabled = channel.archived;
  drawSide();
  drawList(byId("messages"), state.messages, false);
  if (state.messages.length === 0) byId("messages").append(node("p", { class: "empty", "data-key": "empty" }, "Nothing here yet. Type /netcheck below."));
  byId("thread").hidden = !state.thread;
  document.body.classList.toggle("with-thread", Boolean(state.thread));
  if (state.thread) {
    byId("threadplace").textContent = name;
    writers.thread.field.placeholder = "Reply, or @netcheck dns prod";
    drawList(byId("replies"), state.thread, true);
  }
  showModal(state.view, state, modalActs);
}

function drawList(list, items, inThread) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const shown = items.map((item) => ({ ...item, fallback: options.fallback }));
  reconcile(list, shown, (item) => item.ts, (item) => message(item, view, inThread));
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function drawSide() {
  reconcile(byId("channels"), state.channels.map((held) => ({
    ...held, current: held.id === state.channel, fresh: held.last > (seen[`${chosen.as}:${held.id}`] || ""),
  })), (held) => held.id, (held) => node("button", {
    type: "button", class: `place ${held.fresh && !held.current ? "fresh" : ""}`, "aria-current": held.current ? "true" : null,
    "data-focus": "place", onclick: () => go(held.id, null),
  }, node("span", { class: "sign", "aria-hidden": "true" }, held.kind === "private" ? sign("lock", "") : { public: "#", im: "●" }[held.kind]),
  held.name, held.archived ? " (archived)" : "", held.fresh && !held.current ? node("span", { class: "dot", "aria-label": "new messages" }) : null));
  const people = Object.entries(state.users).filter(([, user]) => !user.is_bot);
  if (!byId("identity").children.length) {
    byId("identity").append(...people.map(([id, user]) => node("option", { value: id }, `${user.real_name} – ${user.title}`)));
  }
  byId("identity").value = chosen.as;
  byId("rates").value = state.rates.mode;
  byId("meters").textContent = `${state.rates.refused} calls refused by rate limits · ${state.pings} pings to everybody`;
  const sockets = state.connections;
  byId("connection").textContent = sockets ? `netcheck is connected (${sockets} ${sockets === 1 ? "socket" : "sockets"})` : "No app is connected";
  byId("connection").className = sockets ? "up" : "down";
}

async function drawPanel() {
  const panel = await guard(() => get("/control/panel"));
  if (!panel) return;
  writers.channel.showHints(panel.hints || []);
  byId("panel").hidden = !(panel.scenarios || []).length;
  reconcile(byId("scenarios"), panel.scenarios || [], (held) => held.name, (held) => node("button", {
    type: "button", class: "place", "aria-pressed": held.active ? "true" : "false", "data-focus": "scenario",
    onclick: async () => { await act("/control/scenario", { name: held.name }); await drawPanel(); },
  }, node("span", { class: "sign", "aria-hidden": "true" }, held.active ? "◉" : "○"), held.title));
}

let panelTimer = null;

// The panel may be costly for the program around the box: once a second is enough.
function panelSoon() {
  panelTimer ??= setTimeout(() => { panelTimer = null; drawPanel(); }, 1000);
}

function openThread(ts) {
  go(chosen.channel, ts);
  writers.thread.field.focus();
}

function go(channel, thread) {
  if (channel !== chosen.channel) byId("messages").replaceChildren();
  if (thread !== chosen.thread) byId("replies").replaceChildren();
  Object.assign(chosen, { channel, thread });
  history.replaceState(null, "", `#${channel}${thread ? `/p${thread.replace(".", "")}` : ""}`);
  look();
}

// #C0INCIDENTS/p1795475128323797, which is what a permalink leads to.
function readAddress() {
  const found = /^#(\w+)(?:\/p(\d+)(\d{6}))?$/.exec(location.hash);
  if (found) Object.assign(chosen, { channel: found[1], thread: found[2] ? `${found[2]}.${found[3]}` : null });
}

function listen() {
  byId("identity").addEventListener("change", (event) => {
    chosen.as = event.target.value;
    byId("messages").replaceChildren();
    byId("replies").replaceChildren();
    look();
  });
  byId("fallback").addEventListener("change", (event) => {
    options.fallback = event.target.checked;
    draw();
  });
  byId("closethread").addEventListener("click", () => {
    go(chosen.channel, null);
    writers.channel.field.focus();
  });
  byId("rates").addEventListener("change", (event) => act("/control/knob", { knob: "rates", to: event.target.value }));
  for (const button of document.querySelectorAll("[data-knob]")) {
    button.addEventListener("click", () => act("/control/knob", { knob: button.dataset.knob, to: button.dataset.to }));
  }
  window.addEventListener("hashchange", () => { readAddress(); look(); });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const link = event.target.closest("a[href]");
    const own = link && new URL(link.href, location.href);
    if (own && own.origin === location.origin && own.pathname.startsWith("/archives/")) {
      event.preventDefault();
      const [, , channel, name] = own.pathname.split("/");
      const root = own.searchParams.get("thread_ts");
      location.hash = `#${channel}/${root ? `p${root.replace(".", "")}` : name}`;
    }
  });
}

readAddress();
listen();
drawPanel();
onChange(() => { look(); panelSoon(); }, () => { byId("connection").textContent = "Reconnecting…"; });
