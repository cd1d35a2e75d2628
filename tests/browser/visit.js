// A visit at a running daemon: by touch, over a reload, a new style sheet, and a daemon that dies in the middle of it.
'use strict';
const { ask, browser, fault, origin, run } = require('./common.js');

const place = `${origin}/lanes/kiosk-1/`;

run(async () => {
  const chromium = await browser();
  const context = await chromium.newContext({ viewport: { width: 800, height: 480 } });
  const page = await context.newPage();
  // A daemon that is killed is no mistake of the page's.
  page.on('console', (message) => { if (!/ERR_|Failed to load resource/.test(message.text())) fault('console: ' + message.text()); });
  page.on('pageerror', (error) => fault(error.stack));
  const shows = async (scene, within) => {
    const since = Date.now();
    await page.waitForFunction((wanted) => document.documentElement.dataset.scene === wanted, scene, { polling: 20, timeout: within || 5000 })
      .catch(async () => fault(`${scene} does not come, but ${await page.evaluate(() => document.documentElement.outerHTML.slice(0, 200))}`));
    return Date.now() - since;
  };
  const holds = async (...texts) => {
    const all = await page.evaluate(() => document.documentElement.outerHTML + JSON.stringify(window.localStorage) + JSON.stringify(window.sessionStorage));
    return texts.some((text) => all.includes(text));
  };
  const kept = async () => page.evaluate(async () => (await caches.keys()).length + (await navigator.serviceWorker.getRegistrations()).length + window.history.length);

  await page.goto(place);
  await shows('idle');
  const status = await ask({ do: 'status' });
  if (status.lanes[0].viewers !== 1 || status.lanes[1].viewers !== null) fault('who looks: ' + JSON.stringify(status.lanes));

  // Another way in, by touch; it stands for its time.
  await page.waitForTimeout(600);
  await page.click('#options button');
  await shows('other_way');
  if (!(await page.isVisible('#qr'))) fault('no code is shown');

  // A choice by touch. A finger that comes at once was on its way before.
  await ask({ do: 'face', sid: 'sid-page-1' });
  await shows('choose');
  await page.click('#options button:nth-child(1)');
  await page.waitForTimeout(600);
  if ((await page.evaluate(() => document.documentElement.dataset.scene)) !== 'choose') fault('a finger that came too early counted');
  await page.reload();
  await shows('choose', 2000);
  await page.waitForTimeout(600);
  await page.keyboard.press('2');
  await shows('admitted');
  if (!(await holds('5楼 眼科'))) fault('what was touched is not what came of it');
  if (!(await holds('王*明'))) fault('no name is shown');
  await page.reload();
  await shows('admitted', 2000);
  if (!(await holds('王*明'))) fault('after a reload no name is shown');
  await shows('idle', 6000);
  if (await holds('王*明', '王小明', 'A001')) fault('somebody who has gone is still in the page');
  if (page.url() !== place) fault(page.url());

  // Another style sheet of the site's.
  await ask({ do: 'css' });
  await page.waitForFunction(() => getComputedStyle(document.querySelector('h1')).letterSpacing === '3px', null, { polling: 50, timeout: 5000 })
    .catch(() => fault('the new style sheet is not worn'));
  await shows('idle');

  // The daemon dies while somebody stands there.
  await ask({ do: 'face', sid: 'sid-page-2' });
  await shows('admitted');
  await ask({ do: 'kill' });
  const took = await shows('away', 4000);
  if (took > 3000) fault(`away is said after ${took} ms`);
  if (await holds('李*', '李四')) fault('the name of whoever stood there is still in the page');
  const text = await page.innerText('#scene');
  if (!text.includes('本机暂停服务') || !text.includes('请到')) fault('who is away says: ' + text);
  await page.waitForTimeout(2500);
  await ask({ do: 'start' });
  console.log(`away after ${took} ms, back after ${await shows('idle', 6000)} ms`);
  if ((await kept()) > 2) fault('something is kept');
  await chromium.close();
});
