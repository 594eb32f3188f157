// Interactive elements: real buttons and form controls. In a message each use goes to the app at once; inside an input
// block of a modal it only fills the form (the form is read by action id when it is submitted).

import { textObject } from "/page/blocks.js";
import { node } from "/page/nodes.js";

export function control(element, block, where) {
  const draw = DRAW[element.type];
  return draw ? draw(element, block, where) : node("span", { class: "unsupported" }, `unsupported element: ${element.type}`);
}

function focusName(element, block, more = "") {
  return `${block.block_id}:${element.action_id}:${more}`;
}

async function use(element, block, where, value, target) {
  if (element.confirm && !(await where.confirm(element.confirm))) return;
  target?.setAttribute("aria-busy", "true");
  if (element.url) window.open(element.url, "_blank", "noopener,noreferrer");
  await where.use(element, block, value);
  target?.removeAttribute("aria-busy");
}

function button(element, block, where) {
  const made = node("button", {
    type: "button", class: `action ${element.style || ""}`, "aria-label": element.accessibility_label,
    "data-focus": focusName(element, block, element.value || ""), "data-action": element.action_id,
  }, textObject(element.text, where.names), element.url ? " ↗" : "");
  made.addEventListener("click", () => use(element, block, where, element.value, made));
  return made;
}

function overflow(element, block, where) {
  const menu = node("details", { class: "menu" }, node("summary", { "aria-label": "More actions", "data-focus": focusName(element, block) }, "⋯"));
  menu.append(node("div", { class: "sheet" }, element.options.map((option) => node("button", {
    type: "button", onclick: () => { menu.open = false; use(element, block, where, option.value); },
  }, textObject(option.text, where.names)))));
  menu.addEventListener("toggle", () => menu.open && menu.lastChild.scrollIntoView({ block: "nearest" }));
  return menu;
}

function choices(element) {
  const made = (options) => options.map((option) => node("option", { value: option.value }, option.text.text));
  if (element.option_groups) {
    return element.option_groups.map((group) => node("optgroup", { label: group.label.text }, made(group.options)));
  }
  return made(element.options || []);
}

function select(options, initial) {
  return (element, block, where) => {
    const first = node("option", { value: "" }, element.placeholder?.text || "Choose…");
    const made = node("select", {
      id: `input-${block.block_id}`, "data-input": element.action_id, "data-focus": focusName(element, block),
      "aria-label": block.label ? null : element.placeholder?.text || "Choose",
    }, first, options(element, where));
    made.value = where.filled?.(element, block) ?? initial(element) ?? "";
    if (block.type !== "input") made.addEventListener("change", () => made.value && use(element, block, where, made.value, made));
    return made;
  };
}

function people(element, where) {
  return Object.entries(where.names.users).filter(([, user]) => !user.is_bot)
    .map(([id, user]) => node("option", { value: id }, user.real_name));
}

function places(element, where) {
  return Object.entries(where.names.names).map(([id, name]) => node("option", { value: id }, `#${name}`));
}

function typed(type) {
  return (element, block, where) => {
    const multiline = element.multiline;
    const made = node(multiline ? "textarea" : "input", {
      type: multiline ? null : type, id: `input-${block.block_id}`, "data-input": element.action_id, rows: multiline ? 5 : null,
      placeholder: element.placeholder?.text, maxlength: element.max_length, "data-focus": focusName(element, block),
    });
    made.value = where.filled?.(element, block) ?? element.initial_value ?? element.initial_date ?? element.initial_time ?? "";
    if (block.type !== "input") made.addEventListener("change", () => use(element, block, where, made.value, made));
    return made;
  };
}

function ticks(type) {
  return (element, block, where) => node("div", { class: "ticks", role: type === "radio" ? "radiogroup" : "group" },
    element.options.map((option) => {
      const made = node("input", {
        type, name: focusName(element, block), value: option.value, "data-input": element.action_id,
        "data-focus": focusName(element, block, option.value), checked: (where.filled?.(element, block) ?? element.initial_option?.value) === option.value,
      });
      if (block.type !== "input") made.addEventListener("change", () => use(element, block, where, option.value, made));
      return node("label", {}, made, " ", textObject(option.text, where.names));
    }));
}

const DRAW = {
  button, overflow,
  static_select: select(choices, (element) => element.initial_option?.value),
  multi_static_select: select(choices, (element) => element.initial_options?.[0]?.value),
  users_select: select(people, (element) => element.initial_user),
  channels_select: select(places, (element) => element.initial_channel),
  conversations_select: select(places, (element) => element.initial_conversation),
  plain_text_input: typed("text"), number_input: typed("number"), url_text_input: typed("url"), email_text_input: typed("email"),
  datepicker: typed("date"), timepicker: typed("time"),
  checkboxes: ticks("checkbox"), radio_buttons: ticks("radio"),
};
