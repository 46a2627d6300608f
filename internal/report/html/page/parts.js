// Elements. Text only ever gets into the page as text; what is null is left out.
const $ = (id) => document.getElementById(id);
const there = (children) => children.filter((c) => c !== null && c !== undefined);
function make(tag, properties, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name in e) e[name] = value;
    else e.setAttribute(name, value);
  }
  e.append(...there(children));
  return e;
}
const dot = (kind) => make('i', { className: 'dot is-' + kind });
const badge = (kind) => make('span', { className: 'badge is-' + kind }, word(kind));

// A name in two, as the server splits it.
function selfFrom(name) {
  const i = Math.max(name.lastIndexOf('::') + 2, name.lastIndexOf('/') + 1);
  return i < 2 || i >= name.length ? 0 : i;
}
function nameParts(name) {
  const i = selfFrom(name);
  if (!i) return [make('span', { className: 'self' }, name)];
  return [make('span', { className: 'path' }, name.slice(0, i)), make('span', { className: 'self' }, name.slice(i))];
}
function quote(text) {
  return /^[-\w./:=@%+,]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'";
}
const commandOf = (verb, t) => data.command.replace('VERB', verb) + ' ' + quote(t.binary + ' ' + t.name);
function command(text) {
  const button = make('button', { type: 'button', className: 'copy' }, 'Copy');
  return make('span', { className: 'command' }, make('code', {}, text), button);
}

// Copies what stands before a button. Pages that are not secure have no clipboard; there the text is selected.
async function copy(button) {
  const code = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    if (!document.execCommand('copy')) return;
  }
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
}

function printed([name, head, dropped, tail]) {
  const cut = dropped ? make('mark', {}, number(dropped) + ' bytes cut here') : null;
  return make('figure', { className: 'printed' }, make('figcaption', {}, name), make('pre', { tabIndex: 0 }, head, cut, tail));
}
function factsOf(a) {
  const pod = pods[a.pod];
  const all = [took(a.length)];
  if (a.memory) all.push(memory(a.memory), 'CPU ' + took(a.cpu));
  if (pod) all.push('pod ' + pod.name);
  if (pod && pod.node) all.push('node ' + pod.node);
  if (a.start !== null) all.push('at +' + took(Math.max(0, a.start)));
  return make('p', { className: 'meta' }, all.join(' · '));
}

// The attempts of a test with what they printed: from the page if it is there, else from the data.
function attemptsOf(t) {
  const written = document.querySelector('#test-' + t.ordinal + ' .attempts');
  if (written) return written.cloneNode(true);
  const all = make('div', { className: 'attempts' });
  for (const a of t.attempts) {
    const kept = ((data.outputs || {})[t.ordinal] || {})[a.number];
    const parts = [factsOf(a)];
    if (kept) parts.push(...(kept.streams || [['end of its output', kept.excerpt, 0, '']]).map(printed));
    if (t.attempts.length === 1) {
      all.append(...parts);
      continue;
    }
    const title = 'attempt ' + a.number + ': ' + word(a.outcome) + (a.why ? ', ' + a.why : '');
    all.append(make('details', { open: a === t.last || Boolean(kept) }, make('summary', {}, title), ...parts));
  }
  return all;
}
const failed = (t) => !['passed', 'skipped', 'pending', 'running'].includes(t.outcome);

// A failure as the server writes one.
function failureOf(t) {
  return make('article', { className: 'failure', id: 'test-' + t.ordinal },
    make('h3', {}, badge(t.outcome), ' ', make('span', { className: 'binary' }, t.binary), ' ', ...nameParts(t.name)),
    make('p', { className: 'why' }, t.why || word(t.outcome)), attemptsOf(t),
    make('p', { className: 'commands' }, command(commandOf('repro', t)), command(commandOf('logs', t))));
}
