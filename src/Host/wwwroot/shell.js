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
