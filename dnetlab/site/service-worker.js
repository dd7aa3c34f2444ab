// Before JupyterLite's own, which keeps whatever a visit loads and looks for it by its whole address. The braces keep
// our names out of its way.
{
  const KEPT = $kept;
  const CACHE = "precache"; // the one that JupyterLite's uses, too

  self.addEventListener("install", (event) => {
    event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)));
  });

  self.addEventListener("fetch", (event) => {
    const listing = /\/api\/contents\/(.+\/)?all\.json$$/; // which files there are: theirs never answers below api/
    const { method, mode, url } = event.request;
    if (mode !== "navigate" && !(method === "GET" && listing.test(new URL(url).pathname))) return;
    event.stopImmediatePropagation();
    event.respondWith(fresh(event.request));
  });

  const fresh = async (request) => { // the same whatever is asked behind a question mark: of a page, which lesson
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
