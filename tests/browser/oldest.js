// Every scene in Chromium 70 itself (70.0.3508, as npm's chrome-aws-lambda 1.7.0 brings it), as old face terminals have it.
// It is driven over its pipe: today's tools speak another dialect of its protocol. What is written for it is read once
// more as ES2018, so that a mistake is named by its line.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const zlib = require('zlib');
const acorn = require('acorn');
const { ask, fault, look, origin, run, SIZES } = require('./common.js');

const packed = path.join(path.dirname(require.resolve('chrome-aws-lambda/package.json')), 'bin/chromium-70.0.3508.0.br');

/** Starts it; what it says of pages is told to `heard`. */
const start = (folder, heard) => {
  const program = path.join(folder, 'chromium');
  fs.writeFileSync(program, zlib.brotliDecompressSync(fs.readFileSync(packed)), { mode: 0o755 });
  const process = spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required',
    '--disable-dev-shm-usage', '--hide-scrollbars', '--remote-debugging-pipe', '--user-data-dir=' + folder, 'about:blank'],
  { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const answers = new Map();
  let number = 0, rest = '';
  process.stdio[4].on('data', (bytes) => {
    const messages = (rest + bytes).split('\0');
    rest = messages.pop();
    messages.map((message) => JSON.parse(message)).forEach((message) => {
      if (!message.id) return heard(message);
      answers.get(message.id)(message);
      answers.delete(message.id);
    });
  });
  // Whoever waits for an answer of one that has ended is told so.
  const ended = { error: { message: 'Chromium 70 has ended' } };
  process.on('exit', () => answers.forEach((answer) => answer(ended)));
  const send = (method, params, sessionId) => new Promise((resolve, reject) => {
    number += 1;
    answers.set(number, (answer) => (answer.error ? reject(new Error(method + ': ' + answer.error.message)) : resolve(answer.result)));
    if (process.exitCode !== null || process.signalCode !== null) return reject(new Error(ended.error.message));
    process.stdio[3].write(JSON.stringify({ id: number, method, params, sessionId }) + '\0');
  });
  return { process, send };
};

run(async () => {
  acorn.parse(fs.readFileSync(path.join(__dirname, '../../src/page/assets/page.js'), 'utf8'), { ecmaVersion: 2018 });
  const { lanes, scenes } = await ask({});
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'chromium-70-'));
  const { process: chromium, send } = start(folder, ({ method, params }) => {
    if (method === 'Runtime.exceptionThrown') fault(JSON.stringify(params.exceptionDetails));
    if (method === 'Runtime.consoleAPICalled') fault(JSON.stringify(params.args));
    if (method === 'Log.entryAdded' && params.entry.level === 'error') fault(JSON.stringify(params.entry));
  });
  try {
    const { product } = await send('Browser.getVersion');
    if (!product.includes('/70.')) fault(product + ' is not Chromium 70');
    const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    const tell = (method, params) => send(method, params || {}, sessionId);
    const within = async (script) => {
      const { result, exceptionDetails } = await tell('Runtime.evaluate', { expression: script, returnByValue: true, awaitPromise: true });
      if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
      return result.value;
    };
    for (const method of ['Page.enable', 'Runtime.enable', 'Log.enable']) await tell(method);
    // What began to be heard on the page that is open.
    await tell('Page.addScriptToEvaluateOnNewDocument', { source: `window.heard = 0;
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = function () {
        this.addEventListener('playing', () => { window.heard += 1; }, { once: true });
        return play.call(this);
      };` });
    // Small type and large. The first lane speaks.
    for (const [lane, [width, height]] of [[lanes[0], SIZES[0]], [lanes[2], SIZES[1]], [lanes[7], SIZES[2]]]) {
      const place = `Chromium 70, ${lane.language} ${width}x${height}`;
      await tell('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
      await tell('Page.navigate', { url: `${origin}/lanes/${lane.name}/` });
      for (let scene = 0; scene < scenes; scene += 1) {
        const name = await ask({ scene });
        await new Promise((resolve) => setTimeout(resolve, scene === 0 ? 1500 : 120));
        const { wrong, turns, scene: shown, text } = await within(`(${look})()`);
        wrong.forEach((one) => fault(`${place}: ${name}: ${one}`));
        if (shown === 'away' || !text.trim()) fault(`${place}: ${name} does not come: ${shown}`);
        if (turns && !lane.large) fault(`${place}: ${name} has no room`);
        if (process.env.SHOTS) {
          const { data } = await tell('Page.captureScreenshot', {});
          fs.writeFileSync(`${process.env.SHOTS}/70-${name}-${width}x${height}.png`, Buffer.from(data, 'base64'));
        }
      }
      const heard = await within('window.heard');
      // One scene that comes quickly after another may cut it before it begins.
      if (lane === lanes[0] ? heard < scenes / 2 : heard > 0) fault(`${place}: ${heard} voices began`);
    }
  } finally {
    chromium.kill('SIGKILL');
    if (chromium.exitCode === null && chromium.signalCode === null) await new Promise((resolve) => chromium.on('exit', resolve));
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
});
