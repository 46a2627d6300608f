// One test, beside whatever is shown.
let opener = null; // what had the focus before

function closeDetail() {
  go({ test: null });
  if (opener && opener.isConnected) opener.focus();
}

function showDetail({ test, view }) {
  const panel = $('detail');
  if (!test) {
    panel.hidden = true;
    panel.replaceChildren();
    return;
  }
  if (panel.hidden) opener = document.activeElement;
  const close = make('button', { type: 'button', className: 'close', 'aria-label': 'Close' }, 'Close');
  close.addEventListener('click', closeDetail);
  const kind = test.flags & flagFlaky ? 'flaky' : test.outcome;
  const commands = make('p', { className: 'commands' }, command(commandOf('repro', test)), command(commandOf('explain', test)));
  if (test.attempts.length) commands.append(command(commandOf('logs', test)));
  const also = ['slow', 'leaky'].filter((k) => isOf[k](test)).map(badge);
  panel.replaceChildren(...there([
    close, make('p', {}, badge(kind), ' ', ...also),
    make('h2', { id: 'detail-title' }, make('span', { className: 'binary' }, test.binary + ' '), ...nameParts(test.name)),
    make('p', { className: 'why' }, test.why), attemptsOf(test),
    test.attempts.length ? null : make('p', { className: 'quiet' }, 'It has not been started.'), commands,
  ]));
  panel.hidden = false;
  panel.scrollTop = 0;
  // Beside the list the focus stays there, for the keys that move in it; where it covers the list, it takes the focus.
  if (view !== 'tests' || getComputedStyle(panel).position === 'fixed') close.focus({ preventScroll: true });
}
