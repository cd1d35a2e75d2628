// Shows a lane's scenes as they come. Nothing of one is kept when the next has come: not here, not in the page, not in
// the browser's history or cache. Nothing here is newer than Chromium 70 (ES2018).
'use strict';
(() => {
  const root = document.documentElement;
  const at = (id) => document.getElementById(id);
  // Who says nothing for so long is away: three seconds, less what it takes to notice.
  const AWAY = 2600;
  const AGAIN = 1000;
  // A finger that was on its way to the scene before touches nothing.
  const GUARD = 500;
  const TURN = 4000;
  // The least part of its size that type yields so that large type has room on one page.
  const YIELDS = 0.7;
  const away = { scene: 'away', tone: 'bad', pictogram: 'closed', headline: at('headline').textContent,
    advice: at('advice').textContent, lines: [], options: [] };
  // The texts that have shorter forms.
  const voice = new Audio();
  let saidLast = null;
  let forms = { headline: away.headline, advice: away.advice, short: away };
  let source, silence, again, wipe, count, turning, shownAt = 0, token = null;

  const segmenter = window.Intl && Intl.Segmenter ? new Intl.Segmenter(root.lang, { granularity: 'word' }) : null;

  // Lines are broken between words, where the browser knows them. It takes 签到 for two: what it leaves of single hanzi stays
  // together, and so do 屏幕上 and numbers, but for the 二 of 王*二. A point ends a line and begins none.
  const joined = (before, last, segment) => /[第一二三四五六七八九十百零〇]$/.test(before) ||
    /^[上下里裡內内中外前后後]$/.test(segment) || /^[^·]$/u.test(last) && /^[^您请請]$/u.test(segment);
  const parts = (before, last, segment) => /[\u2e80-\uffef·]$/.test(before) && !/[（「『《“‘〔【]$/.test(before) &&
    (before.includes('*') || !joined(before, last, segment));
  const write = (element, words) => {
    // 08:00-12:00 stands on one line.
    const text = words.replace(/(\d)-(?=\d)/g, '$1\u2060-\u2060');
    element.textContent = '';
    element.classList.toggle('words', segmenter !== null);
    const segments = segmenter === null ? [{ segment: text }] : segmenter.segment(text);
    let before = '', last = '';
    for (const { segment, isWordLike } of segments) {
      if (isWordLike && parts(before, last, segment)) element.appendChild(document.createElement('wbr'));
      element.appendChild(document.createTextNode(segment === '·' ? '\u2060·' : segment));
      before += segment;
      last = segment;
    }
    return element;
  };

  const put = (id, text) => {
    const element = write(at(id), text || '');
    element.hidden = !text;
    return element;
  };

  // Without a language a reader's voice and the fonts take it for the page's own.
  const scripts = [[/[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]/, 'ug'], [/[\u0f00-\u0fff]/, 'bo'],
    [/[\u1800-\u18af]/, 'mn'], [/[\ua000-\ua4cf]/, 'ii'], [/[\uac00-\ud7af]/, 'ko']];
  const speak = (element, text) => {
    const script = scripts.find((one) => one[0].test(text || ''));
    if (script) element.lang = script[1]; else element.removeAttribute('lang');
    return element;
  };

  const line = (text) => {
    const item = speak(document.createElement('li'), text);
    item.dir = 'auto';
    return write(item, text);
  };

  const button = (what, label, key) => {
    const made = document.createElement('button');
    made.type = 'button';
    if (key) made.appendChild(document.createElement('kbd')).textContent = key;
    const text = made.appendChild(speak(document.createElement('span'), label));
    text.dir = 'auto';
    write(text, label);
    made.addEventListener('click', () => touch(what));
    return made;
  };

  const touch = (what) => {
    if (performance.now() - shownAt < GUARD || token === null) return;
    const all = at('options').querySelectorAll('button');
    const enable = (enabled) => all.forEach((one) => { one.disabled = !enabled; });
    enable(false);
    fetch('touch', { method: 'POST', credentials: 'same-origin', cache: 'no-store',
      headers: { 'content-type': 'application/json' }, body: JSON.stringify(Object.assign({ token }, what)) })
      .then((answer) => enable(!answer.ok), () => enable(true));
  };

  const fill = (list, items) => {
    list.textContent = '';
    items.forEach((item) => list.appendChild(item));
    list.hidden = items.length === 0;
  };

  // The largest type for which everything has room; in large type one and a half times of it, come what may.
  const fit = () => {
    const scene = at('scene');
    const overflows = () => scene.scrollHeight > scene.clientHeight + 1 || scene.scrollWidth > scene.clientWidth + 1;
    const words = (texts) => ['headline', 'advice'].forEach((id) => write(at(id), texts[id] || ''));
    const set = (crowded, turns, size) => {
      root.dataset.crowded = crowded;
      root.dataset.turns = turns;
      root.style.fontSize = size + 'px';
    };
    const [wide, high] = [window.innerWidth, window.innerHeight];
    const most = wide < high ? Math.min(wide / 20, high / 26) : Math.min(wide / 30, high / 17);
    const least = Math.min(most, 12);
    clearInterval(turning);
    words(forms);
    turned().forEach((place) => {
      place.scrollTop = 0;
      boxes(place).forEach(({ one }) => one.classList.remove('half'));
    });
    let size = most;
    // Both kinds of type are measured as the small one, so that one is the other's one and a half.
    const large = root.dataset.large;
    root.dataset.large = 'false';
    let crowded = false;
    set(crowded, false, size);
    if (overflows()) {
      let low = least, high = most;
      for (let step = 0; step < 6; step += 1) {
        const middle = (low + high) / 2;
        set(crowded, false, middle);
        if (overflows()) high = middle; else low = middle;
      }
      size = low;
      set(crowded, false, size);
      crowded = overflows();
    }
    // No word of ours is broken, in large type either.
    const breaks = (size) => {
      root.dataset.large = root.dataset.whole = 'true';
      set(crowded, false, size);
      const broken = ['headline', 'advice'].some((id) => at(id).scrollWidth > at(id).clientWidth + 1);
      root.dataset.large = root.dataset.whole = 'false';
      return broken;
    };
    while (size > least && breaks(size * 1.5)) size = Math.max(least, size * 0.96);
    // With everything on one page, without the picture and in fewer words if need be; nobody reads a headline of four lines.
    const ways = (crowded) => [[forms, crowded], [forms, true], [forms.short, crowded], [forms.short, true]];
    const lays = (crowded, size) => ways(crowded).some(([texts, without]) => {
      words(texts);
      set(without, false, size);
      return !overflows() && (texts === forms.short || at('headline').clientHeight < 8 * size);
    });
    // Sooner smaller type, in both kinds, than a page that large type has to turn to.
    root.dataset.large = 'true';
    let one = size;
    while (one > size * YIELDS && one > least && !lays(false, one * 1.5)) one *= 0.96;
    if (lays(false, one * 1.5)) size = one;
    root.dataset.large = large;
    size = large === 'true' ? size * 1.5 : size;
    if (lays(crowded, size)) return;
    set(true, true, size);
    trim();
    turning = setInterval(turn, TURN);
  };

  // To the first line that is not seen whole, and at the end to the beginning.
  const turn = () => {
    for (const place of turned()) {
      const { top, bottom } = place.getBoundingClientRect();
      const hidden = boxes(place).map(({ box }) => box)
        .filter((box) => box.height > 0 && box.bottom > bottom + 1 && box.top > top + 1).map((box) => box.top);
      place.scrollTop = hidden.length > 0 ? place.scrollTop + Math.min(...hidden) - top : 0;
    }
    trim();
  };

  const turned = () => [at('said'), at('options')];
  const boxes = (place) => [...place.querySelectorAll('h1, p, li, button')]
    .map((one) => ({ one, box: one.getBoundingClientRect() }));

  // Half a line is none: it stands on the next page, or stood on the one before.
  const trim = () => turned().forEach((place) => {
    const { top, bottom } = place.getBoundingClientRect();
    boxes(place).forEach(({ one, box }) => {
      const within = box.top > top - 1 && box.bottom < bottom + 1;
      one.classList.toggle('half', root.dataset.turns === 'true' && !within && box.height < bottom - top);
    });
  });

  // What is said of a scene is said once. A scene that says nothing lets what is being said come to its end, and so does
  // one that asks for the start button.
  const say = (what) => {
    if (!what) voice.onended = null;
    if (!what || what.number === saidLast) return;
    saidLast = what.number;
    const begin = () => {
      voice.onended = null;
      voice.volume = Math.min(what.percent / 100, 1);
      voice.src = 'voice.wav?' + what.number;
      const playing = voice.play();
      // A browser that lets nothing be heard before a touch shows it all the same.
      if (playing) playing.catch(() => {});
    };
    if (what.waits && !voice.paused && !voice.ended) voice.onended = begin; else begin();
  };

  // A clock that nobody sets shows nothing.
  const tellTime = (time) => { at('time').textContent = time || ''; };

  const countDown = (scene) => {
    clearInterval(count);
    const counts = Boolean(scene.seconds);
    at('wait').hidden = !counts;
    at('seconds').hidden = !counts;
    if (!counts) return;
    const whole = Math.max(scene.left_ms, 1);
    const until = performance.now() + whole;
    const tell = () => {
      const left = Math.max(until - performance.now(), 0);
      at('seconds').textContent = scene.seconds.replace('{n}', String(Math.ceil(left / 1000)));
      at('left').style.width = (100 * left / whole) + '%';
      if (left === 0) clearInterval(count);
    };
    tell();
    count = setInterval(tell, 1000);
  };

  const show = (scene) => {
    shownAt = performance.now();
    token = scene.token || null;
    root.dataset.scene = scene.scene;
    root.dataset.tone = scene.tone;
    forms = { headline: scene.headline, advice: scene.advice, short: scene.short || scene };
    root.classList.toggle('asks', scene.options.length > 0);
    at('drawing').setAttribute('href', '#' + scene.pictogram);
    at('said').setAttribute('aria-live', scene.scene === 'evacuate' ? 'assertive' : 'polite');
    put('headline', scene.headline);
    put('number', scene.number);
    speak(put('name', scene.name), scene.name);
    fill(at('lines'), scene.lines.map(line));
    put('advice', scene.advice);
    put('fault', scene.code);
    at('qr').hidden = !scene.qr;
    at('head').hidden = Boolean(scene.qr);
    at('dark').setAttribute('d', scene.qr ? scene.qr.path : '');
    if (scene.qr) at('modules').setAttribute('viewBox', '0 0 ' + scene.qr.side + ' ' + scene.qr.side);
    const options = scene.options.map((one) => button({ option: one.option }, one.label, String(one.option)));
    if (scene.other_way) options.push(button({ other_way: true }, scene.other_way));
    fill(at('options'), options);
    countDown(scene);
    say(scene.say);
    fit();
    tellTime(scene.time);
    clearTimeout(wipe);
    if (scene === away) voice.removeAttribute('src');
    // Should the next scene not come, whoever stood here has gone all the same.
    if (scene.name) wipe = setTimeout(() => show(away), Math.min(scene.left_ms === null ? 60000 : scene.left_ms, 60000) + 1500);
  };

  const hear = () => {
    clearTimeout(silence);
    silence = setTimeout(() => show(away), AWAY);
    tryAgain(AWAY + AGAIN);
  };

  const tryAgain = (after) => {
    clearTimeout(again);
    again = setTimeout(connect, after);
  };

  const connect = () => {
    if (source) source.close();
    const mine = new EventSource('events');
    source = mine;
    tryAgain(AWAY + AGAIN);
    mine.onmessage = (event) => {
      hear();
      const scene = JSON.parse(event.data);
      if (scene.edition !== root.dataset.edition && performance.now() > 2000) {
        clear();
        window.location.reload();
      } else {
        show(scene);
      }
    };
    mine.addEventListener('beat', (event) => {
      hear();
      tellTime(event.data);
    });
    mine.onerror = () => {
      mine.close();
      tryAgain(AGAIN);
    };
  };

  const clear = () => {
    [silence, again, wipe].forEach(clearTimeout);
    if (source) source.close();
    token = null;
    ['name', 'number', 'lines', 'options'].forEach((id) => put(id, ''));
  };

  document.addEventListener('keydown', (event) => {
    const key = [...at('options').querySelectorAll('kbd')].find((one) => one.textContent === event.key);
    if (key) key.parentNode.click();
  });
  window.addEventListener('resize', fit);
  window.addEventListener('pagehide', clear);
  window.addEventListener('pageshow', (event) => { if (event.persisted) window.location.reload(); });
  if (document.fonts && document.fonts.ready) document.fonts.ready.then(fit);
  fit();
  connect();
})();
