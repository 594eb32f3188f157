// The line that people type into: Enter sends, Shift+Enter breaks the line, Arrow up brings the last line back.

import { node } from "/page/nodes.js";

const HELP = {
  channel: "Enter sends. Try /netcheck or @netcheck.",
  thread: "Slash commands do not work in threads; mention @netcheck instead.",
};

export function composer(form, label, send) {
  const place = form.dataset.place;
  const past = [];
  const field = node("textarea", { rows: 1, id: `write-${place}`, "aria-label": label, autocomplete: "off", spellcheck: "false", "aria-describedby": `help-${place}` });
  const button = node("button", { type: "submit", class: "action primary", "aria-label": "Send" }, "Send");
  const hints = node("div", { class: "hints" });
  form.append(hints, node("div", { class: "line" }, field, button), node("p", { class: "faint", id: `help-${place}` }, HELP[place]));

  const grow = () => {
    field.rows = Math.min(8, field.value.split("\n").length);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    past.push(text);
    field.value = "";
    grow();
    await send(text);
  });
  field.addEventListener("input", grow);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "ArrowUp" && !field.value && past.length) {
      event.preventDefault();
      field.value = past[past.length - 1];
    }
  });
  return {
    field,
    showHints(list) {
      hints.replaceChildren(...list.map((hint) => node("button", {
        type: "button", class: "chip", title: hint.text,
        onclick: () => { field.value = hint.text; grow(); field.focus(); },
      }, hint.label || hint.text)));
    },
  };
}
