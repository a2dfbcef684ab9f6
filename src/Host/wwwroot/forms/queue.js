// Visits that wait to be sent. A visit stays here until the server says that it is on the record, or its author drops it.
import * as line from './line.js';

export const changed = new EventTarget();
const told = () => changed.dispatchEvent(new Event('change'));

export async function add(vault, visit) {
  const row = { ...visit, key: crypto.randomUUID(), at: new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 16).replace('T', ' '), state: 'waiting' };
  await vault.put('queue', row.key, row);
  told();
  return row;
}

export const all = async vault => (await vault.all('queue')).sort((a, b) => a.at.localeCompare(b.at));

export async function put(vault, row) { await vault.put('queue', row.key, row); told(); }
export async function drop(vault, row) { await vault.remove('queue', row.key); told(); }

// Sends what waits, in order, one sender at a time over all tabs. Gives what was saved; stops where the line breaks.
export const flush = vault => navigator.locks.request('tongxin-queue', async () => {
  const saved = [];
  const waiting = (await all(vault)).filter(r => r.state === 'waiting');
  if (!waiting.length) return { saved };
  try {
    const who = await line.who();
    if (who.subject !== vault.subject) return { saved, stopped: 'signed-out' };
    for (const row of waiting) {
      const { response, key, known, beside, corrects, seenVersion } = row;
      const answer = await line.send(row.person, { response, key, known, beside, corrects, seenVersion }, who.token);
      if (answer.is === 'saved') {
        await vault.remove('queue', key);
        saved.push({ ...row, id: answer.id, next: answer.next, referral: answer.referral });
      } else if (answer.is !== 'again') {
        await vault.put('queue', key, { ...row, state: answer.is, theirs: answer.theirs, author: answer.author, text: answer.text, issues: answer.issues });
      }
    }
    return { saved };
  } catch (stop) {
    if (!(stop instanceof line.Gone)) throw stop;
    return { saved, stopped: stop.message };
  } finally {
    told();
  }
});

// What two responses answer differently: [question, mine, theirs].
export function differences(mine, theirs) {
  const [a, b] = [answers(mine), answers(theirs)];
  return [...new Set([...a.keys(), ...b.keys()])].map(k => [(a.get(k) ?? b.get(k)).text, a.get(k)?.said ?? '', b.get(k)?.said ?? '']).filter(([, m, t]) => m !== t);
}

function answers(response, into = new Map(), path = '') {
  for (const item of response.item ?? []) {
    let name = path + item.linkId;
    for (let row = 1; into.has(name); row++) name = `${path}${item.linkId}[${row}]`;
    const values = (item.answer ?? []).map(a => said(Object.entries(a).find(([k]) => k.startsWith('value'))?.[1])).filter(v => v !== '');
    if (values.length) into.set(name, { text: item.text ?? item.linkId, said: values.join('、') });
    answers(item, into, `${name}/`);
    for (const answer of item.answer ?? []) answers(answer, into, `${name}/`);
  }
  return into;
}

const said = value => value == null ? '' : typeof value === 'object'
  ? 'value' in value ? `${value.value} ${value.unit ?? ''}`.trim() : value.display ?? value.code ?? '' : value === true ? '✓' : String(value);
