// The address holds what is shown: view, text, outcomes, order, test. Everything is drawn from it.
const views = ['failures', 'tests', 'top', 'flaky', 'timeline', 'run'];
const listeners = [];

function readAddress() {
  const p = new URLSearchParams(location.hash.slice(1));
  const kinds = (p.get('outcome') || '').split(',').filter(Boolean);
  let view = p.get('view');
  if (!views.includes(view)) view = p.get('q') !== null || kinds.length ? 'tests' : 'failures';
  return { view, q: p.get('q') || '', kinds, sort: p.get('sort') || '', test: byOrdinal.get(Number(p.get('test') ?? -1)) || null };
}
let address = readAddress();

function written(a) {
  const p = new URLSearchParams();
  if (a.view !== 'failures') p.set('view', a.view);
  if (a.q) p.set('q', a.q);
  if (a.kinds.length) p.set('outcome', a.kinds.join(','));
  if (a.sort) p.set('sort', a.sort);
  if (a.test) p.set('test', a.test.ordinal);
  return '#' + p.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/');
}

// Goes to another address; while somebody types it replaces the last one, so that Back leads out of the search.
function go(change, replace) {
  const to = written({ ...address, ...change });
  if (to === written(address)) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  arrived();
}
function arrived() {
  const before = address;
  address = readAddress();
  for (const listen of listeners) listen(address, before);
}
addEventListener('hashchange', arrived);
addEventListener('popstate', arrived);
