// Talking to the box: the token from the page's address, JSON both ways, and the stream that says "look again".

function takeToken() {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    localStorage.setItem("playground-token", given);
    history.replaceState(null, "", location.pathname + location.hash);
  }
  return given || localStorage.getItem("playground-token") || "";
}

const token = takeToken();

export class EndedError extends Error {}

async function call(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { "X-Playground-Token": token, ...options.headers } });
  if (response.status === 403) throw new EndedError();
  return response;
}

export async function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return (await call(`${path}?${new URLSearchParams(given)}`)).json();
}

export async function getText(path) {
  return (await call(path)).text();
}

export async function post(path, body) {
  return (await call(path, { method: "POST", headers: { "Content-Type": "application/json; charset=utf-8" }, body: JSON.stringify(body) })).json();
}

export function onChange(look, lost) {
  const stream = new EventSource(`/control/changes?token=${encodeURIComponent(token)}`);
  stream.onmessage = look;
  stream.onopen = look;
  stream.onerror = lost;
}
