// The technician's page and the desk in a browser: paper runs out and is mended, a slip's reference is looked up, a wrong
// password waits, a reload and a daemon that dies are survived; nothing serious for whoever uses a keyboard or a reader.
'use strict';
const path = require('path');
const { ask, browser, fault, origin, run, serious, SIZES } = require('./common.js');

const desk = 'http://127.0.0.1:' + process.argv[3] + '/desk/';

run(async () => {
  const chromium = await browser();
  const context = await chromium.newContext({ viewport: { width: 800, height: 480 }, locale: 'zh-CN' });
  const page = await context.newPage();
  page.on('console', (message) => { if (!/ERR_|Failed to load resource/.test(message.text())) fault('console: ' + message.text()); });
  page.on('pageerror', (error) => fault(error.stack));
  const axe = async (what) => {
    (await serious(page)).forEach((one) => fault(`${what}: ${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(' ')}`));
  };
  const shot = async (name, page) => {
    for (const [width, height] of [...SIZES, [1280, 800]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(100);
      if (process.env.SHOTS) await page.screenshot({ path: path.join(process.env.SHOTS, `${name}-${width}.png`), fullPage: width !== 1080 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 0) fault(`${name} at ${width} is ${wide} px too wide`);
    }
    await page.setViewportSize({ width: 800, height: 480 });
  };
  const sees = (text, within, on) => (on || page).waitForFunction((wanted) => document.body.innerText.replace(/\u2060/g, '').includes(wanted), text, { polling: 50, timeout: within || 6000 })
    .catch(() => fault('does not show: ' + text));
  const logIn = async (name, password) => {
    await page.fill('#name', name);
    await page.fill('#password', password);
    await page.press('#password', 'Enter');
  };

  // A lane whose page nobody opens is to be mended.
  const panel = await context.newPage();
  panel.on('pageerror', (error) => fault(error.stack));
  await panel.goto(`${origin}/lanes/kiosk-1/`);
  await page.bringToFront();
  await page.goto(`${origin}/technician/`);
  await sees('没有需要处理的问题');
  await shot('technician-well', page);
  await ask({ do: 'paper', left: 0 });
  const picture = page.locator('[data-lane=kiosk-1] .glass');
  const idle = await picture.innerText();
  await ask({ do: 'face', sid: 'sid-1' });
  // What the person reads, and of what is theirs that it stands there.
  await picture.locator('.hidden').first().waitFor({ timeout: 6000 }).catch(() => fault('the picture hides nothing'));
  const shown = await picture.innerText();
  if (shown === idle || !shown.includes('＊＊＊ 姓名') || shown.includes('王')) fault('the picture shows ' + shown);
  await shot('technician-picture', page);
  await sees('P702', 10000);
  await shot('technician-paper', page);
  await axe('technician');

  // Five actions at most: log in, new paper, test slip.
  await page.click('[data-code=P702] button');
  await logIn('zhao', 'guess');
  await sees('账号或密码不对');
  await logIn('zhao', 'battery staple');
  await page.waitForSelector('#logout:not([hidden])');
  await ask({ do: 'refill' });
  let actions = 1;
  await page.click('[data-code=P702] button', { timeout: 3000 }).then(() => { actions += 1; }, () => {});
  await sees('没有需要处理的问题', 10000);
  await page.click('[data-lane=kiosk-1] summary');
  await page.click('[data-lane=kiosk-1] details button');
  actions += 2;
  await sees('完成');
  await page.waitForSelector('[data-lane=kiosk-1] .tag.good', { timeout: 6000 }).catch(() => fault('the lane does not serve'));
  if (actions > 5) fault(`${actions} actions`);
  await page.reload();
  await page.waitForSelector('#logout:not([hidden])').catch(() => fault('after a reload nobody is logged in'));

  // The daemon dies with the page open.
  await ask({ do: 'kill' });
  await sees('守护进程没有应答', 8000);
  await ask({ do: 'start' });
  await page.waitForFunction(() => document.getElementById('away').hidden, null, { polling: 50, timeout: 15000 }).catch(() => fault('the page does not come back'));
  await page.goto(`${origin}/technician/?lang=en`);
  await sees('Nothing is to be mended');

  // The desk.
  await page.goto(desk);
  await axe('desk, nobody');
  await logIn('wang', 'correct horse');
  await page.waitForSelector('#inside:not([hidden])').catch(() => fault('nobody is let in at the desk'));
  const slip = await ask({ do: 'slip' });
  const since = Date.now();
  await page.fill('#which', slip);
  await page.press('#which', 'Enter');
  await page.waitForSelector('#found .card[data-session]', { timeout: 2000 }).catch(() => fault('the slip is not found within two seconds'));
  console.log(`found after ${Date.now() - since} ms`);
  await page.fill('#theirs', '9');
  await page.press('#theirs', 'Enter');
  await sees('相差');
  await axe('desk');
  await shot('desk', page);

  // Hours and a notice, as whoever comes reads them.
  const post = async (hours) => { await page.fill('#hours', hours); await page.click('#set-hours'); };
  await post('8-17');
  await sees('时间请写成 08:00-12:00 13:30-17:00，最多四段');
  await post('00:00-12:00 12:00-00:00');
  await sees('完成: 已发布');
  await sees('00:00-12:00 12:00-00:00', 6000, panel);
  await page.selectOption('#lane', 'kiosk-1');
  await page.fill('#zh', '今日口腔科停诊，请改约其他日期');
  await page.fill('#en', 'No dentist today');
  await page.click('#set-notice');
  await sees('今日口腔科停诊', 6000, panel);
  await shot('panel-open', panel);
  await shot('desk-posted', page);
  await axe('desk, posted');
  const hour = (later) => String((new Date().getUTCHours() + 8 + later) % 24).padStart(2, '0') + ':00';
  await post(`${hour(12)}-${hour(13)}`);
  await sees('不在开放时间', 6000, panel);
  await sees(`${hour(12)}-${hour(13)}`, 6000, panel);
  await shot('panel-closed', panel);
  await panel.close();
  await page.reload();
  await page.waitForSelector('#lane option[value="kiosk-1"]', { state: 'attached' });
  await page.selectOption('#lane', 'kiosk-1');
  await page.waitForFunction((hours) => document.getElementById('hours').value === hours, `${hour(12)}-${hour(13)}`, { polling: 50, timeout: 6000 })
    .catch(() => fault('what stands is not what is to be changed'));
  await page.click('#logout');
  await page.waitForSelector('#inside', { state: 'hidden' }).catch(() => fault('whoever left is still in'));
  for (let times = 0; times < 3; times += 1) { await logIn('wang', 'guess' + times); await sees('账号或密码不对'); await page.waitForTimeout(700); }
  await logIn('wang', 'correct horse');
  await sees('失败次数过多');
  await logIn('zhao', 'battery staple');
  await page.waitForSelector('#inside:not([hidden])').catch(() => fault('somebody else waits, too'));
  await chromium.close();
});
