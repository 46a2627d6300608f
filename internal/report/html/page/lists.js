// The slowest and largest tests, and the flaky ones.
function ranked(title, figure, text, kind) {
  const top = tests.filter((t) => t.last && figure(t)).sort((a, b) => figure(b) - figure(a)).slice(0, 15);
  if (!top.length) return null;
  const list = make('ol', { className: 'ranked' });
  for (const t of top) {
    const gauge = make('span', { className: 'gauge is-' + (kind || t.outcome) });
    gauge.style.width = (100 * figure(t)) / figure(top[0]) + '%';
    const link = make('a', { href: written({ ...address, view: 'top', test: t }), title: t.binary + ' ' + t.name },
      make('span', { className: 'label' }, make('span', { className: 'binary' }, t.binary + ' '), ...nameParts(t.name)),
      make('span', { className: 'value' }, text(figure(t))), gauge);
    list.append(make('li', {}, link));
  }
  return make('div', {}, make('h3', {}, title), list);
}

function showTop({ view }) {
  if (view !== 'top') return;
  if (!$('toplists').childElementCount) {
    $('toplists').append(...[
      ranked('Slowest', (t) => t.last.length, took), ranked('Most memory', (t) => t.last.memory, memory),
      ranked('Most CPU', (t) => t.last.cpu, took),
    ].filter(Boolean));
    if (!$('toplists').childElementCount) $('toplists').append(make('p', { className: 'quiet' }, 'No test has run.'));
  }
  drawScatter();
}

function showFlaky({ view }) {
  const place = $('flakylist');
  if (view !== 'flaky' || place.childElementCount) return;
  const flaky = tests.filter(isOf.flaky);
  if (!flaky.length) {
    place.append(make('p', { className: 'quiet' }, 'No test needed more than one attempt to pass.'));
    return;
  }
  const list = make('ul', { className: 'plain' });
  for (const t of flaky.slice(0, 500)) {
    const first = t.attempts.find((a) => a !== t.last);
    list.append(make('li', {}, ...t.attempts.map((a) => make('i', { className: 'dot is-' + a.outcome, title: word(a.outcome) })),
      make('a', { href: written({ ...address, view: 'flaky', test: t }) },
        make('span', { className: 'binary' }, t.binary + ' '), ...nameParts(t.name)),
      make('span', { className: 'quiet' }, ' passed on attempt ' + t.last.number + (first && first.why ? ', first: ' + first.why : ''))));
  }
  place.append(list);
  if (flaky.length > 500) place.append(make('a', { href: '#view=tests&outcome=flaky' }, 'all ' + number(flaky.length)));
}

// The failures that the page does not hold itself, fifty at a time.
function setUpMore() {
  const more = $('more');
  if (!more) return;
  const rest = tests.filter((t) => failed(t) && t.outcome !== 'notRun').slice(Number(more.dataset.from));
  const button = make('button', { type: 'button' }, 'Show more');
  button.addEventListener('click', () => {
    more.before(...rest.splice(0, 50).map(failureOf));
    if (!rest.length) more.remove();
  });
  more.append(' ', button);
}
