// The kiosk in a browser. Everything that is seen comes as events; everything that is done is one act.
'use strict';
const byId = (id) => document.getElementById(id);
const make = (tag, set, ...inside) => {
  const made = Object.assign(document.createElement(tag), set);
  made.append(...inside);
  return made;
};
const PEOPLE = [
  { about: 'an appointment', name: '张三丰' },
  { about: 'compound surname', name: '欧阳若兰' },
  { about: 'two appointments', name: '王小明', booking: 'two' },
  { about: 'a character beyond GBK', name: '王䶮', gbk: true },
  { about: '25 characters', name: '阿卜杜热合曼江·买买提托合提努尔·艾力亚森柯尤木江' },
  { about: 'OAEP', name: '赵云帆', oaep: true },
  { about: 'consent comes later', name: '李想', way: 'late-consent' },
  { about: 'consent refused', name: '何必', way: 'no-consent' },
  { about: 'identity card alone', name: '燕青', way: 'card' },
  { about: 'a queue voucher', name: '无名', way: 'voucher' },
  { about: 'mini-program', name: '郑和', way: 'mini-program' },
  { about: 'too early', name: '吕梁', booking: 'early' },
  { about: 'nothing booked', name: '施工', booking: 'none' },
  { about: 'must pay first', name: '潘安', booking: 'refused' },
  { about: 'missed the call', name: '秦观', booking: 'missed' },
  { about: 'face used up', name: '吴用', wechat: 'used-up' },
  { about: 'WeChat stumbles once', name: '周全', wechat: 'stumbles' },
  { about: 'signature probe', name: '钱多多', wechat: 'probe' },
  { about: 'forged answer', name: '卫青', wechat: 'forged' },
  { about: 'no permission for names', name: '冯唐', wechat: 'no-permission' },
];
const CHOICES = {
  way: { face: 'a face', 'late-consent': 'a face, agrees later', 'no-consent': 'a face, does not agree', card: 'an identity card', voucher: 'a queue voucher', ec: 'a medical insurance code', ehealth: 'an electronic health card', 'mini-program': 'the mini-program' },
  booking: { one: 'one appointment', two: 'two appointments', missed: 'one whose call was missed', early: 'one that is later', late: 'one that is over', refused: 'one to pay for first', none: 'nothing' },
  wechat: { well: 'answers', 'no-permission': 'lacks the permission', forged: 'is forged', probe: 'probes once', stumbles: 'stumbles once', 'used-up': 'says the face is used up' },
  // An object would put numbers before what is no number, and whoever is sent would have no identity card.
  document: new Map([['', 'identity card'], ...[2, 3, 4, 5, 6, 99].map((type) => [String(type), 'type ' + type])]),
};
// Group, words, and for a quantity its unit.
const SABOTAGE = {
  'wechat-offline': ['WeChat Pay', 'unreachable'], 'wechat-main': ['WeChat Pay', 'main domain down'], 'wechat-dns': ['WeChat Pay', 'DNS gone'], 'wechat-reset': ['WeChat Pay', 'resets'], 'wechat-lost': ['WeChat Pay', 'hangs up'], 'wechat-forged': ['WeChat Pay', 'forged signature'],
  'wechat-altered': ['WeChat Pay', 'one byte altered'], 'wechat-stale': ['WeChat Pay', 'an hour old'], 'wechat-other-key': ['WeChat Pay', 'rotated key'],
  'wechat-certificate': ['WeChat Pay', 'certificate mode'], 'wechat-no-permission': ['WeChat Pay', 'no permission'], 'wechat-no-name': ['WeChat Pay', 'no name'],
  'wechat-status': ['WeChat Pay', 'answers status', ''], 'wechat-slow': ['WeChat Pay', 'answers later', 'ms'], 'wechat-drip': ['WeChat Pay', 'drips, a byte', 'ms'],
  'site-offline': ['Hospital system', 'unreachable'], 'site-dns': ['Hospital system', 'DNS gone'], 'site-reset': ['Hospital system', 'resets'], 'site-down': ['Hospital system', 'out of order'], 'site-lost': ['Hospital system', 'does it, says nothing'],
  'site-page': ['Hospital system', 'lies: a web page'], 'site-nothing': ['Hospital system', 'lies: nothing'], 'site-unheard': ['Hospital system', 'lies: “perhaps”'],
  'site-status': ['Hospital system', 'answers status', ''], 'site-slow': ['Hospital system', 'answers later', 'ms'],
  cover: ['Printer', 'cover open'], jam: ['Printer', 'cutter stuck'], heat: ['Printer', 'too hot'], 'printer-silent': ['Printer', 'never answers'],
  'printer-unplugged': ['Printer', 'unplugged'], 'printer-garbage': ['Printer', 'wrong baud rate'], paper: ['Printer', 'lines of paper left', 'lines'],
  'panel-gone': ['Panel', 'unplugged'], 'panel-hangs': ['Panel', 'bus hangs'],
  'gate-dead': ['Gate', 'does not move'], 'sensor-stuck': ['Gate', 'sensor stuck'], lingers: ['Gate', 'nobody walks'], tailgates: ['Gate', 'tailgating'], fire: ['Gate', 'fire alarm'],
  'disk-full': ['Machine', 'disk full'], 'disk-hangs': ['Machine', 'disk hangs'], 'disk-slow': ['Machine', 'slow disk', 'ms'],
};
const ONCE = [
  ['Panel', 'supply dips', (lane) => ({ act: 'dip', lane })],
  ['Machine', 'kill the daemon', () => ({ act: 'kill' })],
  ['Machine', 'power cut', () => ({ act: 'power-cut' })],
  ['Machine', 'damage the journal', () => ({ act: 'damage-journal' })],
  ['WeChat Pay', 'token revoked', () => ({ act: 'token' })],
];
const KEYS = { 'choice-1': '1', 'choice-2': '2', 'choice-3': '3', 'choice-4': '4', 'other-way': 'Other way', 'call-staff': 'Call staff' };
const SWITCHES = { maintenance: 'service key', tamper: 'case open', 'paper-low': 'paper-low sensor' };
const PANELS = { st7920: 'ST7920, 128 × 64', ssd1306: 'OLED, SSD1306', sh1106: 'OLED, SH1106', st7789: 'TFT, ST7789', ili9341: 'TFT, ILI9341',
  hdmi: 'HDMI, 800 × 480', 'hdmi-portrait': 'HDMI, 1080 × 1920', page: 'a browser’s page' };
const seen = { lanes: [] };
let sound = null;

async function give(acts) {
  const answer = await fetch('act', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(acts) });
  if (!answer.ok) byId('played').textContent = await answer.text();
  return answer.ok;
}

// A browser has six connections to a place, and a lane's own page needs one of them: clicks go one behind the other, and
// those that end the daemon by themselves, for it is a while in coming back.
const hands = { daemon: { last: Promise.resolve(), waiting: 0 }, world: { last: Promise.resolve(), waiting: 0 } };

function act(...acts) {
  const hand = acts.some((one) => ['kill', 'power-cut', 'damage-journal'].includes(one.act)) ? hands.daemon : hands.world;
  if (hand.waiting >= 32) {
    byId('played').textContent = 'too much at once';
    return Promise.resolve(false);
  }
  hand.waiting += 1;
  const done = () => { hand.waiting -= 1; };
  const given = hand.last.then(() => give(acts));
  hand.last = given.then(done, done);
  return given;
}

function options(select, choices, of) {
  select.append(...choices.map(([value, text]) => make('option', { value, textContent: text, selected: value === of })));
}

function lane(about, index) {
  const part = {};
  const people = make('select', { ariaLabel: 'Who comes to ' + about.name });
  options(people, PEOPLE.map((person, at) => [String(at), person.name.slice(0, 9) + ' – ' + person.about]));
  const send = make('button', { type: 'button', className: 'go', textContent: 'Send somebody to ' + about.name });
  send.onclick = () => {
    const { about: _, ...who } = PEOPLE[people.value];
    act({ act: 'send', lane: index, ...who });
  };
  const other = make('button', { type: 'button', textContent: 'Somebody else …' });
  other.onclick = () => { byId('who').dataset.lane = index; byId('sheet').showModal(); };
  part.eye = make('div', { className: 'eye' }, make('i'), make('span', { textContent: 'face terminal' }));
  part.glass = about.page ? page(about) : glass();
  part.lights = ['green', 'red', 'amber'].map((colour) => make('i', { className: colour, title: colour }));
  part.buzz = make('span', { className: 'buzz', textContent: '♪ buzzer' });
  part.keys = make('div', { className: 'keys' });
  const body = make('div', { className: 'body' }, part.eye, part.glass, make('div', { className: 'lights' }, ...part.lights, part.buzz), part.keys);
  const below = [];
  if (about.gate) {
    part.gate = make('div', { className: 'gate' });
    part.gate.append(arm());
    body.append(part.gate);
    const walk = (text, people, backwards) => {
      const button = make('button', { type: 'button', textContent: text });
      button.onclick = () => act({ act: 'walk', lane: index, people, backwards });
      return button;
    };
    below.push(make('div', { className: 'walks' }, walk('Walk through', 1, false), walk('Two at once', 2, false), walk('Wrong way', 1, true)));
  } else {
    part.tray = make('div', { className: 'tray' }, make('p', { textContent: 'slips come out here' }));
    body.append(make('div', { className: 'slot' }));
    below.push(part.tray);
  }
  part.facts = make('div', { className: 'foot-line' });
  part.switches = make('div', { className: 'walks' });
  const wires = ['terminal', ...(about.page ? [] : ['panel']), ...(about.gate ? [] : ['printer']), 'wechat', 'site'].map((wire) => {
    const button = make('button', { type: 'button', textContent: { wechat: 'Asked of WeChat', site: 'Asked of the site' }[wire] || `Bytes of the ${wire}` });
    button.dataset.wire = wire;
    button.onclick = () => bytes(index, wire);
    return button;
  });
  const card = make('article', { className: 'lane' }, make('h2', { textContent: about.name }, make('small', { textContent: `${about.about} · ${PANELS[about.panel] || about.panel}` })),
    make('div', { className: 'send' }, send, people, other), body, ...below, part.switches, part.facts, make('div', { className: 'walks' }, ...wires));
  card.dataset.lane = about.name;
  byId('lanes').append(card);
  byId('filter').append(make('option', { value: String(index), textContent: about.name }));
  byId('whose').append(make('option', { value: String(index), textContent: about.name }));
  seen.lanes.push({ about, part, slips: 0, held: {} });
}

function arm() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 240 128');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'gate arm');
  const rect = (set) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    for (const [name, value] of Object.entries(set)) made.setAttribute(name, value);
    svg.append(made);
  };
  rect({ x: 0, y: 116, width: 240, height: 4, fill: '#8a968f' });
  rect({ class: 'arm', x: 42, y: 54, width: 178, height: 12, rx: 6 });
  rect({ x: 26, y: 44, width: 32, height: 74, rx: 5, fill: '#39434a' });
  rect({ x: 212, y: 74, width: 18, height: 44, rx: 4, fill: '#39434a' });
  return svg;
}

function glass() {
  const canvas = make('canvas', { width: 128, height: 64 });
  canvas.setAttribute('role', 'img');
  return canvas;
}

/** The daemon's own page, as a browser on the kiosk's board has it; it is smaller here. */
function page(about) {
  const frame = make('iframe', { src: `lanes/${about.name}/`, title: 'screen of ' + about.name });
  const window = make('div', { className: 'window' }, frame);
  // A daemon that ends while the page is being loaded leaves one without its script, which nothing but we can load again.
  let bare = 0;
  setInterval(() => {
    const root = frame.contentDocument && frame.contentDocument.documentElement;
    bare = seen.up && root && (root.dataset.scene || 'away') === 'away' ? bare + 1 : 0;
    if (bare === 3) { bare = 0; frame.contentWindow.location.reload(); }
  }, 3000);
  new ResizeObserver(() => { frame.style.transform = `scale(${window.clientWidth / 480})`; }).observe(window);
  return window;
}

/** A panel's size, and what a program can read on it. */
function size(index, panel) {
  const { glass } = seen.lanes[index].part;
  if (glass.width !== panel.across || glass.height !== panel.down) Object.assign(glass, { width: panel.across, height: panel.down });
  glass.classList.toggle('fine', panel.across > 200);
  seen.lanes[index].text = panel.text;
  label(index);
}

function label(index) {
  const { part, text, scene } = seen.lanes[index];
  if (part.glass.tagName === 'CANVAS') part.glass.setAttribute('aria-label', 'panel: ' + (text ? text.join(' / ') : scene || 'dark'));
}

/** Part of a panel that shows something else now; one after the other, as they came. */
function draw(index, x, y, png) {
  const lane = seen.lanes[index];
  const bytes = Uint8Array.from(atob(png), (byte) => byte.charCodeAt(0));
  const picture = createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  lane.drawn = Promise.all([picture, lane.drawn]).then(([bitmap]) => {
    lane.part.glass.getContext('2d').drawImage(bitmap, x, y);
    bitmap.close();
  });
}

function showLane(index, now) {
  const before = seen.lanes[index];
  const { part } = before;
  const { present, waiting } = now.lobby;
  part.eye.classList.toggle('busy', !!present);
  const queue = waiting.length ? ` · ${waiting.length} waiting` : '';
  part.eye.lastChild.textContent = present ? `${present.name}: ${present.told}${queue}` : 'nobody stands here';
  part.lights.forEach((light, at) => light.classList.toggle('on', now.lamps[at]));
  part.buzz.classList.toggle('on', now.lamps[3]);
  if (sound && now.lamps[3]) beep();
  if (part.gate) part.gate.classList.toggle('open', now.gate);
  if (part.tray && now.slips > before.slips) {
    const picture = make('img', { src: `slips/${index}/${now.slips - 1}`, alt: 'the newest slip', className: 'falls' });
    const open = make('button', { type: 'button', ariaLabel: 'Look at the newest slip' }, picture);
    open.onclick = () => look(index, picture.src);
    part.tray.replaceChildren(open);
  }
  before.slips = now.slips;
  controls(index, now.inputs);
  const paper = now.paper > 60 ? 'full roll' : now.paper + ' lines of paper';
  part.facts.replaceChildren(...(part.gate
    ? [make('span', { textContent: `opened ${now.openings} times` })]
    : [make('span', { textContent: `${now.slips} slips · ${paper}${now.cover ? ' · cover open' : ''}` })]),
    make('span', { textContent: `scene ${now.scene || '–'} · ${now.wire.panel + now.wire.printer} bytes` }));
  before.held = Object.fromEntries(now.inputs);
  before.scene = now.scene;
  label(index);
}

/** Buttons to press and switches to throw, of what is wired. */
function controls(index, inputs) {
  const { part } = seen.lanes[index];
  if (!part.keys.children.length) {
    for (const kind of Object.keys(KEYS).filter((kind) => inputs.some(([wired]) => wired === kind))) {
      const key = make('button', { type: 'button', textContent: KEYS[kind] });
      key.onclick = () => act({ act: 'press', lane: index, input: kind });
      part.keys.append(key);
    }
    for (const [kind] of inputs.filter(([kind]) => SWITCHES[kind])) {
      const key = make('button', { type: 'button', textContent: SWITCHES[kind] });
      key.dataset.input = kind;
      key.onclick = () => act({ act: 'hold', lane: index, input: kind, active: !seen.lanes[index].held[kind] });
      part.switches.append(key);
    }
  }
  for (const key of part.switches.children) {
    key.setAttribute('aria-pressed', String(inputs.some(([kind, active]) => kind === key.dataset.input && active)));
  }
}

function look(index, src) {
  byId('paper-slip').src = src;
  byId('paper-slip').alt = 'slip';
  byId('paper-slip').hidden = false;
  byId('paper-wire').hidden = true;
  byId('paper-bytes').hidden = false;
  byId('paper-bytes').onclick = () => bytes(index, 'printer');
  byId('paper').showModal();
}

/** What came over a wire, as the device read it. */
async function bytes(index, wire) {
  const told = await (await fetch(`wires/${index}/${wire}`)).text();
  byId('paper-wire').textContent = told || 'nothing yet';
  byId('paper-wire').hidden = false;
  byId('paper-slip').hidden = true;
  byId('paper-bytes').hidden = true;
  if (!byId('paper').open) byId('paper').showModal();
}

const whose = () => Number(byId('whose').value || 0);

function sabotage(all) {
  const groups = new Map();
  const group = (name) => {
    if (!groups.has(name)) groups.set(name, make('fieldset', {}, make('legend', { textContent: name })));
    return groups.get(name);
  };
  for (const { what, most } of all) {
    const [name, words, unit] = SABOTAGE[what] || ['Machine', what];
    if (most === 1) {
      const button = make('button', { type: 'button', textContent: words });
      button.dataset.what = what;
      button.setAttribute('aria-pressed', 'false');
      button.onclick = () => {
        const on = button.getAttribute('aria-pressed') === 'true';
        act({ act: 'spoil', what, lane: whose(), to: on ? null : 1 });
      };
      group(name).append(button);
    } else {
      // A roll of paper is full at the end, everything else is well at the beginning.
      const full = what === 'paper';
      const slider = make('input', { type: 'range', min: 0, max: most, step: unit === '' ? 1 : Math.max(1, most / 60), value: full ? most : 0, ariaLabel: words });
      const told = make('output', { textContent: full ? 'full' : 'no' });
      const row = make('label', { className: 'slide' }, make('span', { textContent: words }), slider, told);
      row.dataset.what = what;
      row.show = (to) => {
        const well = to === undefined;
        row.classList.toggle('on', !well);
        told.textContent = well ? (full ? 'full' : 'no') : `${to} ${unit}`.trim();
        if (document.activeElement !== slider) slider.value = well ? (full ? most : 0) : to;
      };
      slider.oninput = () => { told.textContent = `${slider.value} ${unit}`.trim(); };
      slider.onchange = () => {
        const value = Math.round(Number(slider.value));
        const well = full ? value >= most : value === 0 || (unit === '' && value < 200);
        act({ act: 'spoil', what, lane: whose(), to: well ? null : value });
        slider.blur();
      };
      group(name).append(row);
    }
  }
  for (const [name, words, doing] of ONCE) {
    const button = make('button', { type: 'button', className: 'once', textContent: words });
    button.onclick = async () => {
      button.setAttribute('aria-busy', 'true');
      await act(doing(whose()));
      button.removeAttribute('aria-busy');
    };
    group(name).append(button);
  }
  const clock = make('input', { type: 'range', min: -90, max: 90, value: 0, ariaLabel: 'the clock is off' });
  const told = make('output', { textContent: 'right' });
  // Minutes near the middle, a day at the ends.
  const seconds = () => Math.sign(clock.value) * Math.round(Math.pow(Math.abs(clock.value) / 90, 3) * 86400);
  clock.oninput = () => { told.textContent = seconds() ? seconds() + ' s' : 'right'; };
  clock.onchange = () => { act({ act: 'clock', seconds: seconds() }); clock.blur(); };
  const row = make('label', { className: 'slide' }, make('span', { textContent: 'clock is off' }), clock, told);
  row.clock = (off) => {
    row.classList.toggle('on', off !== 0);
    told.textContent = off ? off + ' s' : 'right';
    if (off === 0 && document.activeElement !== clock) clock.value = 0;
  };
  group('Machine').append(row);
  seen.clock = row;
  byId('groups').append(...groups.values());
}

function showSpoilt() {
  const { list, clock } = seen.spoilt;
  const value = (what) => list.find((one) => one.what === what && (one.lane === whose() || !seen.ofLane.has(what)))?.to;
  for (const row of byId('groups').querySelectorAll('[data-what]')) {
    const to = value(row.dataset.what);
    if (row.show) row.show(to);
    else row.setAttribute('aria-pressed', String(to !== undefined));
  }
  seen.clock.clock(clock);
}

const LINES = 300;
function tell(lines) {
  const list = byId('lines');
  const filter = byId('filter').value;
  const fresh = lines.slice(-LINES).reverse().map((line) => {
    const name = line.lane === null ? '' : (seen.lanes[line.lane]?.about.name || '') + ' ';
    const row = make('li', { className: line.kind }, make('time', { textContent: (line.ms / 1000).toFixed(3) }),
      make('b', { textContent: line.kind }), make('span', { textContent: name + line.text }));
    row.dataset.lane = line.lane;
    row.hidden = filter !== '' && row.dataset.lane !== filter;
    return row;
  });
  list.prepend(...fresh);
  while (list.children.length > LINES) list.lastChild.remove();
}

let tone = 0;
function beep() {
  if (sound.currentTime < tone) return;
  tone = sound.currentTime + 0.12;
  const wave = new OscillatorNode(sound, { frequency: 2300 });
  const loud = new GainNode(sound, { gain: 0.05 });
  wave.connect(loud).connect(sound.destination);
  wave.start();
  wave.stop(tone);
}

/** What a loudspeaker would say: the first line of the panel, once. */
function say(index, panel) {
  if (!panel.text) return;
  const before = seen.lanes[index].said;
  seen.lanes[index].said = panel.text[0];
  if (!sound || !panel.text[0] || before === panel.text[0] || !window.speechSynthesis) return;
  const words = new SpeechSynthesisUtterance(panel.text[0]);
  words.lang = 'zh-CN';
  speechSynthesis.speak(words);
}

function take(now) {
  if (now.house && !seen.lanes.length) {
    now.house.lanes.forEach(lane);
    seen.ofLane = new Set(now.house.sabotage.filter((one) => one.lane).map((one) => one.what));
    sabotage(now.house.sabotage);
    options(byId('scenario'), now.house.scenarios.map((name) => [name, name]));
    document.body.dataset.state = 'ready';
    begin();
  }
  for (const [key, value] of Object.entries(now)) {
    const [what, index] = key.split('-');
    if (what === 'panel') { size(index, value); say(index, value); }
    if (what === 'lane') showLane(Number(index), value);
  }
  // A glass has its size before anything is drawn on it.
  for (const [key, value] of Object.entries(now)) {
    const [what, index, x, y] = key.split('-');
    if (what === 'part') draw(Number(index), Number(x), Number(y), value);
  }
  if (now.spoilt) { seen.spoilt = now.spoilt; showSpoilt(); }
  if (now.score) {
    for (const [name, count] of Object.entries(now.score)) {
      const place = byId('score-' + name);
      if (!place) continue;
      place.firstChild.textContent = count;
      place.classList.toggle('hit', count > 0);
    }
  }
  if (now.daemon) {
    const { up, starts } = now.daemon;
    if (starts) seen.starts = starts;
    seen.up = up;
    byId('daemon').textContent = up ? `daemon serves${seen.starts > 1 ? `, started ${seen.starts} times` : ''}` : 'daemon is down, coming back …';
    byId('daemon').className = up ? 'up' : 'down';
  }
  if (now.story) tell(now.story);
}

async function play(body) {
  byId('played').textContent = 'playing …';
  const answer = await fetch('play', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  byId('played').textContent = await answer.text();
}

/** A link may say what is to happen. */
function begin() {
  const asked = new URLSearchParams(window.location.search);
  if (asked.get('scenario')) play({ scenario: asked.get('scenario') });
  else if (asked.get('seed')) play({ seed: Number(asked.get('seed')), minutes: Number(asked.get('minutes') || 1) });
}

for (const [name, choices] of Object.entries(CHOICES)) options(byId('who').elements[name], choices instanceof Map ? [...choices] : Object.entries(choices));
byId('sheet').onclose = () => {
  if (byId('sheet').returnValue !== 'send') return;
  const form = byId('who').elements;
  const who = Object.fromEntries(['name', 'way', 'booking', 'wechat'].map((name) => [name, form[name].value]));
  const document = form.document.value ? { document: Number(form.document.value) } : {};
  act({ act: 'send', lane: Number(byId('who').dataset.lane), ...who, ...document, gbk: form.gbk.checked, oaep: form.oaep.checked });
};
byId('mend').onclick = () => act({ act: 'mend' });
byId('whose').onchange = showSpoilt;
byId('filter').onchange = () => {
  const filter = byId('filter').value;
  for (const row of byId('lines').children) row.hidden = filter !== '' && row.dataset.lane !== filter;
};
byId('sound').onclick = () => {
  sound = sound ? (sound.close(), null) : new AudioContext();
  byId('sound').textContent = sound ? 'Sound on' : 'Sound off';
  byId('sound').setAttribute('aria-pressed', String(!!sound));
};
byId('play').onclick = () => {
  const scenario = byId('scenario').value;
  window.history.replaceState(null, '', '?scenario=' + encodeURIComponent(scenario));
  play({ scenario });
};
byId('monkey').onclick = () => {
  const seed = Math.floor(Math.random() * 1e6);
  window.history.replaceState(null, '', '?seed=' + seed);
  play({ seed, minutes: 1 });
};

const events = new EventSource('events');
events.onmessage = (event) => take(JSON.parse(event.data));
events.onerror = () => { byId('daemon').textContent = 'the sandbox has ended'; byId('daemon').className = 'down'; };
// Everything comes anew on a new connection.
events.onopen = () => byId('lines').replaceChildren();
