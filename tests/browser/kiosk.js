// The kiosk in a browser, as somebody sees it who has never seen it before, and as somebody who breaks it.
'use strict';
const { ask, browser, fault, origin, run, serious } = require('./common.js');

const SIZES = [[360, 740], [1280, 800], [1080, 1920]];

run(async () => {
  const chromium = await browser();
  const context = await chromium.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  let refusals = 0;
  page.on('console', (message) => {
    // What is refused is told on the page.
    if (/409/.test(message.text())) refusals += 1;
    // A lane's own page asks for a daemon that is dead.
    else if (/502|MIME type/.test(message.text())) return;
    else if (message.type() === 'error' || message.type() === 'warning') fault('console: ' + message.text());
  });
  page.on('pageerror', (error) => fault(error.stack));
  const until = (what, test, argument, timeout) => page.waitForFunction(test, argument, { polling: 20, timeout: timeout || 15000 })
    .catch(async () => fault(`${what} does not come; ${await page.innerText('#lines').then((text) => text.slice(0, 600))}`));
  const card = (lane) => `[data-lane="${lane}"].lane`;
  const send = async (lane, about) => {
    if (about) {
      const value = await page.$$eval(`${card(lane)} select option`, (all, words) => all.find((one) => one.textContent.includes(words)).value, about);
      await page.selectOption(`${card(lane)} select`, value);
    }
    await page.click(`${card(lane)} .go`);
  };
  const eye = (lane, words) => until(`${lane}: ${words}`, ([place, text]) => document.querySelector(place + ' .eye').textContent.includes(text), [card(lane), words], 30000);
  const panel = (lane, words) => until(`${lane} shows ${words}`, ([place, text]) => document.querySelector(place + ' canvas').getAttribute('aria-label').includes(text), [card(lane), words]);
  const slips = (lane, count) => until(`${lane}: slip ${count}`, ([place, wanted]) => document.querySelector(place + ' .foot-line').textContent.startsWith(wanted + ' slips'), [card(lane), count]);
  const gone = (lane) => eye(lane, 'nobody stands here');
  const shot = async (name) => { if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/kiosk-${name}.png`, fullPage: true }); };
  const step = (name) => console.log(`${name} at ${Date.now() - began} ms`);
  const began = Date.now();

  // The first paint does not wait for keys; what can be clicked comes with the sandbox.
  await page.goto(origin + '/');
  const painted = await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime)).observe({ type: 'paint', buffered: true });
  }));
  console.log(`first paint after ${Math.round(painted)} ms`);
  await page.waitForSelector('.lane .go', { timeout: 60000 });
  await eye('kiosk-1', 'nobody');

  // A newcomer's path: one click at each of two lanes.
  await Promise.all([send('kiosk-1'), page.evaluate((place) => document.querySelector(place + ' .go').click(), card('gate-1'))]);
  await until('the arm goes up', () => document.querySelector('.gate.open'), null);
  await slips('kiosk-1', 1);
  await panel('kiosk-1', '签到成功');
  // Each kind of panel shows something of its own, and a lane's own page is within the page.
  const lit = (lane) => until(`${lane} is lit`, (place) => {
    const glass = document.querySelector(place + ' canvas');
    const dots = new Uint32Array(glass.getContext('2d').getImageData(0, 0, glass.width, glass.height).data.buffer);
    return dots.some((dot) => dot !== dots[0]);
  }, card(lane));
  for (const lane of ['kiosk-1', 'gate-1', 'kiosk-2']) await lit(lane);
  const own = page.frameLocator(`${card('kiosk-3')} iframe`);
  await own.locator('html[data-scene="idle"]').waitFor({ timeout: 15000 }).catch(() => fault('the lane that is a page is not within the page'));
  // Somebody else with two appointments: the first one's second is kept for the lane that is reloaded.
  await page.click(card('kiosk-3') + ' .send button:not(.go)');
  await page.fill('#who [name=name]', '李若兰');
  await page.selectOption('#who [name=booking]', 'two');
  await page.click('#who .go');
  await own.locator('#options button').nth(1).waitFor({ timeout: 20000 });
  // A page takes no touch that was meant for what stood there before.
  await page.waitForTimeout(1000);
  await own.locator('#options button').nth(1).click({ timeout: 20000 }).catch((error) => fault('nothing can be touched on the page: ' + error.message.slice(0, 200)));
  await slips('kiosk-3', 1);
  await shot('two-lanes');
  if (!(await page.innerText('#lines')).includes('the name was opened here')) fault('the story does not tell of it');
  if ((await page.innerText('#lines')).includes('张三丰')) fault('the story tells a name');
  await page.click(card('kiosk-1') + ' .tray button');
  await page.click('#paper-bytes');
  await until('bytes', () => document.getElementById('paper-wire').textContent.includes('Cut'), null);
  await page.click('#paper form button:not(#paper-bytes)');
  // What a wire said, as the device at its end read it.
  const bytes = async (lane, wire, ...words) => {
    await page.click(`${card(lane)} [data-wire=${wire}]`);
    await until(`${lane}: bytes of the ${wire}`, (all) => all.every((word) => document.getElementById('paper-wire').textContent.includes(word)), words);
    const told = await page.innerText('#paper-wire');
    if (wire !== 'panel' && told.includes('张三丰')) fault('a wire tells a name');
    await page.click('#paper form button:not(#paper-bytes)');
  };
  await bytes('kiosk-1', 'terminal', '"face_sid":"[redacted]"', '"result":"checked_in"');
  await bytes('kiosk-1', 'panel', 'set DDRAM address', 'bytes of text: 签到成功');
  await bytes('gate-1', 'panel', 'set page', 'bytes of a page\'s columns');
  await bytes('kiosk-2', 'panel', 'no wire: 800 x 480');
  await bytes('kiosk-1', 'wechat', '→ GET /v3/facemch/users/…?', 'authorization ', '← 200; ', 'real_name_info ');
  await bytes('kiosk-1', 'site', '→ POST /kiosk/check-ins', '← 200; ', ': answer admitted');
  step('a newcomer');

  // Reloaded in the middle of a visit, which goes on.
  await send('kiosk-2', 'two appointments');
  await panel('kiosk-2', 'choose');
  await page.reload();
  await page.waitForSelector('.lane .go');
  await panel('kiosk-2', 'choose');
  await page.click(`${card('kiosk-2')} .keys button:has-text("2")`);
  await slips('kiosk-2', 1);
  step('reloaded');

  // Somebody of whom nobody thought.
  await page.click(card('kiosk-2') + ' .send button:not(.go)');
  await page.fill('#who [name=name]', '龘龘');
  await page.check('#who [name=gbk]');
  await page.click('#who .go');
  await eye('kiosk-2', '龘龘');
  await slips('kiosk-2', 2);

  // Every family of faults: what it does to somebody, and that it is over when it is mended.
  const spoil = (what) => page.click(`#groups [data-what="${what}"]`);
  const slide = (what, value) => page.$eval(`#groups [data-what="${what}"] input`, (input, to) => {
    input.value = to;
    input.dispatchEvent(new Event('change'));
  }, value);
  const mend = async () => { await page.click('#mend'); await until('mended', () => !document.querySelector('#groups [aria-pressed="true"]'), null); };
  await gone('kiosk-1');
  for (const what of ['wechat-forged', 'wechat-reset', 'site-offline']) {
    await spoil(what);
    await send('kiosk-1', 'compound surname');
    await eye('kiosk-1', 'sent away');
    await shot(what);
    await mend();
    await gone('kiosk-1');
  }
  // Whose address is known is found without names.
  await spoil('wechat-dns');
  await send('kiosk-1', 'compound surname');
  await eye('kiosk-1', 'served');
  await mend();
  await gone('kiosk-1');
  await spoil('cover');
  await send('kiosk-1', 'must pay first');
  await send('kiosk-1', 'GBK');
  await panel('kiosk-1', '本机暂停服务');
  await mend();
  await panel('kiosk-1', '请正对');
  await slide('paper', 2);
  await until('paper', () => document.querySelector('.foot-line').textContent.includes('2 lines'), null);
  await mend();
  await page.selectOption('#whose', '1');
  await gone('gate-1');
  await spoil('tailgates');
  await send('gate-1', 'OAEP');
  await until('tailgating is seen', () => document.getElementById('lines').textContent.includes('Tailgated'), null);
  await mend();
  await spoil('fire');
  await panel('gate-1', '紧急情况');
  await panel('kiosk-2', 'evacuate');
  await mend();
  await panel('gate-1', '请正对');
  await gone('gate-1');
  await spoil('panel-gone');
  await send('gate-1', 'OAEP');
  await until('the panel is missed', () => document.getElementById('lines').textContent.includes('Panel D601'), null);
  await mend();
  await spoil('disk-full');
  await send('kiosk-1', 'an appointment');
  await eye('kiosk-1', 'sent away');
  await mend();
  await gone('kiosk-1');
  step('every family');

  // The daemon dies with the page open, and comes back; whoever kills it again and again keeps no lane's page from it.
  for (let times = 0; times < 7; times += 1) await page.click('button.once:has-text("kill the daemon")');
  await until('a second daemon', () => /started [2-8] times/.test(document.getElementById('daemon').textContent), null, 40000);
  const waits = await page.evaluate(() => performance.now());
  await page.evaluate(() => fetch('kiosk.css').then((answer) => answer.text()));
  const waited = await page.evaluate((since) => performance.now() - since, waits);
  if (waited > 2000) fault(`what a page asks for waits for ${Math.round(waited)} ms`);
  await until('the last daemon', () => document.getElementById('daemon').textContent.includes('started 8 times'), null, 90000);
  await own.locator('html[data-scene="idle"]').waitFor({ timeout: 30000 }).catch(() => fault('the lane that is a page does not come back'));
  await send('kiosk-1', 'mini-program');
  await eye('kiosk-1', 'served');
  step('killed');

  // What was clicked is a scenario.
  const saved = await page.evaluate(async () => (await fetch('done.toml')).text());
  if (!saved.includes('what = "wechat-forged"') || !saved.includes('act = "kill"')) fault('what was clicked is not kept: ' + saved.slice(0, 300));

  // A link is a scenario.
  await page.goto(origin + '/?scenario=answer-lost');
  await until('the scenario', () => document.getElementById('played').textContent.includes('answer-lost: as expected'), null, 40000);
  step('a link');

  const zeros = await page.$$eval('#score b', (all) => all.map((one) => one.textContent).join(' '));
  if (zeros !== '0 0 0 0') fault('the scoreboard says ' + zeros);
  if (refusals > 0) fault(refusals + ' clicks were refused');
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(200);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) fault(`${width}: ${wide} px wider than the screen`);
    (await serious(page)).forEach((one) => fault(`${width}: ${one.id}: ${one.nodes.map((node) => node.html.slice(0, 90)).slice(0, 3).join(' | ')}`));
    await shot(width);
  }
  await ask({ do: 'end' });
  await chromium.close();
});
