// Keeps our own files so that a form opens without the network. Never keeps what is somebody's: records live encrypted in the vault, not here.
const version = new URL(location.href).searchParams.get('v') ?? '0';
const kept = `tongxin-files-${version}`;
const shell = '/offline';

addEventListener('install', event => event.waitUntil((async () => {
  const { paths } = await (await fetch('/offline/files', { cache: 'no-store' })).json();
  const cache = await caches.open(kept);
  await cache.addAll([shell, ...paths].map(path => new Request(path, { cache: 'no-cache' })));
  await skipWaiting();
})()));

addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith('tongxin-files-') && name !== kept) await caches.delete(name);
  await clients.claim();
})()));

addEventListener('fetch', event => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (url.pathname.startsWith('/forms/') || /\.(css|js|svg|webmanifest)$/.test(url.pathname)) event.respondWith(file(request, url));
});

// Pages come from the server; without it the shell stands in and works from the vault.
async function page(request) {
  try {
    return await fetch(request);
  } catch (gone) {
    return await (await caches.open(kept)).match(shell) ?? Promise.reject(gone);
  }
}

// The server is asked first for what has no content in its name, so that a new version shows at once; the runtime's files never change under their name.
async function file(request, url) {
  const cache = await caches.open(kept), known = await cache.match(url.pathname);
  if (known && /\/runtime\/.+\..+\..+/.test(url.pathname)) return known;
  try {
    return await fetch(request);
  } catch (gone) {
    return known ?? Promise.reject(gone);
  }
}
