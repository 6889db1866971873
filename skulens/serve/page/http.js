// The back end over HTTP: what a server says, in the shapes of its /v1 routes.
// A failure is thrown as {status, title, detail, retryAfter}; an abort as fetch throws it.

const TOKEN = "skulens-token";
let token = read();

function read() {
  try {
    return sessionStorage.getItem(TOKEN) ?? "";
  } catch {
    return ""; // storage is blocked
  }
}

async function ask(path, { body, signal } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const how = { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, how);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw { status: 0, title: "The server cannot be reached", detail: "Check the connection, then try again." };
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  let said = {};
  try {
    said = await response.json();
  } catch {
    // no JSON: a proxy answered
  }
  const wait = Number(response.headers.get("Retry-After"));
  return {
    ...said,
    status: response.status,
    title: said.title || `The server answered ${response.status}`,
    detail: said.detail || "",
    retryAfter: wait > 0 ? wait : null,
  };
}

const json = async (path, options) => (await ask(path, options)).json();

export const backend = {
  address: new URL("v1/search", document.baseURI).href,
  get token() {
    return Boolean(token);
  },
  about: () => json("v1/about"),
  search: (body, { signal } = {}) => json("v1/search", { body, signal }),
  product: (id) => json(`v1/products/${encodeURIComponent(id)}`),
  browse: (k = 12) => json(`v1/products?k=${k}&varied=true`),
  suggest: (q, { signal } = {}) => json(`v1/suggest?q=${encodeURIComponent(q)}&k=8`, { signal }),
  read: (body) => json("v1/read", { body }),
  blob: async (url) => (await ask(url)).blob(),
  thumbnail: (hit) => hit.thumbnail ?? "",

  /** Show a picture of the server; an <img> cannot send a token, so with one it is fetched here. */
  show(img, url) {
    if (!token || !url.startsWith("/v1/")) img.src = url;
    else showWithToken(img, url);
  },

  /** Say who asks, from now on. */
  identify(given) {
    token = given;
    try {
      sessionStorage.setItem(TOKEN, given);
    } catch {
      // kept for this page alone
    }
  },
};

const wanted = new WeakMap(); // img -> the address it is to show, for answers come in any order

async function showWithToken(img, url) {
  wanted.set(img, url);
  try {
    const blob = await (await ask(url)).blob();
    if (wanted.get(img) !== url) return;
    const made = URL.createObjectURL(blob);
    for (const end of ["load", "error"]) img.addEventListener(end, () => URL.revokeObjectURL(made), { once: true });
    img.src = made;
  } catch {
    if (wanted.get(img) === url) img.dispatchEvent(new Event("error"));
  }
}
