// Block Kit as nodes. Unknown blocks show as a grey box, which is what a client without them would show.

import { control } from "/page/controls.js";
import { inline, link, mrkdwn, plain, withEmoji, emoji } from "/page/mrkdwn.js";
import { node } from "/page/nodes.js";

const FOLD_CHARACTERS = 700;
const TASK_SIGNS = { pending: "white_circle", in_progress: "hourglass", complete: "white_check_mark", error: "x" };

export function textObject(text, names) {
  if (!text) return [];
  return text.type === "mrkdwn" ? mrkdwn(text.text, names) : withEmoji(text.text);
}

// `where` tells the controls whom to call: {names, use(element, block, value)}.
export function blocks(list, where) {
  return list.map((block) => {
    const draw = DRAW[block.type];
    return draw ? draw(block, where) : node("div", { class: "unsupported" }, `unsupported block: ${block.type}`);
  });
}

function folded(text, where, key) {
  const content = node("div", { class: "text" }, textObject(text, where.names));
  if (text.text.length <= FOLD_CHARACTERS) return content;
  const start = node("span", { class: "when-closed" }, "See more");
  const end = node("span", { class: "when-open" }, "See less");
  return node("div", { class: "long" }, node("details", { "data-fold": key }, node("summary", {}, start, end)), content);
}

function section(block, where) {
  const fields = (block.fields || []).map((field) => node("div", { class: "field" }, textObject(field, where.names)));
  return node("div", { class: "section" },
    node("div", { class: "grow" },
      block.text ? (block.expand ? node("div", { class: "text" }, textObject(block.text, where.names)) : folded(block.text, where, block.block_id)) : null,
      fields.length ? node("div", { class: "fields" }, fields) : null),
    block.accessory ? node("div", { class: "accessory" }, accessory(block, where)) : null);
}

function accessory(block, where) {
  return block.accessory.type === "image" ? picture(block.accessory) : control(block.accessory, block, where);
}

// The page loads nothing from elsewhere, so a picture is its description.
function picture(image) {
  return node("span", { class: "picture", role: "img", "aria-label": image.alt_text }, `[image] ${image.alt_text}`);
}

function context(block, where) {
  return node("div", { class: "context" }, block.elements.map((part) =>
    part.type === "image" ? picture(part) : node("span", {}, textObject(part, where.names))));
}

function actions(block, where) {
  return node("div", { class: "actions" }, block.elements.map((part) => control(part, block, where)));
}

function input(block, where) {
  const error = where.errors?.[block.block_id];
  return node("div", { class: "input" },
    node("label", { for: `input-${block.block_id}` }, withEmoji(block.label.text), block.optional ? " (optional)" : ""),
    control(block.element, block, where),
    block.hint ? node("p", { class: "hint" }, withEmoji(block.hint.text)) : null,
    error ? node("p", { class: "error", role: "alert" }, error) : null);
}

function table(block, where) {
  const wrapped = (column) => (block.column_settings?.[column]?.is_wrapped ? "wrapped" : "");
  const rows = block.rows.map((row, index) => node("tr", {}, row.map((cell, column) =>
    node(index ? "td" : "th", { class: wrapped(column) }, cell.type === "raw_text" ? cell.text : richText(cell, where)))));
  return node("div", { class: "scroll", tabindex: "0" }, node("table", {}, rows));
}

function task(block, where) {
  const more = [block.details, block.output].filter(Boolean).map((rich) => richText(rich, where));
  return node("div", { class: "task" }, emoji(TASK_SIGNS[block.status]), " ", block.title, more);
}

function plan(block, where) {
  return node("div", { class: "plan" }, node("strong", {}, block.title), (block.tasks || []).map((card) => task(card, where)));
}

const HEADING = /^(#{1,6})\s+(.*)$/;

function markdown(block, where) {
  return node("div", { class: "text" }, block.text.split(/```\w*\n?([\s\S]*?)```/).map((piece, index) =>
    index % 2 ? node("pre", { tabindex: "0" }, piece) : piece.split("\n").map((line) => markdownLine(line, where))));
}

function markdownLine(line, where) {
  const heading = HEADING.exec(line);
  if (heading) return node("div", { class: "heading" }, heading[2]);
  const parts = line.replace(/^[-*] /, "• ").split(/\*\*(.+?)\*\*/);
  return node("div", {}, parts.map((part, index) => (index % 2 ? node("strong", {}, part) : inline(part, where.names))));
}

function richText(block, where) {
  return node("div", { class: "rich" }, block.elements.map((part) => richPart(part, where)));
}

function richPart(part, where) {
  const inside = () => part.elements.map((piece) => richPiece(piece, where));
  switch (part.type) {
    case "rich_text_section": return node("div", { class: "text" }, inside());
    case "rich_text_preformatted": return node("pre", { tabindex: "0" }, inside());
    case "rich_text_quote": return node("blockquote", {}, inside());
    case "rich_text_list":
      return node(part.style === "ordered" ? "ol" : "ul", { class: `indent${part.indent || 0}` },
        part.elements.map((item) => node("li", {}, item.elements.map((piece) => richPiece(piece, where)))));
    default: return node("div", { class: "unsupported" }, `unsupported: ${part.type}`);
  }
}

function richPiece(piece, where) {
  const styled = (made) => Object.entries({ bold: "strong", italic: "em", strike: "s", code: "code" })
    .reduce((inner, [style, tag]) => (piece.style?.[style] ? node(tag, {}, inner) : inner), made);
  switch (piece.type) {
    case "text": return styled(piece.text);
    case "link": return styled(link(piece.url, piece.text || piece.url));
    case "emoji": return emoji(piece.name);
    case "user": return node("span", { class: "mention" }, "@" + (where.names.users[piece.user_id]?.name || piece.user_id));
    case "usergroup": return node("span", { class: "mention" }, "@" + (where.names.groups[piece.usergroup_id]?.handle || "group"));
    case "channel": return node("span", { class: "mention" }, "#" + (where.names.names[piece.channel_id] || piece.channel_id));
    case "broadcast": return node("span", { class: "mention broadcast" }, "@" + piece.range);
    case "date": return new Date(Number(piece.timestamp) * 1000).toLocaleString();
    default: return plain(piece.value || "");
  }
}

const DRAW = {
  section, context, actions, input, table, plan, markdown,
  task_card: task,
  rich_text: richText,
  header: (block) => node("h3", { class: "header" }, withEmoji(block.text.text)),
  divider: () => node("hr"),
  image: (block) => node("figure", {}, block.title ? node("figcaption", {}, block.title.text) : null, picture(block)),
};
