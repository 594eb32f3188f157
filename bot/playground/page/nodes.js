// Building the page: every node is made here, text only ever becomes a text node, so nothing a cluster says is markup.

export function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value") made.value = value;
    else if (name === "checked") made.checked = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

// Make `container` show `items` in order. A child whose digest is unchanged stays as it is (focus, selection and open
// folds with it), so a screen reader hears only what is new.
export function reconcile(container, items, key, build) {
  const old = new Map([...container.children].map((child) => [child.dataset.key, child]));
  const focus = focusPath(container);
  let previous = null;
  for (const item of items) {
    const name = key(item);
    const digest = JSON.stringify(item);
    let child = old.get(name);
    old.delete(name);
    if (!child || child.digest !== digest) {
      const fresh = build(item);
      fresh.dataset.key = name;
      fresh.digest = digest;
      if (child) {
        keepOpen(child, fresh);
        child.replaceWith(fresh);
      }
      child = fresh;
    }
    const place = previous ? previous.nextSibling : container.firstChild;
    if (place !== child) container.insertBefore(child, place);
    previous = child;
  }
  for (const gone of old.values()) gone.remove();
  if (focus && !container.contains(document.activeElement)) restoreFocus(container, focus);
}

function focusPath(container) {
  const active = document.activeElement;
  if (!active || !container.contains(active) || !active.dataset.focus) return null;
  const row = active.closest("[data-key]");
  return { key: row ? row.dataset.key : "", focus: active.dataset.focus };
}

function restoreFocus(container, { key, focus }) {
  for (const row of container.children) {
    if (row.dataset.key !== key) continue;
    const same = [...row.querySelectorAll("[data-focus]")].find((found) => found.dataset.focus === focus);
    (same || container).focus({ preventScroll: true });
  }
}

function keepOpen(old, fresh) {
  const open = new Set([...old.querySelectorAll("details[open][data-fold]")].map((fold) => fold.dataset.fold));
  for (const fold of fresh.querySelectorAll("details[data-fold]")) fold.open = open.has(fold.dataset.fold);
}

export function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function fullTime(ts) {
  return new Date(Number(ts) * 1000).toLocaleString();
}
