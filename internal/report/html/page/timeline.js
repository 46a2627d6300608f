// The timeline: rows of slots below each pod, on a canvas that stays in sight while its rows scroll.
const rowTall = 18, podTall = 22, axisTall = 26;
const span = { from: 0, to: 1 }; // in sight, in microseconds
const rows = []; // { y, tall, pod, slot }
const onPath = new Set();
let gutter = 150;
let pending = 0; // a frame that is asked for

function setUpRows() {
  let y = axisTall + podTall; // the first row is the run's
  pods.forEach((pod) => {
    rows.push({ y, tall: podTall, pod, slot: -1, attempts: [] });
    y += podTall;
    const slots = Array.from({ length: pod.slots }, () => []);
    pod.until = 0;
    for (const a of pod.attempts) {
      slots[a.slot].push(a);
      pod.until = Math.max(pod.until, a.start + a.length);
    }
    slots.forEach((attempts, slot) => {
      attempts.sort((a, b) => a.start - b.start);
      rows.push({ y, tall: rowTall, pod, slot, attempts });
      y += rowTall;
    });
    y += 4;
  });
  for (const [kind, from, , , place] of data.path || []) {
    if (kind !== 'tests') continue;
    const a = tests[place].attempts.find((one) => one.start !== null && one.start + one.length > from && one.start <= from);
    if (a) onPath.add(a);
  }
  $('space').style.height = y + 8 + 'px';
}

const toX = (us, width) => gutter + ((us - span.from) / (span.to - span.from)) * (width - gutter);
const toTime = (x, width) => span.from + ((x - gutter) / (width - gutter)) * (span.to - span.from);

function plot() {
  pending = 0;
  const box = $('rows');
  const [width, height] = [box.clientWidth, Math.min(box.clientHeight || 400, box.scrollHeight)];
  if (!width) return;
  gutter = width < 600 ? 100 : 170;
  const c = fresh($('canvas'), width, height);
  $('canvas').style.marginBottom = -height + 'px';
  const top = box.scrollTop;
  c.save();
  c.beginPath();
  c.rect(0, axisTall, width, height - axisTall);
  c.clip();
  plotGrid(c, width, height);
  plotPath(c, width, top);
  for (const row of rows) {
    if (row.y + row.tall < top + axisTall || row.y > top + height) continue;
    if (row.slot < 0) plotPod(c, row, row.y - top, width);
    else plotSlot(c, row, row.y - top, width);
  }
  c.restore();
  plotAxis(c, width, height);
}
function plotSoon() {
  if (!pending) pending = requestAnimationFrame(plot);
}

function label(c, text, y, color, indent = 10) {
  let shown = text;
  while (shown.length > 3 && c.measureText(shown).width > gutter - 16) shown = '…' + shown.slice(2);
  c.fillStyle = color;
  c.textAlign = 'left';
  c.fillText(shown, indent, y);
}
function block(c, from, to, y, tall, width) {
  const x = Math.max(gutter, toX(from, width));
  const end = Math.min(width, toX(to, width));
  if (end < gutter || x > width) return;
  c.fillRect(x, y, Math.max(1, end - x), tall);
}

function marks(width, draw) {
  const step = stepOf(span.to - span.from, (width - gutter) / 85);
  for (let at = Math.ceil(span.from / step) * step; at <= span.to; at += step) draw(at, toX(at, width));
}
function plotGrid(c, width, height) {
  c.fillStyle = shades.line;
  marks(width, (at, x) => c.fillRect(Math.round(x), axisTall, 1, height));
}
function plotAxis(c, width, height) {
  c.fillStyle = shades.soft;
  c.textAlign = 'center';
  marks(width, (at, x) => c.fillText(at ? '+' + mark(at) : '0', Math.min(x, width - 24), axisTall / 2));
  c.fillStyle = shades.line;
  c.fillRect(gutter - 1, 0, 1, height);
}

function plotPath(c, width, top) {
  const y = axisTall - top;
  label(c, 'critical path', y + podTall / 2, shades.text);
  for (const [kind, from, to] of data.path || []) {
    c.fillStyle = shade(kind === 'tests' ? 'running' : kind);
    block(c, from, to, y + 6, podTall - 12, width);
  }
}
function plotPod(c, { pod }, y, width) {
  label(c, pod.name, y + podTall / 2, pod.lost ? shades.failed : shades.text);
  // The cluster tells times of pods in whole seconds: one may seem to end before its last test.
  const end = pod.finished === null ? data.length : Math.max(pod.finished, pod.until);
  const marks = [[pod.created, 'node'], [pod.scheduled, 'image'], [pod.started, 'skipped']];
  marks.forEach(([from, tone], i) => {
    if (from === null) return;
    const next = marks.slice(i + 1).map(([at]) => at).find((at) => at !== null) ?? end;
    c.fillStyle = shades[tone];
    c.globalAlpha = i === 2 ? 0.35 : 1;
    block(c, from, next, y + 8, podTall - 16, width);
    c.globalAlpha = 1;
  });
}

// Blocks that share a pixel are drawn once, unless one of them failed. Those of failed attempts are taller: colour alone
// does not tell them apart.
function plotSlot(c, { attempts, slot }, y, width) {
  label(c, 'slot ' + (slot + 1), y + rowTall / 2, shades.soft, 22);
  let drawn = -1;
  for (let i = firstIn(attempts, span.from); i < attempts.length && attempts[i].start <= span.to; i++) {
    const a = attempts[i];
    const good = a.outcome === 'passed' || a.outcome === 'skipped';
    const end = toX(a.start + a.length, width);
    const chosen = address.test === a.test;
    if (good && end < drawn + 1 && !chosen) continue;
    drawn = end;
    const x = Math.max(gutter, toX(a.start, width));
    const wide = Math.max(good ? 1 : 3, end - x - (end - x > 4 ? 1 : 0));
    c.fillStyle = shade(a.test.flags & flagFlaky && good ? 'flaky' : a.outcome);
    c.globalAlpha = good && !chosen && wide <= 60 ? 0.75 : 1; // names need the contrast
    c.fillRect(x, y + (good ? 3 : 1), wide, rowTall - (good ? 6 : 2));
    c.globalAlpha = 1;
    if (onPath.has(a) || chosen) {
      c.fillStyle = shades.text;
      c.fillRect(x, y + rowTall - (chosen ? 4 : 2), wide, chosen ? 4 : 2);
    }
    if (wide > 60) within(c, a.test.name, x + 4, y + rowTall / 2, wide - 8);
  }
}
function within(c, text, x, y, wide) {
  const room = Math.floor(wide / 6.5);
  if (text.length > room) text = text.slice(selfFrom(text));
  c.fillStyle = shades.card;
  c.textAlign = 'left';
  c.fillText(text.length > room ? text.slice(0, room - 1) + '…' : text, x, y, wide);
}
function firstIn(attempts, from) {
  let [low, high] = [0, attempts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (attempts[middle].start + attempts[middle].length < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

// What is below the pointer.
function under(event) {
  const box = $('rows').getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  if (x < gutter || y < axisTall) return null;
  const at = toTime(x, box.width);
  const row = rows.find((r) => y + $('rows').scrollTop >= r.y && y + $('rows').scrollTop < r.y + r.tall);
  if (!row) return null;
  if (row.slot < 0) return { pod: row.pod };
  const near = (2 * (span.to - span.from)) / box.width;
  const hits = row.attempts.filter((a) => a.start - near <= at && a.start + a.length + near >= at);
  const a = hits.find((one) => failed(one.test)) || hits[0];
  return a ? { attempt: a, pod: row.pod } : null;
}
function tipOf({ attempt: a, pod }) {
  if (!a) {
    const parts = [['pending', pod.created, pod.scheduled], ['starting', pod.scheduled, pod.started], ['running', pod.started, pod.finished]]
      .filter(([, from, to]) => from !== null && to !== null).map(([name, from, to]) => name + ' ' + took(to - from));
    return [pod.name + (pod.node ? ' on ' + pod.node : ''), parts.join(' · ') + (pod.lost ? ' · ' + pod.cause : '')];
  }
  return [a.test.binary + ' ' + a.test.name, [word(a.outcome), took(a.length), a.test.attempts.length > 1 ? 'attempt ' + a.number : '',
    a.memory ? memory(a.memory) : '', 'slot ' + (a.slot + 1)].filter(Boolean).join(' · ') + (onPath.has(a) ? ' · on the critical path' : '')];
}
function tip(lines, event) {
  const e = $('tip');
  e.hidden = !lines;
  if (!lines) return;
  e.replaceChildren(...lines.map((text) => make('p', {}, text.length > 300 ? text.slice(0, 300) + '…' : text)));
  e.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - e.offsetWidth - 8)) + 'px';
  e.style.top = Math.max(4, Math.min(event.clientY + 16, innerHeight - e.offsetHeight - 8)) + 'px';
}

// Zooms around a moment; pans by a time. Both stay within the run.
function zoom(by, around) {
  const wide = Math.min(data.length || 1, Math.max(100, (span.to - span.from) * by));
  const part = (around - span.from) / (span.to - span.from);
  span.from = around - wide * part;
  span.to = span.from + wide;
  pan(0);
}
function pan(us) {
  const wide = span.to - span.from;
  span.from = Math.min(Math.max(0, span.from + us), Math.max(0, (data.length || 1) - wide));
  span.to = span.from + wide;
  plotSoon();
}
function fit() {
  [span.from, span.to] = [0, data.length || 1];
  plotSoon();
}

function setUpTimeline() {
  if (!pods.length) return;
  $('chart').hidden = false;
  setUpRows();
  fit();
  const box = $('rows');
  const middle = () => (span.from + span.to) / 2;
  $('zoomin').addEventListener('click', () => zoom(0.5, middle()));
  $('zoomout').addEventListener('click', () => zoom(2, middle()));
  $('fit').addEventListener('click', fit);
  box.addEventListener('scroll', plotSoon, { passive: true });
  new ResizeObserver(plotSoon).observe(box);
  box.addEventListener('wheel', (event) => {
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(event.deltaY / 200), toTime(event.clientX - box.getBoundingClientRect().left, box.clientWidth));
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(((event.deltaX || event.deltaY) / box.clientWidth) * (span.to - span.from));
    else return;
    event.preventDefault();
  }, { passive: false });
  const keys = {
    ArrowLeft: () => pan((span.from - span.to) / 8), ArrowRight: () => pan((span.to - span.from) / 8),
    '+': () => zoom(0.6, middle()), '=': () => zoom(0.6, middle()), '-': () => zoom(1.6, middle()), 0: fit,
  };
  box.addEventListener('keydown', (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
    keys[event.key]();
    event.preventDefault();
  });
  setUpPointer(box);
  const seen = new Set(pods.flatMap((pod) => pod.attempts.map((a) => a.outcome)));
  if (tests.some(isOf.flaky)) seen.add('flaky');
  const legend = [...severity.filter((kind) => seen.has(kind)).map((kind) => [kind, word(kind)]),
    ['node', 'pod waits for a node'], ['image', 'pod pulls and starts'], ['closing', 'pod lives']];
  $('legend').append(...legend.map(([kind, text]) => make('li', {}, dot(kind), text)),
    make('li', {}, 'underlined: on the critical path'));
  listeners.push((a) => { if (a.view === 'timeline') plotSoon(); });
}

// Drag pans, a click without a drag opens the test.
function setUpPointer(box) {
  let held = null;
  const canvas = $('canvas');
  canvas.addEventListener('pointerdown', (event) => {
    held = { x: event.clientX, y: event.clientY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!held) {
      const what = under(event);
      tip(what && tipOf(what), event);
      canvas.style.cursor = what && what.attempt ? 'pointer' : '';
      return;
    }
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    held = { x: event.clientX, y: event.clientY, moved: true };
    canvas.classList.add('held');
    tip(null);
    pan((-dx / (box.clientWidth - gutter)) * (span.to - span.from));
    box.scrollTop -= dy;
  });
  canvas.addEventListener('pointerup', (event) => {
    const what = held && !held.moved ? under(event) : null;
    held = null;
    canvas.classList.remove('held');
    if (what && what.attempt) go({ test: what.attempt.test });
  });
  canvas.addEventListener('pointerleave', () => tip(null));
}
