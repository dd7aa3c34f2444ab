// Before JupyterLite's own, which keeps whatever a visit loads and looks for it by its whole address. The braces keep
// our names out of its way.
{
  const KEPT = $kept;
  const CACHE = "precache"; // the one that JupyterLite's uses, too

  self.addEventListener("install", (event) => {
    event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)));
  });

  self.addEventListener("fetch", (event) => {
    if (event.request.mode !== "navigate") return;
    event.stopImmediatePropagation();
    event.respondWith(page(event.request));
  });

  const page = async (request) => { // a page is the same whatever lesson it is asked for
    const cache = await caches.open(CACHE);
    const path = request.url.split("?")[0];
    try {
      const answer = await fetch(request);
      if (answer.ok) await cache.put(path, answer.clone());
      return answer;
    } catch {
      return (await cache.match(path)) || Response.error();
    }
  };
}

importScripts("$theirs");
