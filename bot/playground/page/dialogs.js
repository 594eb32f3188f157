// Dialogs: the question before a dangerous button, and modals. Both are native, so focus stays inside and Escape closes.

import { blocks } from "/page/blocks.js";
import { withEmoji, mrkdwn } from "/page/mrkdwn.js";
import { node } from "/page/nodes.js";

export function ask(confirm, names) {
  const dialog = document.getElementById("confirm");
  const text = confirm.text.type === "mrkdwn" ? mrkdwn(confirm.text.text, names) : withEmoji(confirm.text.text);
  return new Promise((resolve) => {
    const style = confirm.style === "danger" ? "danger" : "primary";
    const yes = node("button", { type: "button", class: `action ${style}`, onclick: () => dialog.close("yes") }, confirm.confirm.text);
    const no = node("button", { type: "button", class: "action", onclick: () => dialog.close("no") }, confirm.deny.text);
    dialog.replaceChildren(
      node("h2", { id: "confirmtitle" }, withEmoji(confirm.title.text)), node("div", { class: "text" }, text),
      node("div", { class: "buttons" }, no, yes));
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
    no.focus();
  });
}

let shown = "";

// Show the topmost modal of this person, or none. `acts` is {submit(view, values), close(view), use(view, element, value)}.
export function showModal(view, state, acts) {
  const dialog = document.getElementById("modal");
  if (!view) {
    shown = "";
    if (dialog.open) dialog.close("gone");
    return;
  }
  const digest = JSON.stringify([view.id, view.hash, view.errors, view.banner]);
  if (digest === shown) return;
  const sameView = dialog.dataset.view === view.id;
  const kept = sameView ? read(dialog) : {};
  shown = digest;
  dialog.dataset.view = view.id;
  dialog.replaceChildren(form(view, state, acts, kept));
  dialog.oncancel = (event) => {
    event.preventDefault();
    acts.close(view);
  };
  if (!dialog.open) dialog.showModal();
  focusFirst(dialog, view.errors);
}

// The first field that was refused, else the first one; the caret behind what is already there.
function focusFirst(dialog, errors) {
  const fields = [...dialog.querySelectorAll("[data-input]")];
  const wrong = fields.find((field) => Object.keys(errors || {}).some((block) => field.id === `input-${block}`));
  const field = wrong || fields[0];
  field?.focus();
  if (field?.type === "text" || field?.tagName === "TEXTAREA") field.setSelectionRange(field.value.length, field.value.length);
}

function form(view, state, acts, kept) {
  const where = {
    names: state, errors: view.errors, confirm: (confirm) => ask(confirm, state),
    use: (element, block, value) => acts.use(view, element, value),
    filled: (element) => kept[element.action_id],
  };
  const submit = view.submit ? node("button", { type: "submit", class: "action primary" }, withEmoji(view.submit.text)) : null;
  const close = node("button", { type: "button", class: "action", onclick: () => acts.close(view) }, view.close?.text || "Cancel");
  const made = node("form", { method: "dialog" },
    node("h2", { id: "modaltitle" }, withEmoji(view.title.text)),
    view.banner ? node("p", { class: "error", role: "alert" }, `We had some trouble connecting (${view.banner}). Try again?`) : null,
    blocks(view.blocks, where), node("div", { class: "buttons" }, close, submit));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    acts.submit(view, read(made));
  });
  return made;
}

function read(root) {
  const values = {};
  for (const field of root.querySelectorAll("[data-input]")) {
    if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
    values[field.dataset.input] = field.value;
  }
  return values;
}
