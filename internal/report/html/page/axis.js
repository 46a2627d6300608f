// What both drawings share: colours of the theme, sharp lines, marks of an axis.
const shades = {};
function readShades() {
  const probe = make('span', {});
  document.body.append(probe);
  for (const name of ['page', 'card', 'sunk', 'text', 'soft', 'line', 'focus', 'passed', 'failed', 'timedOut', 'crashed',
    'oomKilled', 'flaky', 'skipped', 'running', 'listing', 'node', 'image', 'worker']) {
    probe.style.color = 'var(--' + name + ')';
    shades[name] = getComputedStyle(probe).color;
  }
  probe.remove();
}
const shade = (outcome) => shades[outcome] || shades.skipped;

// The context of a canvas that is so large in the page, cleared.
function fresh(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = width + 'px';
  canvas.style.height = height + 'px';
  const c = canvas.getContext('2d');
  c.scale(scale, scale);
  c.font = '12px system-ui, sans-serif';
  c.textBaseline = 'middle';
  return c;
}

const mark = (us) => took(us).replace(/\.0+ /, ' ');

// A step of 1, 2 or 5 times a power of ten of which about so many fit.
function stepOf(range, fit) {
  const rough = range / Math.max(1, fit);
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((n) => n * power >= rough) || 10);
}

// Each test by duration and memory, both on scales of powers of ten.
const dots = [];
function drawScatter() {
  const canvas = $('scatter');
  const ran = tests.filter((t) => t.last && t.last.memory && t.last.length);
  $('spread').hidden = !ran.length;
  dots.length = 0;
  if (!ran.length) return;
  const [width, height] = [canvas.parentElement.clientWidth, 320];
  const c = fresh(canvas, width, height);
  const box = { left: 70, right: width - 20, top: 10, bottom: height - 30 };
  const scaleOf = (figure, from, to) => {
    let [least, most] = [Infinity, -Infinity];
    for (const t of ran) {
      least = Math.min(least, figure(t));
      most = Math.max(most, figure(t));
    }
    const [low, high] = [Math.log10(least) - 0.1, Math.log10(most) + 0.1];
    return { low, high, at: (v) => from + ((to - from) * (Math.log10(v) - low)) / (high - low) };
  };
  const x = scaleOf((t) => t.last.length, box.left, box.right);
  const y = scaleOf((t) => t.last.memory, box.bottom, box.top);
  c.fillStyle = shades.soft;
  c.strokeStyle = shades.line;
  for (let p = Math.ceil(x.low); p <= x.high; p++) {
    c.textAlign = 'center';
    c.fillText(mark(10 ** p), x.at(10 ** p), height - 14);
    c.strokeRect(x.at(10 ** p), box.top, 0, box.bottom - box.top);
  }
  for (let p = Math.ceil(y.low / Math.log10(4)); p * Math.log10(4) <= y.high; p++) {
    c.textAlign = 'right';
    c.fillText(memory(4 ** p).replace(/\.0+ /, ' '), box.left - 8, y.at(4 ** p));
    c.strokeRect(box.left, y.at(4 ** p), box.right - box.left, 0);
  }
  c.globalAlpha = ran.length > 2000 ? 0.45 : 0.75;
  for (const t of [...ran].sort((a, b) => b.rank - a.rank)) {
    const d = { t, x: x.at(t.last.length), y: y.at(t.last.memory) };
    dots.push(d);
    c.fillStyle = shade(t.outcome);
    c.beginPath();
    if (failed(t)) c.rect(d.x - 3.5, d.y - 3.5, 7, 7);
    else c.arc(d.x, d.y, 3, 0, 7);
    c.fill();
  }
}
function dotAt(event) {
  let best = null;
  let least = 100;
  for (const d of dots) {
    const far = (d.x - event.offsetX) ** 2 + (d.y - event.offsetY) ** 2;
    if (far <= least) [best, least] = [d.t, far];
  }
  return best;
}
