// A form on the screen: drawn once, then only what a keystroke changed. The rules decide what is asked, calculated and refused; this only shows it.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...children.filter(c => c !== null && c !== undefined && c !== ''));
  return element;
}

export class Sheet {
  constructor(filler, root, words) {
    Object.assign(this, { filler, root, words, rows: new Map() });
    this.changed = () => {};
    root.addEventListener('input', event => this.answer(event.target));
    root.addEventListener('change', event => { if (event.target.type === 'date') this.answer(event.target); });
    root.addEventListener('keydown', event => this.key(event));
    root.addEventListener('click', event => { const link = event.target.dataset?.addRow; if (link) { this.draw(JSON.parse(filler.AddRow(link))); this.changed(); } });
  }

  draw(whole) {
    this.rows.clear();
    this.days = whole.days ?? [];
    this.root.replaceChildren(...this.lines(whole.items));
  }

  title(item) { return (document.documentElement.lang === 'en' && item.en ? item.en : item.t) + (item.required ? ' *' : ''); }

  // The questions of one level, a row each; a goal stands in the row of what it is the goal of.
  lines(items) {
    return items.flatMap((item, i) => {
      if (item.target) return [];
      const drawn = [this.line(item, items[i + 1]?.target ? items[i + 1] : null)].flat();
      if (item.type === 'Group' && item.repeats && items[i + 1]?.link !== item.link)
        drawn.push(make('p', {}, make('button', { type: 'button', class: 'btn quiet', 'data-add-row': item.link }, this.words['offline.add-row'])));
      return drawn;
    });
  }

  line(item, goal) {
    if (item.decided) return [];
    if (item.type === 'Display') return this.keep(item, make('p', { class: 'note' }, this.title(item)));
    if (item.row) return this.oneRow(item);
    if (item.type === 'Group') return this.keep(item, make('fieldset', { class: 'part' }, make('legend', { class: 'vh' }, this.title(item)),
      make('div', { class: 'fr fh', 'aria-hidden': 'true' }, make('span', { class: 'fl' }, this.title(item)), make('span', { class: 'fc' }), ...this.was(this.days)),
      ...this.lines(item.items ?? [])));
    const isChoice = item.choices || item.type === 'Boolean';
    const label = isChoice ? make('span', { class: 'fl', id: `l-${item.n}` }, this.title(item)) : make('label', { class: 'fl', for: `f-${item.n}` }, this.title(item));
    const [field, show] = this.field(item, isChoice ? { 'aria-labelledby': `l-${item.n}` } : {});
    const here = make('div', { class: 'fc' }, make('span', { class: 'nu' }, field, item.unit ? make('span', {}, item.unit) : null));
    const row = this.keep(item, make('div', { class: 'fr' }, label, here, ...this.was(item.was ?? [])), show);
    if (goal) {
      const [aim, showAim] = this.field(goal, { 'aria-label': this.title(goal) });
      here.append(this.keep(goal, make('span', { class: 'nu goal' }, make('span', {}, this.words['form.target']), aim), showAim));
    }
    return [row, ...this.lines(item.items ?? [])];
  }

  // Numbers of one unit, or a row of a table: fields side by side.
  oneRow(item) {
    const parts = item.items ?? [], isSame = item.row === '/', nu = make('span', { class: 'nu' });
    parts.forEach((part, i) => {
      const [field, show] = this.field(part, { 'aria-label': this.title(part), placeholder: isSame ? null : this.title(part) });
      nu.append(this.keep(part, make('span', { class: 'nu' }, i > 0 && isSame ? '/ ' : null, field, part.unit && (!isSame || i === parts.length - 1) ? make('span', {}, part.unit) : null), show));
    });
    const was = this.days.map((_, d) => parts.map(p => p.was?.[d]).filter(Boolean).join(item.row));
    return this.keep(item, make('div', { class: 'fr', role: 'group', 'aria-label': this.title(item) },
      make('span', { class: 'fl' }, item.at ? '' : this.title(item)), make('div', { class: 'fc' }, nu), ...this.was(was)));
  }

  was(texts) { return texts.map((text, d) => make('span', { class: d > 0 ? 'fp o' : 'fp' }, text)); }

  keep(item, element, show = () => {}) {
    const row = { element, show, item };
    this.rows.set(item.n, row);
    element.hidden = !item.on;
    show(item.v);
    return element;
  }

  // The control of one question, and what shows a value in it.
  field(item, named) {
    if (item.choices || item.type === 'Boolean') {
      const choices = item.choices ?? [['true', this.words['form.yes']]], many = item.repeats || item.type === 'Boolean';
      const boxes = choices.map(([value]) => make('input', { type: many ? 'checkbox' : 'radio', name: item.n, value }));
      const seg = make('span', { class: 'seg', role: 'group', ...named }, ...choices.map(([, text], i) => make('label', {}, boxes[i], item.choices && i < 9 ? make('i', {}, String(i + 1)) : null, text)));
      return [seg, values => { for (const box of boxes) { box.checked = values.includes(box.value); box.wasChecked = box.checked; } }];
    }
    const mode = { Integer: 'numeric', Decimal: 'decimal', Quantity: 'decimal' }[item.type], width = mode ? 'n' : item.type === 'Date' ? 'd' : 't';
    const field = item.type === 'Text' ? make('textarea', { id: `f-${item.n}`, name: item.n, rows: 2, class: 'in', ...named }) : make('input', {
      id: `f-${item.n}`, name: item.n, type: item.type === 'Date' ? 'date' : 'text', inputmode: mode, readonly: item.readOnly, maxlength: item.most, autocomplete: 'off',
      class: `in ${width}${item.known ? ' known' : ''}`, ...named,
    });
    return [field, values => { if (document.activeElement !== field || field.readOnly) field.value = values[0] ?? ''; }];
  }

  // One keystroke: the rules answer with what changed, and only that is drawn.
  answer(field) {
    const row = field.name && this.rows.get(field.name);
    if (!row) return;
    field.classList.remove('known');
    const values = field.type === 'checkbox' || field.type === 'radio'
      ? [...row.element.querySelectorAll('input:checked')].map(b => b.value) : [field.value];
    this.put(field.name, values);
    this.changed();
  }

  put(name, values) {
    if (!this.rows.has(name)) return;
    for (const change of JSON.parse(this.filler.Change(name, JSON.stringify(values)))) {
      const row = this.rows.get(change.n);
      if (!row) continue;
      row.element.hidden = !change.on;
      row.show(change.v);
    }
  }

  // A chosen radio is let go by space or Delete; the digit of a choice picks it; Enter goes on to the next field.
  key(event) {
    const field = event.target, row = field.name && this.rows.get(field.name);
    if (!row) return;
    if (event.key === 'Enter' && !event.ctrlKey && field.tagName === 'INPUT') {
      event.preventDefault();
      const fields = [...this.root.querySelectorAll('input:not([readonly]),textarea')].filter(f => f.offsetParent && (f.type !== 'radio' || f.checked || f === first(f)));
      const next = fields[fields.indexOf(field) + 1] ?? fields.find(f => f.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_PRECEDING);
      (next ?? this.root.closest('form')?.querySelector('.primary'))?.focus();
    } else if (row.item.choices && /^[1-9]$/.test(event.key)) {
      const box = row.element.querySelectorAll('input')[event.key - 1];
      if (!box) return;
      event.preventDefault();
      box.checked = box.type === 'radio' || !box.checked;
      box.focus();
      this.answer(box);
    } else if (field.type === 'radio' && (event.key === 'Delete' || event.key === 'Backspace')) {
      for (const box of row.element.querySelectorAll('input')) box.checked = false;
      this.answer(field);
    }
  }

  // Warnings and refusals beside their questions; those of no question are given back.
  say(issues, all) {
    for (const old of this.root.querySelectorAll('.said')) old.remove();
    for (const bad of this.root.querySelectorAll('[aria-invalid]')) bad.removeAttribute('aria-invalid');
    const homeless = [];
    for (const issue of issues) {
      const row = this.rows.get(issue.n);
      // What is required and still empty is not held against somebody who has not come there yet.
      if (issue.isError && !all && row && !this.touched(row)) continue;
      if (!row) { if (all) homeless.push(issue); continue; }
      const place = row.element.closest('.fc') ?? row.element.querySelector('.fc') ?? row.element;
      place.append(make('p', { class: `said ${issue.isError ? 'err' : 'cau'}` }, make('b', {}, this.words[issue.isError ? 'form.refused' : 'form.warning']), issue.text));
      if (issue.isError) for (const field of this.root.querySelectorAll(`[name="${CSS.escape(issue.n)}"]`)) field.setAttribute('aria-invalid', 'true');
    }
    return homeless;
  }

  touched(row) {
    return [...row.element.querySelectorAll('input,textarea')].some(f => f.type === 'radio' || f.type === 'checkbox' ? f.checked : f.value && f !== document.activeElement);
  }

  firstRefused() { return this.root.querySelector('[aria-invalid]'); }
}

const first = radio => radio.form?.querySelector(`input[type=radio][name="${CSS.escape(radio.name)}"]`);

// The verdict as the server draws it.
export function verdicts(decision, words) {
  if (!decision.verdicts.length) return [make('p', { class: 'note' }, words['form.verdict-none'])];
  const refer = decision.verdicts.some(v => v.referral) ? [make('p', {}, make('button', { class: 'btn tonal', name: '~refer', value: '1' }, words['form.save-refer']))] : [];
  const days = decision.verdicts.map(v => v.next).filter(Boolean).sort();
  const first = days.length > 1 ? [make('p', { class: 'dim' }, words['form.earliest']), make('p', { class: 'num' }, days[0])] : [];
  return decision.verdicts.map(v => make('article', { class: 'verdict' },
    make('h3', {}, v.title),
    make('p', { class: 'big' }, make('b', { class: `st ${v.tone}` }, v.class ?? '')),
    ...v.alerts.map(a => make('p', { class: 'refused' }, a)),
    v.referral && make('p', { class: 'do' }, words[v.referral === 'urgent' ? 'form.urgent' : 'form.referral']),
    make('p', {}, v.reason),
    v.action && make('p', { class: 'dim' }, v.action),
    make('dl', { class: 'kv' }, ...v.next ? [make('dt', {}, words['form.next']), make('dd', {}, make('b', {}, v.next))] : [], make('dt', {}, words['form.ground']), make('dd', {}, v.clause ?? '')),
    make('details', { class: 'why' }, make('summary', {}, words['form.why']), make('dl', { class: 'kv' },
      ...v.inputs.flatMap(([title, text]) => [make('dt', {}, title), make('dd', {}, text)]),
      make('dt', {}, words['cockpit.norm']), make('dd', {}, v.norm), make('dt', {}, words['cockpit.edition']), make('dd', {}, v.edition))))).concat(first, refer);
}
