// What a page does beyond being a page: Ctrl-K, Ctrl-Enter, and the verdict while a form is filled. Everything works without it.
addEventListener('keydown', event => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
    const box = document.getElementById('q');
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }
  if (event.ctrlKey && event.key === 'Enter') document.querySelector('form[data-fill] .primary')?.click();
});

const form = document.querySelector('form[data-fill]');
if (form) {
  let waiting = 0, asked = 0;
  const verdict = document.getElementById('verdict');
  const ask = async () => {
    const number = ++asked;
    const answer = await fetch(form.dataset.fill, { method: 'POST', body: new FormData(form) });
    if (answer.ok && number === asked) verdict.innerHTML = await answer.text();
  };
  form.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(ask, 150); });
  form.addEventListener('submit', () => form.querySelector('.primary').setAttribute('aria-busy', 'true'));
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
