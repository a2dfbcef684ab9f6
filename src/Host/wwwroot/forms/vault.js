// What a doctor takes along and what waits to be sent, encrypted at rest: AES-GCM under a key of the browser's that no script can read out,
// one for each person who signs in. A row is bound to its owner and its place, so it cannot be moved under another name.
const hoursValid = 12;
const encoder = new TextEncoder(), decoder = new TextDecoder();
let opened;

function database() {
  return opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open('tongxin', 1);
    asked.onupgradeneeded = () => { asked.result.createObjectStore('keys'); asked.result.createObjectStore('rows'); };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function run(store, mode, use) {
  const transaction = (await database()).transaction(store, mode);
  const asked = use(transaction.objectStore(store));
  return new Promise((done, failed) => {
    transaction.oncomplete = () => done(asked?.result);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

// Who is signed in on this device, as last confirmed by the server; null when nobody, or too long ago.
export async function owner() {
  const known = await run('keys', 'readonly', s => s.get('owner'));
  return known && known.until > Date.now() ? known : null;
}

export const confirm = who => run('keys', 'readwrite', s => s.put({ subject: who.subject, name: who.name, until: Date.now() + hoursValid * 3600_000 }, 'owner'));

// Signing out forgets people and their records. Visits and drafts that were not sent stay encrypted until their owner is back: nothing is lost.
export async function forget() {
  const known = await run('keys', 'readonly', s => s.get('owner'));
  await run('keys', 'readwrite', s => s.delete('owner'));
  if (!known) return;
  const vault = await open(known.subject);
  await vault.clear('person');
  await vault.clear('panel');
  if (!(await vault.ids('queue')).length && !(await vault.ids('draft')).length) await run('keys', 'readwrite', s => s.delete(`key ${known.subject}`));
}

async function keyOf(subject) {
  const name = `key ${subject}`, known = await run('keys', 'readonly', s => s.get(name));
  if (known) return known;
  const fresh = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  // Two tabs may come first at once: whichever is stored holds.
  await run('keys', 'readwrite', s => { const asked = s.get(name); asked.onsuccess = () => { if (!asked.result) s.put(fresh, name); }; });
  return run('keys', 'readonly', s => s.get(name));
}

export async function open(subject) {
  const key = await keyOf(subject);
  const place = (kind, id) => `${subject} ${kind} ${id}`;
  const range = kind => IDBKeyRange.bound(`${subject} ${kind} `, `${subject} ${kind} \uffff`);
  const read = async (at, row) => row && JSON.parse(decoder.decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.iv, additionalData: encoder.encode(at) }, key, row.data)));
  return {
    subject,
    async put(kind, id, value) {
      const at = place(kind, id), iv = crypto.getRandomValues(new Uint8Array(12));
      const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: encoder.encode(at) }, key, encoder.encode(JSON.stringify(value)));
      await run('rows', 'readwrite', s => s.put({ iv, data }, at));
    },
    async get(kind, id) {
      const at = place(kind, id);
      return read(at, await run('rows', 'readonly', s => s.get(at)));
    },
    async ids(kind) {
      return (await run('rows', 'readonly', s => s.getAllKeys(range(kind)))).map(k => k.slice(place(kind, '').length));
    },
    async all(kind) {
      const rows = [];
      for (const id of await this.ids(kind)) { const row = await this.get(kind, id); if (row) rows.push(row); }
      return rows;
    },
    remove: (kind, id) => run('rows', 'readwrite', s => s.delete(place(kind, id))),
    clear: kind => run('rows', 'readwrite', s => s.delete(range(kind))),
  };
}
