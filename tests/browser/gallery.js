// Every scene on every size of screen, in every language and both kinds of type, in Debian's Chromium: all of it can be
// read, large type is large, axe-core finds nothing serious, and the console stays empty.
'use strict';
const { ask, browser, fault, fromDisk, look, origin, run, serious, SIZES } = require('./common.js');
const shots = process.env.SHOTS;

/** Those that axe-core looks at: each language once, each size, both kinds of type. */
const judged = (lane, size) => [[0, 0], [1, 1], [6, 2], [3, 0]].some((one) => one[0] === lane && one[1] === size);

run(async () => {
  const { lanes, scenes } = await ask({});
  const chromium = await browser();
  const open = [];
  for (const [size, [width, height]] of SIZES.entries()) {
    for (const [index, lane] of lanes.entries()) {
      // One each: a browser has six connections to a place, and each page holds one.
      const context = await chromium.newContext({ viewport: { width, height }, reducedMotion: 'reduce', bypassCSP: true });
      await fromDisk(context);
      const page = await context.newPage();
      let said = 0;
      page.on('response', (answer) => { said += Number(answer.url().includes('voice.wav') && answer.ok()); });
      const place = `${lane.language}${lane.large ? '-large' : ''} ${width}x${height}`;
      page.on('console', (message) => fault(`${place}: console: ${message.text()}`));
      page.on('pageerror', (error) => fault(`${place}: ${error.stack}`));
      await page.goto(`${origin}/lanes/${lane.name}/`);
      open.push({ said: () => said, page, place, lane, index, size, judged: judged(index, size) });
    }
  }
  for (let scene = 0; scene < scenes; scene += 1) {
    const name = await ask({ scene });
    await new Promise((resolve) => setTimeout(resolve, 150));
    const seen = new Map();
    for (const { page, place, lane, index, size } of open) {
      const shown = (name) => document.documentElement.dataset.scene === name;
      const wanted = ['uyghur', 'tibetan', 'long-name', 'long-visit'].includes(name) ? 'admitted' : name === 'eight-options' ? 'choose' : name;
      await page.waitForFunction(shown, wanted, { polling: 20, timeout: 20000 })
        .catch(() => fault(`${place}: ${name} does not come`));
      const found = await page.evaluate(look);
      found.wrong.forEach((wrong) => fault(`${place}: ${name}: ${wrong}`));
      if (name === 'failed' && found.fault !== 'N301') fault(`${place}: its code is ${found.fault}`);
      seen.set(`${size}/${index}`, found);
      if (lane.large) {
        const small = seen.get(`${size}/${index - 1}`);
        for (const [text, of] of Object.entries(found.sizes)) {
          const other = small.sizes[text];
          if (other && of < 1.5 * other - 0.05) fault(`${place}: ${name}: ${text} is ${of} px, and ${other} px else`);
        }
        const lost = small.told.filter((told) => !found.told.includes(told));
        if (lost.length > 0) fault(`${place}: ${name}: large type loses ${lost}`);
      }
      // Only what is very long.
      if (found.turns && !['long-visit', 'eight-options'].includes(name)) fault(`${place}: ${name} is turned page by page`);
      if (shots && (index < 2 || index > 5)) await page.screenshot({ path: `${shots}/${name}-${place.replace(/ /g, '-')}.png` });
    }
    for (const { page, place } of open.filter((one) => one.judged)) {
      (await serious(page, { rules: { 'color-contrast-enhanced': { enabled: true } } })).forEach((one) => {
        fault(`${place}: ${name}: ${one.id}: ${one.nodes.map((node) => node.html + ' ' + node.failureSummary).join('; ')}`);
      });
    }
  }
  for (const { said, index, place } of open) {
    // Once a scene, and by who speaks.
    if (index === 0 ? said() < scenes || said() > 2 * scenes + 2 : said() > 0) fault(`${place}: ${said()} voices`);
  }
  await chromium.close();
});
