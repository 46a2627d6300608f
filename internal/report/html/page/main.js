// Puts all of it together: views, keys, theme.
function showView({ view }) {
  for (const v of views) $(v).hidden = v !== view;
  for (const link of $('views').querySelectorAll('a')) {
    if (link.dataset.view === view) {
      link.setAttribute('aria-current', 'page');
      $('views').scrollLeft = link.offsetLeft - 80;
    } else link.removeAttribute('aria-current');
  }
}

const themes = ['system', 'light', 'dark'];
function setTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $('theme').textContent = 'Theme: ' + theme;
  try {
    localStorage.setItem('podtest-theme', theme);
  } catch { /* a page without storage forgets it */ }
  repaint();
}
function repaint() {
  readShades();
  if (address.view === 'top') drawScatter();
  plotSoon();
}
function setUpTheme() {
  let theme = 'system';
  try {
    theme = localStorage.getItem('podtest-theme');
  } catch { /* see above */ }
  $('theme').addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    setTheme(theme);
  });
  if (!themes.includes(theme)) theme = 'system';
  setTheme(theme);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
}

// Keys that mean something anywhere but in a text.
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target === $('search');
  if (event.key === 'Escape') {
    if (typing) body.focus();
    else if (address.test) closeDetail();
    return;
  }
  const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
  const letter = event.key.length === 1;
  if (typing && (letter || event.key === 'Enter')) return;
  if (event.key === '/') {
    if (address.view !== 'tests') go({ view: 'tests' });
    $('search').focus();
    $('search').select();
  } else if (by && address.view === 'tests' && (letter || typing || body.contains(event.target))) {
    if (typing) body.focus();
    move(by);
  } else if (by && letter && address.view === 'failures') {
    stepFailure(by);
  } else if (event.key === 'Enter' && address.view === 'tests' && event.target === body && found[current]) {
    go({ test: found[current] });
  } else {
    return;
  }
  event.preventDefault();
}
function stepFailure(by) {
  const all = [...document.querySelectorAll('article.failure')];
  if (!all.length) return;
  const at = all.indexOf(document.activeElement.closest('article.failure'));
  const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'start' });
}

document.body.classList.add('js');
$('views').hidden = false;
for (const e of document.querySelectorAll('.copy, .scripted')) e.hidden = false;
document.addEventListener('click', (event) => {
  const button = event.target.closest('.copy');
  if (button) copy(button);
});
document.addEventListener('keydown', onKey);
$('scatter').addEventListener('pointermove', (event) => {
  const t = dotAt(event);
  tip(t && [t.binary + ' ' + t.name, took(t.last.length) + ' · ' + memory(t.last.memory)], event);
});
$('scatter').addEventListener('pointerleave', () => tip(null));
$('scatter').addEventListener('click', (event) => {
  const t = dotAt(event);
  if (t) go({ test: t });
});
addEventListener('resize', () => { if (address.view === 'top') drawScatter(); });
setUpList();
setUpMore();
setUpTheme();
setUpTimeline();
listeners.unshift(showView);
listeners.push(showTop, showFlaky, showDetail);
for (const listen of listeners) listen(address, null);
