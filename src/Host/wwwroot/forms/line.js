// Everything that is asked of the server, and how it is told that there is no network, nobody signed in, or nothing there.
export class Gone extends Error {}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { cache: 'no-store', ...options });
  } catch {
    throw new Gone('offline');
  }
  if (answer.status >= 500 || answer.status === 429) throw new Gone('busy');
  if (answer.status === 404 || answer.status === 422) throw new Gone('missing');
  if (answer.redirected || answer.status === 401 || !(answer.headers.get('content-type') ?? '').includes('json')) throw new Gone(answer.status === 400 ? 'refused' : 'signed-out');
  return answer.json();
}

export const who = () => ask('/offline/who');
export const files = () => ask('/offline/files');
export const panel = () => ask('/offline/panel');
export const person = (id, form) => ask(`/offline/people/${encodeURIComponent(id)}?form=${encodeURIComponent(form)}`);
export const programme = digest => ask(`/offline/programmes/${digest}`);
export const model = () => ask('/offline/model');
export const send = (id, visit, token) => ask(`/offline/people/${encodeURIComponent(id)}/visits`, {
  method: 'POST', body: JSON.stringify(visit), headers: { 'content-type': 'application/json', RequestVerificationToken: token },
});
