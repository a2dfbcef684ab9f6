// What a page does beyond being a page: Ctrl-K, Ctrl-Enter, and the verdict while a form is filled. Everything works without it.
addEventListener('keydown', event => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
    const box = document.getElementById('q');
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }
  if (event.ctrlKey && event.key === 'Enter') document.querySelector('form[data-fill] .primary')?.click();
});

const form = document.querySelector('form[data-fill][action]');
if (form) {
  let waiting = 0, asked = 0, sent = false;
  const verdict = document.getElementById('verdict');
  const ask = async () => {
    // The filler judges by itself once it is here.
    if (form.dataset.filled) return;
    const number = ++asked;
    const answer = await fetch(form.dataset.fill, { method: 'POST', body: new FormData(form) });
    if (answer.ok && number === asked && !form.dataset.filled) verdict.innerHTML = await answer.text();
  };
  form.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(ask, 150); });
  form.addEventListener('submit', () => form.dataset.filled || form.querySelector('.primary').setAttribute('aria-busy', 'true'));
}

// A signature drawn with finger, pen or mouse: kept as a path of whole points, never as a bitmap.
for (const pad of document.querySelectorAll('svg[data-sign]')) {
  const path = pad.querySelector('path');
  const field = pad.parentElement.querySelector('input[name=stroke]');
  const most = 19000;
  let drawing = false;
  const add = (letter, event) => {
    const box = pad.getBoundingClientRect();
    const x = Math.round((event.clientX - box.left) * 600 / box.width), y = Math.round((event.clientY - box.top) * 200 / box.height);
    if (field.value.length < most && x >= 0 && y >= 0) field.value += `${letter}${x} ${y}`;
    path.setAttribute('d', field.value);
  };
  pad.addEventListener('pointerdown', event => { drawing = true; pad.setPointerCapture(event.pointerId); add('M', event); });
  pad.addEventListener('pointermove', event => { if (drawing) add('L', event); });
  pad.addEventListener('pointerup', () => { drawing = false; });
  pad.parentElement.querySelector('[data-clear]').addEventListener('click', () => { field.value = ''; path.setAttribute('d', ''); });
}

// The box of the counter: results while typing; a scanner types quickly and ends with Enter, which is the form's own.
const finder = document.querySelector('form[data-find]');
if (finder) {
  let waiting = 0, asked = 0, sent = false;
  const hits = document.getElementById('hits'), fresh = document.querySelector('a[data-new]');
  // A code that may be read once is sent once: the reader's own Enter and ours are one.
  finder.addEventListener('submit', event => { clearTimeout(waiting); if (sent) event.preventDefault(); sent = true; });
  addEventListener('pageshow', () => { sent = false; });
  finder.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const number = ++asked, typed = finder.elements.q.value;
      if (/^\s*[0-9A-F]{64}:[0-9A-F]{32}\s*$/i.test(typed)) return finder.requestSubmit();
      fresh.href = '/registration/new?q=' + encodeURIComponent(typed);
      const answer = await fetch(finder.dataset.find + '?q=' + encodeURIComponent(typed));
      if (answer.ok && number === asked) hits.innerHTML = await answer.text();
    }, 120);
  });
}

// An identity number that is whole fills birth date and sex; whether it is right is the server's to say.
const numbered = document.querySelector('form[data-number]');
if (numbered) {
  numbered.elements.number.addEventListener('input', event => {
    const text = event.target.value.trim(), old = /^\d{15}$/.test(text);
    if (!old && !/^\d{17}[\dXx]$/.test(text)) return;
    const day = old ? '19' + text.slice(6, 12) : text.slice(6, 14);
    numbered.elements.birth.value = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}`;
    const sex = Number(old ? text[14] : text[16]) % 2 ? 'male' : 'female';
    numbered.querySelector(`input[name=sex][value=${sex}]`).checked = true;
  });
}

// Work that takes longer than a request: its part of the page is asked for again until it is done.
const again = () => {
  const part = document.querySelector('[data-again]');
  if (!part) return;
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { cache: 'no-store' });
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-again]');
      if (!answer.ok || !fresh) return location.assign(location.pathname);
      part.replaceWith(document.importNode(fresh, true));
    } catch { /* The line is down: asked again. */ }
    again();
  }, Number(part.dataset.again) * 1000);
};
again();

// A file that is too large is said so before it is sent over a slow line.
for (const file of document.querySelectorAll('input[type=file][data-most]')) {
  file.addEventListener('change', () => {
    file.setCustomValidity(file.files[0]?.size > Number(file.dataset.most) ? file.dataset.tooLarge : '');
    file.reportValidity();
  });
}

for (const busy of document.querySelectorAll('form[data-busy]')) {
  busy.addEventListener('submit', () => setTimeout(() => {
    const button = busy.querySelector('.primary');
    [button.disabled, button.textContent] = [true, busy.dataset.busy];
  }));
}
