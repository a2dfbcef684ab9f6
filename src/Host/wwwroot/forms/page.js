// Where a page becomes more than a page: the form fills itself, the list can be taken along, what waits is sent. Without this everything is a plain form.
import * as line from './line.js';
import * as vaults from './vault.js';
import * as queue from './queue.js';
import { take, prepare } from './engine.js';
import { fill, known, drawQueue } from './visit.js';
import { make } from './sheet.js';

const sendEvery = 20_000, atOnce = 4;
const box = document.querySelector('[data-words]');
const words = box ? JSON.parse(box.dataset.words) : {};
// A correction replaces a version that only the server compares: it stays a plain form.
const page = document.querySelector('form[data-fill]'), form = page?.elements['~visit'] ? null : page;
const note = (text, undo) => {
  const button = undo && make('button', { type: 'button', class: 'btn quiet' }, words['offline.discard']);
  button?.addEventListener('click', undo);
  document.querySelector('.head').after(make('div', { class: 'notice due', role: 'status' }, make('span', {}, text), button));
};

document.querySelector('form[action="/sign-out"]')?.addEventListener('submit', async event => {
  event.preventDefault();
  await vaults.forget().catch(() => {});
  event.target.submit();
});

// Who fills: as the server says; without a line, as it said last. Null when nobody, or too long ago.
async function signedIn() {
  try {
    const who = await line.who();
    await vaults.confirm(who);
    return who;
  } catch (gone) {
    if (!(gone instanceof line.Gone)) throw gone;
    if (gone.message === 'signed-out') return null;
    const last = await vaults.owner();
    return last && { ...last, today: localToday() };
  }
}

// The county's day (UTC+8), when there is no server to ask.
const localToday = () => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);

async function keepFiles() {
  if (!navigator.serviceWorker || !isSecureContext) return;
  const { version } = await line.files();
  await navigator.serviceWorker.register(`/worker.js?v=${version}`);
}

async function run() {
  if (!box || !globalThis.crypto?.subtle || !globalThis.indexedDB) return;
  const who = await signedIn();
  keepFiles().catch(() => {});
  if (!who) { if (box.dataset.shell !== undefined) box.replaceChildren(make('p', { class: 'notice urgent' }, words['offline.locked'])); return; }
  const vault = await vaults.open(who.subject);
  if (form) await takeOver(vault, who);
  else if (box.dataset.shell !== undefined && location.pathname.startsWith('/follow-up/')) await shellForm(vault, who);
  else if (!page) await list(vault, who);
  const send = async () => { if ((await queue.flush(vault)).saved.length) queue.changed.dispatchEvent(new Event('change')); };
  addEventListener('online', send);
  setInterval(async () => { if (navigator.onLine && (await vault.ids('queue')).length) await send(); }, sendEvery);
  if (!form) await send();
}

// What differs from the page as it came was typed, however early: nobody need have listened.
const isTyped = field => /^(radio|checkbox)$/.test(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;

// The server's form is on the screen; as soon as the rules are here they take it over, with what was typed until that very moment.
async function takeOver(vault, who) {
  const queued = new URLSearchParams(location.search).get('queued');
  const [found, waiting] = await Promise.all([known(vault, form.dataset.person, form.elements['~form'].value), queued ? vault.get('queue', queued) : null]);
  if (!found) return;
  await prepare(vault, found.record.programmes);
  let focused;
  await fill({
    vault, id: form.dataset.person, name: form.dataset.name, record: found.record, today: who.today, root: form.querySelector('.sheet'),
    verdict: document.getElementById('verdict'), form, words, queued: waiting, note,
    typed() {
      focused = document.activeElement?.name;
      const data = new FormData(form), fields = [...form.querySelectorAll('.sheet [name]')];
      const touched = new Set(fields.filter(f => form.dataset.posted !== undefined || isTyped(f)).map(f => f.name));
      return [...touched].map(name => [name, data.getAll(name)]);
    },
  });
  if (focused) form.querySelector(`[name="${CSS.escape(focused)}"]`)?.focus();
}

// No network: the form from what was taken along.
async function shellForm(vault, who) {
  const id = decodeURIComponent(location.pathname.split('/')[2]), asked = new URLSearchParams(location.search);
  const taken = await vault.get('person', id);
  if (!taken) { box.replaceChildren(make('p', { class: 'notice urgent' }, words['offline.not-taken']), back()); return; }
  const waiting = asked.get('queued') ? await vault.get('queue', asked.get('queued')) : null;
  const { banner } = taken, form = asked.get('form') ?? waiting?.form ?? banner.form;
  const filled = make('form', { class: 'fill', 'data-fill': '' }), sheet = make('div', { class: 'sheet' }), verdict = make('div', { id: 'verdict', 'aria-live': 'polite' });
  filled.append(
    make('div', {},
      make('div', { class: 'head' }, make('h1', {}, banner.tasks.find(t => t.form === form)?.title ?? banner.tasks[0]?.title ?? ''), make('span', { class: 'dim' }, told(banner))),
      make('p', { class: 'notice due', role: 'status' }, words['offline.off']), sheet),
    make('aside', { class: 'aside' }, make('h2', { class: 'h2' }, words['form.verdict']), verdict),
    make('div', { class: 'bar' }, make('span', { class: 'st off', 'data-draft': true, hidden: true }), make('span', { class: 'err', 'data-wrong': true, hidden: true }), make('span', { class: 'cau', 'data-doubtful': true, hidden: true }),
      make('span', { class: 'end line' }, make('a', { class: 'btn', href: '/today' }, words['form.later']), make('button', { class: 'btn primary' }, words['form.save'], make('kbd', {}, 'Ctrl Enter')))));
  box.replaceChildren(filled);
  await fill({ vault, id, name: banner.name, record: { ...taken.record, form }, today: who.today, root: sheet, verdict, form: filled, words, queued: waiting, note });
  sheet.querySelector('input:not([type=date]),textarea')?.focus();
}

const told = b => `${b.name} ${b.male === null ? '' : words[b.male ? 'male' : 'female']} ${b.age ?? ''} ${words.years}`;
const back = () => make('p', {}, make('a', { class: 'btn', href: '/today' }, words['today.title']));

// The list: to be taken along while there is a line; worked from the vault when there is none.
async function list(vault, who) {
  const isShell = box.dataset.shell !== undefined;
  const waiting = make('div'), state = make('span', { role: 'status', class: 'dim' });
  const button = make('button', { type: 'button', class: 'btn' }, words['offline.take']);
  const panel = await vault.get('panel', 'list');
  const tell = p => { state.textContent = p ? words['offline.taken'].replace('{0}', p.people.length).replace('{1}', p.at.slice(0, 16).replace('T', ' ')) : ''; };
  tell(panel);
  button.addEventListener('click', async () => {
    button.disabled = true;
    try { tell(await takeAlong(vault, (done, all) => { state.textContent = words['offline.taking'].replace('{0}', done).replace('{1}', all); })); }
    catch (gone) { if (!(gone instanceof line.Gone)) throw gone; state.textContent = words['offline.off']; }
    finally { button.disabled = false; }
  });
  const parts = isShell
    ? [make('div', { class: 'head' }, make('h1', {}, words['today.title']), make('span', { class: 'dim' }, who.today)), make('p', { class: 'notice due', role: 'status' }, words['offline.off'])]
    : [make('p', { class: 'line' }, button, state)];
  box.replaceChildren(...parts, waiting, ...isShell ? [people(panel, await queue.all(vault)), make('p', { class: 'line' }, state)] : []);
  await drawQueue(vault, waiting, words);
  if (location.hash === '#queue') waiting.scrollIntoView();
  queue.changed.addEventListener('change', () => drawQueue(vault, waiting, words));
}

function people(panel, waiting) {
  if (!panel) return make('p', { class: 'note' }, words['offline.empty']);
  const done = new Set(waiting.map(w => w.person));
  return make('table', { class: 'rows' }, make('tbody', {}, ...panel.people.map(p => make('tr', {},
    make('td', {}, make('b', {}, p.name), ` ${told({ ...p, name: '' }).trim()}`), make('td', {}, p.tasks.map(t => t.title).join('、')),
    make('td', {}, make('span', { class: `st ${{ Overdue: 'urgent', Expired: 'urgent', Due: 'due' }[p.tasks[0].state] ?? 'wait'}` }, words[`state.${p.tasks[0].state}`])),
    make('td', {}, p.phone ?? '', ' ', make('small', {}, p.address ?? '')),
    make('td', { class: 'r-num' }, done.has(p.id) ? make('span', { class: 'st wait' }, words['offline.waiting'])
      : make('a', { class: 'btn', href: `/follow-up/${p.id}?form=${encodeURIComponent(p.form)}` }, words['today.visit']))))));
}

async function takeAlong(vault, progress) {
  const { people } = await line.panel(), open = [...people], digests = new Set();
  let done = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let banner = open.shift(); banner; banner = open.shift()) {
      try {
        const record = await line.person(banner.id, banner.needs);
        for (const digest of record.programmes) digests.add(digest);
        await vault.put('person', banner.id, { banner, record });
      } catch (gone) {
        // Somebody who left the list meanwhile; the others are still wanted.
        if (!(gone instanceof line.Gone) || gone.message !== 'missing') throw gone;
      }
      progress(++done, people.length);
    }
  }));
  await take(vault, digests);
  const named = new Set(people.map(p => p.id));
  for (const id of await vault.ids('person')) if (!named.has(id)) await vault.remove('person', id);
  // The file worker must be there before the line goes; the rules start once so that they are known to run here.
  await navigator.serviceWorker?.ready;
  await prepare(vault, [...digests]);
  const panel = { people, at: new Date(Date.now() + 8 * 3600_000).toISOString() };
  await vault.put('panel', 'list', panel);
  return panel;
}

run();
