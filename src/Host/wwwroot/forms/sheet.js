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
    const language = document.documentElement.lang;
    const title = item => (language === 'en' && item.en ? item.en : item.t) + (item.required ? ' *' : '');
    const draw = (items, depth) => items.flatMap((item, i) => {
      const drawn = [item.type === 'Group' ? this.group(item, title(item), draw(item.items ?? [], depth + 1)) : item.type === 'Display'
        ? this.keep(item, make('p', { class: 'note' }, title(item))) : this.question(item, title(item), draw(item.items ?? [], depth + 1))].flat();
      if (item.type === 'Group' && item.repeats && items[i + 1]?.link !== item.link)
        drawn.push(make('p', {}, make('button', { type: 'button', class: 'btn quiet', 'data-add-row': item.link }, this.words['offline.add-row'])));
      return drawn;
    });
    this.root.replaceChildren(...draw(whole.items, 0));
  }

  keep(item, element, show = () => {}) {
    const row = { element, show, item };
    this.rows.set(item.n, row);
    element.hidden = !item.on;
    return element;
  }

  group(item, title, children) {
    return this.keep(item, make('fieldset', {}, make('legend', { class: 'h2' }, title), ...children));
  }

  question(item, title, children) {
    const id = `f-${item.n}`, element = make('div', { class: 'q' });
    let show;
    if (item.choices || item.type === 'Boolean') {
      const choices = item.choices ?? [['true', this.words['form.yes']]], many = item.repeats || item.type === 'Boolean';
      const boxes = choices.map(([value]) => make('input', { type: many ? 'checkbox' : 'radio', name: item.n, value }));
      element.append(make('span', { class: 'label', id: `l-${item.n}` }, title),
        make('span', { class: 'opts', role: 'group', 'aria-labelledby': `l-${item.n}` }, ...choices.map(([, text], i) => make('label', {}, boxes[i], ` ${text}`))));
      show = values => { for (const box of boxes) { box.checked = values.includes(box.value); box.wasChecked = box.checked; } };
    } else {
      const mode = { Integer: 'numeric', Decimal: 'decimal', Quantity: 'decimal' }[item.type];
      const field = item.type === 'Text' ? make('textarea', { id, name: item.n, rows: 2 }) : make('input', {
        id, name: item.n, type: item.type === 'Date' ? 'date' : 'text', inputmode: mode, readonly: item.readOnly, maxlength: item.most, autocomplete: 'off',
      });
      element.append(make('label', { for: id }, title), make('span', {}, field, item.unit ? ` ${item.unit}` : ''));
      show = values => { if (document.activeElement !== field || field.readOnly) field.value = values[0] ?? ''; };
    }
    this.keep(item, element, show);
    show(item.v);
    return [element, ...children];
  }

  // One keystroke: the rules answer with what changed, and only that is drawn.
  answer(field) {
    const row = field.name && this.rows.get(field.name);
    if (!row) return;
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
    for (const bad of this.root.querySelectorAll('[aria-invalid]')) { bad.removeAttribute('aria-invalid'); bad.classList.remove('bad'); }
    const homeless = [];
    for (const issue of issues) {
      const row = this.rows.get(issue.n);
      // What is required and still empty is not held against somebody who has not come there yet.
      if (issue.isError && !all && row && !this.touched(row)) continue;
      if (!row) { if (all) homeless.push(issue); continue; }
      row.element.append(make('span', { class: `said ${issue.isError ? 'refused' : 'warned'}` }, `${this.words[issue.isError ? 'form.refused' : 'form.warning']}：${issue.text}`));
      if (issue.isError) for (const field of row.element.querySelectorAll('input,textarea')) { field.setAttribute('aria-invalid', 'true'); field.classList.add('bad'); }
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
  return decision.verdicts.map(v => make('div', { class: 'verdict' },
    make('p', { class: 'dim' }, v.title),
    make('p', {}, make('b', {}, v.class ?? '')),
    ...v.alerts.map(a => make('p', { class: 'refused' }, a)),
    make('p', {}, v.reason),
    v.action && make('p', {}, v.action),
    v.referral && make('p', { class: 'st urgent' }, words[v.referral === 'urgent' ? 'form.urgent' : 'form.referral']),
    v.next && make('p', {}, `${words['form.next']} `, make('b', {}, v.next)),
    make('details', { class: 'why' }, make('summary', {}, words['form.why']), make('dl', { class: 'kv' },
      ...v.inputs.flatMap(([title, text]) => [make('dt', {}, title), make('dd', {}, text)]),
      make('dt', {}, words['cockpit.norm']), make('dd', {}, v.norm), make('dt', {}, words['cockpit.edition']), make('dd', {}, v.edition))))).concat(refer);
}
