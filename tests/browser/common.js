// What the scripts share: questions to the test that runs them, a browser, and what must be so of a page.
'use strict';
const readline = require('readline');

const lines = readline.createInterface({ input: process.stdin });
const waiting = [];
lines.on('line', (line) => waiting.shift()(JSON.parse(line)));

/** Asks the test; one question at a time. */
exports.ask = (question) => new Promise((resolve) => {
  waiting.push(resolve);
  process.stdout.write('ask ' + JSON.stringify(question) + '\n');
});

exports.origin = 'http://127.0.0.1:' + process.argv[2];

exports.SIZES = [[360, 640], [800, 480], [1080, 1920]];

const faults = [];
exports.fault = (text) => { faults.push(text); console.log('FAULT ' + text); };

/** Runs a script to its end, and says so. */
exports.run = (script) => {
  const ended = (code) => { lines.close(); process.exit(code); };
  script().then(() => ended(faults.length === 0 ? 0 : 1), (error) => { console.log(error.stack); ended(1); });
};

exports.browser = () => require('playwright-core').chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});

const axe = require('fs').readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds serious on a page, whatever the page's own policy lets in. */
exports.serious = async (page, options) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((chosen) => window.axe.run(chosen), options || {});
  return violations.filter((one) => ['serious', 'critical'].includes(one.impact));
};

/** With FROM_DISK=1 what a page loads is what lies in the sources now, whatever was compiled in. */
exports.fromDisk = async (context) => {
  if (!process.env.FROM_DISK) return;
  for (const name of ['page.css', 'page.js']) {
    await context.route('**/' + name, (route) => route.fulfill({ path: require('path').join(__dirname, '../../src/page/assets', name) }));
  }
};

/** What is wrong with what a page shows, and how large its texts are; runs within the page. */
exports.look = () => {
  const wrong = [];
  const root = document.documentElement;
  const scene = document.getElementById('scene');
  const turns = root.dataset.turns === 'true';
  const sizes = {};
  if (scene.scrollWidth > scene.clientWidth + 1) wrong.push('wider than the screen');
  if (scene.scrollHeight > scene.clientHeight + 1) wrong.push('higher than the screen');
  for (const id of ['headline', 'advice']) {
    const texts = document.createTreeWalker(document.getElementById(id), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const words = /[A-Za-z]+/g;
      for (let word = words.exec(texts.currentNode.data); word; word = words.exec(texts.currentNode.data)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) wrong.push(word[0] + ' is broken');
      }
    }
  }
  // Whether it went well, in the colour that every other glass has for it.
  const colours = { calm: '--plain', good: '--good', bad: '--bad' };
  const rgb = (colour) => { const probe = document.createElement('i'); probe.style.color = colour; scene.appendChild(probe); const seen = getComputedStyle(probe).color; probe.remove(); return seen; };
  const wanted = rgb('var(' + colours[root.dataset.tone] + ')');
  if (getComputedStyle(document.getElementById('headline')).backgroundColor !== wanted) wrong.push('a ' + root.dataset.tone + ' scene is not ' + wanted);
  const time = document.getElementById('time').textContent;
  if (!/^[0-2][0-9]:[0-5][0-9]$/.test(time)) wrong.push('the time is ' + time);
  if (!document.getElementById('brand').textContent) wrong.push('nobody knows whose kiosk it is');
  for (const one of document.querySelectorAll('h1, p, li, button, #qr')) {
    if (one.classList.contains('half')) continue;
    const box = one.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    const what = one.id || one.tagName + ' ' + one.textContent;
    const text = one.textContent.trim();
    if (box.left < -1 || box.right > window.innerWidth + 1) wrong.push(what + ' is cut at the side');
    if (one.scrollWidth > one.clientWidth + 2) wrong.push(what + ' is wider than its place');
    if (!turns && (box.top < -1 || box.bottom > window.innerHeight + 1)) wrong.push(what + ' is cut');
    if (one.id === 'qr' && Math.min(box.width, box.height) < 120) wrong.push('the code is ' + box.width + ' px');
    if (text) sizes[one.id + '/' + text] = parseFloat(window.getComputedStyle(one).fontSize);
  }
  if (turns && document.getElementById('headline').getBoundingClientRect().bottom > window.innerHeight) {
    wrong.push('the headline is cut');
  }
  if (turns) {
    for (const place of [document.getElementById('said'), document.getElementById('options')]) {
      const whole = place.getBoundingClientRect();
      for (const one of place.querySelectorAll('p, li, button')) {
        const box = one.getBoundingClientRect();
        const seen = box.height > 0 && box.height < whole.height && box.bottom > whole.top + 1 && box.top < whole.bottom - 1;
        const parted = box.bottom > whole.bottom + 2 || box.top < whole.top - 2;
        if (seen && parted && !one.classList.contains('half')) wrong.push(one.textContent + ' is half seen');
      }
    }
  }
  const told = [...scene.querySelectorAll('#number, #name, li, button span')].map((one) => one.textContent);
  return { wrong, sizes, turns, scene: root.dataset.scene, text: scene.innerText, told, fault: document.getElementById('fault').textContent };
};
