// What the page was given, unpacked.
const data = JSON.parse(document.getElementById('data').textContent);

const flagFlaky = 1, flagSlow = 2, flagLeaky = 4;
const severity = ['failed', 'timedOut', 'crashed', 'oomKilled', 'notRun', 'running', 'pending', 'flaky', 'skipped', 'passed'];
const words = { timedOut: 'timed out', oomKilled: 'out of memory', notRun: 'not run', pending: 'to come' };
const word = (outcome) => words[outcome] || outcome;

const pods = (data.pods || []).map(([name, node, cls, slots, created, scheduled, started, finished, cause, message, lost]) =>
  ({ name, node, cls, slots, created, scheduled, started, finished, cause, message, lost, attempts: [] }));

let ordinal = 0;
const tests = (data.tests || []).map(([delta, bin, name, outcome, flags, why, deciding, numbers], place) => {
  ordinal += delta;
  const t = {
    place, ordinal, name, flags, binary: data.binaries[bin], outcome: data.outcomes[outcome], why: data.whys[why], attempts: [],
  };
  for (let i = 0; i < numbers.length; i += 9) {
    const [number, ended, reason, pod, slot, start, length, cpu, memory] = numbers.slice(i, i + 9);
    const a = { test: t, number, outcome: data.outcomes[ended], why: data.whys[reason], pod, slot, start, length, cpu, memory };
    t.attempts.push(a);
    if (pod >= 0 && slot >= 0) pods[pod].attempts.push(a);
  }
  t.last = t.attempts[deciding >= 0 ? deciding : t.attempts.length - 1] || null;
  t.rank = severity.indexOf(t.flags & flagFlaky ? 'flaky' : t.outcome);
  return t;
});
const byOrdinal = new Map(tests.map((t) => [t.ordinal, t]));

// Whether a test is of a kind: an outcome, flaky, slow or leaky.
const isOf = {
  flaky: (t) => t.flags & flagFlaky,
  slow: (t) => t.flags & flagSlow,
  leaky: (t) => t.flags & flagLeaky,
};
const matches = (t, kind) => (isOf[kind] ? isOf[kind](t) : t.outcome === kind);

// Figures for people; times are microseconds, memory is KiB.
function took(us) {
  if (us < 1e3) return (us / 1e3).toFixed(1) + ' ms';
  if (us < 1e6) return Math.floor(us / 1e3) + ' ms';
  if (us < 1e7) return (us / 1e6).toFixed(2) + ' s';
  if (us < 6e7) return (us / 1e6).toFixed(1) + ' s';
  const s = Math.round(us / 1e6);
  if (s < 3600) return Math.floor(s / 60) + ' m ' + String(s % 60).padStart(2, '0') + ' s';
  return Math.floor(s / 3600) + ' h ' + String(Math.floor(s / 60) % 60).padStart(2, '0') + ' m';
}
function memory(kib) {
  if (kib < 1024) return kib + ' KiB';
  if (kib < 1048576) return (kib / 1024).toFixed(1) + ' MiB';
  return (kib / 1048576).toFixed(2) + ' GiB';
}
const number = (n) => n.toLocaleString('en');
