// The service worker of a published site; SEEN and FILES stand above these lines. FILES are
// [path, hash, now]: those of now are kept once the page was opened, so that it opens without
// network, the others (the encoder) when they are first asked for. So are thumbnails and products.

const PREFIX = `skulens ${self.registration.scope} `;
const KEPT = `${PREFIX}files`, VIEWED = PREFIX + SEEN;
const place = (path) => new URL(path, self.registration.scope).href;
/** Address -> the key under which its content is kept. */
const keys = new Map(FILES.map(([path, hash]) => [place(path), `${place(path)}?${hash}`]));

async function keepAll() {
  const cache = await caches.open(KEPT);
  await Promise.all(
    FILES.filter(([, , now]) => now).map(async ([path]) => {
      const url = place(path), key = keys.get(url);
      if (await cache.match(key)) return;
      const fresh = await fetch(url, { cache: "no-cache" });
      if (!fresh.ok) throw new Error(`${path}: ${fresh.status}`);
      await cache.put(key, fresh.redirected ? new Response(fresh.body, fresh) : fresh);
    }),
  );
}

async function dropOld() {
  for (const name of await caches.keys())
    if (name.startsWith(PREFIX) && name !== KEPT && name !== VIEWED) await caches.delete(name);
  const cache = await caches.open(KEPT), right = new Set(keys.values());
  for (const { url } of await cache.keys()) if (!right.has(url)) await cache.delete(url);
  await self.clients.claim();
}

async function answer(request) {
  const { origin, pathname, search } = new URL(request.url);
  const bare = origin + pathname, home = bare === place("./") || bare === place("index.html");
  const key = keys.get(home ? place("./") : bare);
  const asked = home || search === "" ? key : request.url; // an older page asks for older files
  const cache = await caches.open(key ? KEPT : VIEWED);
  const held = await cache.match(asked ?? request.url);
  if (held) return held;
  const fresh = await fetch(request);
  const right = !key || asked === key;
  if (right && fresh.status === 200 && fresh.type === "basic") await cache.put(asked ?? request.url, fresh.clone()).catch(() => {});
  return fresh;
}

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(dropOld()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) event.respondWith(answer(event.request));
});
// The page was opened before this worker was there: what it has loaded is asked for once more.
self.addEventListener("message", (event) => {
  const urls = [].concat(event.data?.keep ?? []).filter((url) => url.startsWith(self.registration.scope));
  event.waitUntil(Promise.all(urls.map((url) => answer(new Request(url)).catch(() => {}))));
});
