// One visit: opens the form over what is known and over the draft, judges while it is filled, keeps the draft, and hands it to the queue.
import * as line from './line.js';
import * as queue from './queue.js';
import { prepare } from './engine.js';
import { Sheet, verdicts, make } from './sheet.js';

const judgeAfter = 120, keepAfter = 400;

// What the person's record is: fresh from the server when there is a line, else as it was taken along. Null when neither.
export async function known(vault, id, form) {
  try {
    const fresh = await line.person(id, form);
    const taken = await vault.get('person', id);
    if (taken) await vault.put('person', id, { ...taken, record: { ...fresh, programmes: [...new Set([...taken.record.programmes, ...fresh.programmes])] } });
    return { record: fresh, banner: taken?.banner };
  } catch (gone) {
    if (!(gone instanceof line.Gone)) throw gone;
    const taken = await vault.get('person', id);
    return taken ? { ...taken, record: { ...taken.record, form } } : null;
  }
}

export async function fill({ vault, id, name, record, today, root, verdict, form, words, queued, typed, note }) {
  const place = `${id} ${record.form}`;
  const filler = await prepare(vault, record.programmes);
  const draft = queued ?? await vault.get('draft', place);
  const sheet = new Sheet(filler, root, words);
  const whole = JSON.parse(filler.Open(JSON.stringify(record), record.form, today, vault.subject, draft ? JSON.stringify(draft.response) : ''));
  if (whole.refused) throw new Error(whole.refused);
  // Read and drawn in one go: a key pressed in between would be lost.
  const meanwhile = typed?.() ?? [];
  sheet.draw(whole);
  for (const [field, values] of meanwhile) sheet.put(field, values);
  if (draft && !queued) note(words['offline.draft'], async () => { await vault.remove('draft', place); location.reload(); });
  if (whole.strange.length) note(`${words['offline.strange']} ${whole.strange.map(s => s.text).join(' ')}`);

  let judging = 0, keeping = 0, done = false;
  // The bar below: when the draft was kept, what stands against saving, what should be looked at again.
  const tell = (what, value) => {
    const place = form.querySelector(`[data-${what}]`);
    if (!place) return;
    place.hidden = !value;
    place.textContent = words[`form.bar-${what}`].replace('{0}', value);
  };
  const judge = all => {
    const decision = JSON.parse(filler.Judge());
    if (decision.refused) return { isRefused: true, homeless: [{ text: decision.refused }] };
    verdict.replaceChildren(...verdicts(decision, words));
    const homeless = sheet.say(decision.issues, all);
    tell('wrong', root.querySelectorAll('.said.err').length);
    tell('doubtful', root.querySelectorAll('.said.cau').length);
    return { ...decision, homeless };
  };
  const keep = async () => {
    if (done) return;
    await vault.put('draft', place, { person: id, name, form: record.form, response: JSON.parse(filler.Response()), at: new Date().toISOString() });
    tell('draft', new Date().toTimeString().slice(0, 8));
  };
  sheet.changed = () => {
    clearTimeout(judging); judging = setTimeout(judge, judgeAfter);
    clearTimeout(keeping); keeping = setTimeout(keep, keepAfter);
  };
  addEventListener('pagehide', () => { clearTimeout(keeping); if (keeping) keep(); });
  judge();

  form.addEventListener('submit', async event => {
    event.preventDefault();
    const button = form.querySelector('.primary');
    const decision = judge(true);
    if (decision.isRefused) {
      for (const issue of decision.homeless) note(`${words['form.refused']}：${issue.text}`);
      sheet.firstRefused()?.focus();
      return;
    }
    if (button.disabled) return;
    button.disabled = true;
    const visit = { person: id, name, form: record.form, response: JSON.parse(filler.Response()), known: record.known, title: whole.title };
    // First kept, then sent: whatever happens in between, it is somewhere.
    const row = queued ? { ...queued, ...visit, state: 'waiting' } : await queue.add(vault, visit);
    if (queued) await queue.put(vault, row);
    done = true;
    clearTimeout(keeping);
    await vault.remove('draft', place);
    const { saved } = await queue.flush(vault);
    const mine = saved.find(s => s.key === row.key);
    const pressed = event.submitter?.name;
    location.assign(!mine ? '/today#queue' : pressed === '~refer' && mine.referral ? `/referrals/${mine.referral}`
      : pressed === '~next' ? `/today/next?after=${encodeURIComponent(id)}` : `/visit/${id}/${mine.id}?saved=1`);
  });
  form.dataset.filled = '1';
  return sheet;
}

// The queue as its author sees it: what waits, what needs a decision, both values side by side.
export async function drawQueue(vault, root, words) {
  const rows = await queue.all(vault);
  root.replaceChildren(...rows.length ? [make('h2', { class: 'h2', id: 'queue' }, `${words['offline.queue']} ${rows.length}`), ...rows.map(row => entry(vault, row, words))] : []);
}

function entry(vault, row, words) {
  const text = { waiting: words['offline.waiting'], conflict: words['offline.conflict'], held: row.text, refused: words['form.refused'], gone: row.text }[row.state] ?? '';
  const act = (key, deed, kind = '') => {
    const button = make('button', { type: 'button', class: `btn ${kind}` }, words[key]);
    button.addEventListener('click', async () => { button.disabled = true; await deed(); });
    return button;
  };
  const again = more => async () => { await queue.put(vault, { ...row, ...more, state: 'waiting' }); await queue.flush(vault); };
  const open = make('a', { class: 'btn', href: `/follow-up/${row.person}?form=${encodeURIComponent(row.form)}&queued=${row.key}` }, words['offline.open']);
  const drop = act('offline.drop', async () => { if (globalThis.confirm(words['offline.drop-sure'])) await queue.drop(vault, row); else await queue.put(vault, row); }, 'danger');
  const seen = () => ({ seenVersion: Number(row.theirs.meta?.versionId) });
  return make('article', { class: `notice ${row.state === 'waiting' ? 'due' : 'urgent'}`, 'data-queued': row.state },
    make('div', {},
      make('p', {}, make('b', {}, row.name), ` ${row.title ?? ''} `, make('small', {}, row.at)),
      make('p', {}, text, row.author ? ` ${row.author} ${row.theirs?.authored ?? ''}` : ''),
      ...(row.issues ?? []).map(i => make('p', { class: 'refused' }, i.text)),
      row.state === 'conflict' ? make('table', { class: 'rows both' },
        make('thead', {}, make('tr', {}, make('th', {}), make('th', {}, words['offline.mine']), make('th', {}, words['offline.theirs']))),
        make('tbody', {}, ...queue.differences(row.response, row.theirs).map(([q, m, t]) => make('tr', {}, make('th', { scope: 'row' }, q), make('td', {}, m), make('td', {}, t))))) : null,
      make('p', { class: 'line' }, ...(row.state === 'conflict'
        ? [act('offline.correct', again({ corrects: row.theirs.id, beside: null, ...seen() }), 'primary'), act('offline.keep-both', again({ beside: row.theirs.id, corrects: null, ...seen() })), drop]
        : row.state === 'waiting' ? [act('offline.send', again({}))] : [open, drop]))));
}
