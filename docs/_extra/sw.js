// Keeps the site on the reader's machine: pages at the first visit, Python when it is first loaded.
const KEPT = "micrograd-like", FILES = [/* files */];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((cache) => Promise.allSettled(FILES.map((file) => cache.add(file)))));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function answer(request) {
  const cache = await caches.open(KEPT), kept = await cache.match(request, { ignoreSearch: true });
  if (kept && new URL(request.url).pathname.includes("/python/")) return kept;
  try {
    const fresh = await fetch(request);
    if (fresh.ok) cache.put(request, fresh.clone());
    return fresh;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
self.addEventListener("fetch", (event) => {
  const ours = new URL(event.request.url).origin === self.location.origin;
  if (ours && event.request.method === "GET") event.respondWith(answer(event.request));
});
