// The list of all tests. Only rows in sight are elements.
const columns = [
  { key: 'outcome', title: 'outcome', by: (t) => t.rank },
  { key: 'binary', title: 'binary', by: (t) => t.binary },
  { key: 'test', title: 'test', by: (t) => t.name },
  { key: 'took', title: 'took', by: (t) => (t.last ? t.last.length : 0), down: true, figure: true },
  { key: 'attempts', title: '#', label: 'attempts', by: (t) => t.attempts.length, down: true, figure: true },
  { key: 'memory', title: 'memory', by: (t) => (t.last ? t.last.memory : 0), down: true, figure: true },
  { key: 'cpu', title: 'CPU', by: (t) => (t.last ? t.last.cpu : 0), down: true, figure: true },
  { key: 'pod', title: 'pod', by: (t) => (t.last && pods[t.last.pod] ? pods[t.last.pod].name : '') },
];
const head = make('div', { className: 'line head', role: 'row', 'aria-rowindex': 1 });
const space = make('div', { className: 'rows', role: 'rowgroup' });
// What has the focus is the grid, for its rows are what it points at; it owns the head, which does not scroll.
const body = make('div', { className: 'body', tabIndex: 0, role: 'grid', 'aria-label': 'Tests', 'aria-owns': 'list-head' }, space);
const table = make('div', {}, make('div', { id: 'list-head', role: 'rowgroup' }, head), body);
let found = tests;
let current = -1; // in found
let rowHeight = 34;
let asked = null; // what found was selected by
const shown = new Map(); // elements by place in found

for (const c of columns) {
  const button = make('button', { type: 'button', 'aria-label': 'Sort by ' + (c.label || c.title) }, c.title);
  button.addEventListener('click', () => {
    const [down, up] = ['-' + c.key, c.key];
    const first = c.down ? down : up;
    go({ sort: address.sort === first ? (c.down ? up : down) : first });
  });
  head.append(make('span', { className: c.key + (c.figure ? ' number' : ''), role: 'columnheader' }, button));
}

function cells(t) {
  const also = t.outcome === 'passed' ? ['flaky', 'slow', 'leaky'].filter((k) => isOf[k](t)) : [];
  const kind = t.flags & flagFlaky ? 'flaky' : also[0] || t.outcome;
  const label = also.join(', ') || word(t.outcome);
  const a = t.last;
  const pod = a && pods[a.pod];
  return [
    ['outcome', dot(kind), label], ['binary', t.binary], ['test', ...nameParts(t.name)], ['took number', a ? took(a.length) : ''],
    ['attempts number', t.attempts.length > 1 ? t.attempts.length : ''], ['memory number', a && a.memory ? memory(a.memory) : ''],
    ['cpu number', a && a.memory ? took(a.cpu) : ''], ['pod', pod ? pod.name : ''],
  ].map(([className, ...content]) => make('span', { className, role: 'gridcell' }, ...content));
}
function line(i) {
  const t = found[i];
  const row = make('div', { className: 'line', role: 'row', id: 'row-' + t.ordinal, 'aria-rowindex': i + 2, title: t.name }, ...cells(t));
  row.style.top = i * rowHeight + 'px';
  row.addEventListener('click', () => { current = i; go({ test: t }); draw(); });
  return row;
}

// Puts the rows in sight, and some around them, into the page.
function draw() {
  const from = Math.max(0, Math.floor(body.scrollTop / rowHeight) - 8);
  const to = Math.min(found.length, Math.ceil((body.scrollTop + body.clientHeight) / rowHeight) + 8);
  for (const [i, row] of shown) {
    if (i < from || i >= to) {
      row.remove();
      shown.delete(i);
    }
  }
  for (let i = from; i < to; i++) {
    if (!shown.has(i)) {
      shown.set(i, line(i));
      space.append(shown.get(i));
    }
    shown.get(i).setAttribute('aria-selected', i === current);
  }
  const row = shown.get(current);
  if (row) body.setAttribute('aria-activedescendant', row.id);
  else body.removeAttribute('aria-activedescendant');
}
function redraw() {
  for (const row of shown.values()) row.remove();
  shown.clear();
  rowHeight = body.clientWidth && $('list').clientWidth < 704 ? 52 : 34;
  space.style.height = found.length * rowHeight + 'px';
  draw();
}

// The tests that the address asks for, in its order.
function select({ q, kinds, sort }) {
  const parts = q.toLowerCase().split(/\s+/).filter(Boolean);
  found = tests.filter((t) => {
    if (kinds.length && !kinds.some((k) => matches(t, k))) return false;
    if (!parts.length) return true;
    t.text ??= (t.binary + ' ' + t.name + ' ' + t.attempts.map((a) => (pods[a.pod] || { name: '' }).name).join(' ') + ' ' + t.why).toLowerCase();
    return parts.every((p) => (p[0] === '!' && p[1] ? !t.text.includes(p.slice(1)) : t.text.includes(p)));
  });
  const column = columns.find((c) => c.key === sort.replace(/^-/, '')) || columns[0];
  const sign = sort.startsWith('-') ? -1 : 1;
  const key = new Map(found.map((t) => [t, column.by(t)]));
  found.sort((a, b) => {
    const [x, y] = [key.get(a), key.get(b)];
    return x < y ? -sign : x > y ? sign : a.place - b.place;
  });
  columns.forEach((c, i) => {
    if (c === column) head.children[i].setAttribute('aria-sort', sign < 0 ? 'descending' : 'ascending');
    else head.children[i].removeAttribute('aria-sort');
  });
}

const chips = [...severity, 'slow', 'leaky'].map((kind) => {
  const n = tests.filter((t) => matches(t, kind)).length;
  if (!n) return null;
  const chip = make('button', { type: 'button', className: 'chip is-' + kind }, dot(kind), word(kind) + ' ', make('b', {}, number(n)));
  chip.dataset.kind = kind;
  chip.addEventListener('click', () => {
    const { kinds } = address;
    go({ kinds: kinds.includes(kind) ? kinds.filter((k) => k !== kind) : [...kinds, kind] });
  });
  return chip;
}).filter(Boolean);

function showList(a) {
  if (a.view !== 'tests') return;
  const ask = [a.q, a.sort, ...a.kinds].join(' ');
  const same = ask === asked;
  asked = ask;
  for (const chip of chips) chip.setAttribute('aria-pressed', a.kinds.includes(chip.dataset.kind));
  if (document.activeElement !== $('search')) $('search').value = a.q;
  if (!same) {
    select(a);
    $('found').textContent = found.length === tests.length ? number(tests.length) + ' tests'
      : number(found.length) + ' of ' + number(tests.length);
    body.setAttribute('aria-rowcount', found.length + 1);
    body.scrollTop = 0;
    current = -1;
  }
  $('nothing').hidden = found.length > 0;
  if (a.test) {
    current = found.indexOf(a.test);
    if (!same) scrollToCurrent();
  }
  redraw();
}
function scrollToCurrent() {
  if (current < 0) return;
  const top = current * rowHeight;
  if (top < body.scrollTop) body.scrollTop = top;
  if (top + rowHeight > body.scrollTop + body.clientHeight) body.scrollTop = top + rowHeight - body.clientHeight;
}

// Moves the selection; with a test open, the other one is opened instead.
function move(by) {
  if (!found.length) return;
  current = Math.min(found.length - 1, Math.max(0, current + by));
  scrollToCurrent();
  draw();
  if (address.test) go({ test: found[current] }, true);
}

function setUpList() {
  $('chips').append(...chips);
  $('list').append(table, make('p', { className: 'nothing', id: 'nothing', hidden: true }, tests.length ? 'No test is like that.' : 'The run has no tests.'));
  body.addEventListener('scroll', draw, { passive: true });
  body.addEventListener('focus', () => { if (current < 0) move(1); });
  new ResizeObserver(redraw).observe(body);
  let typing = false;
  $('search').addEventListener('input', () => {
    go({ q: $('search').value }, typing);
    typing = true;
  });
  $('search').addEventListener('blur', () => { typing = false; });
  listeners.push(showList);
}
