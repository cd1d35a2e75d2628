// What the technician's page and the desk share: words, elements, who is logged in, what is ordered.
'use strict';
(function () {
  var words = JSON.parse(document.documentElement.dataset.words);
  var at = function (id) { return document.getElementById(id); };
  var me = null;
  var changed = function () {};

  function say(name) { return words[name] === undefined ? name : words[name]; }

  /** An element: its name with classes, its attributes, and what is within. */
  function make(name, attributes) {
    var parts = name.split('.');
    var made = document.createElement(parts[0]);
    made.className = parts.slice(1).join(' ');
    Object.keys(attributes || {}).forEach(function (key) {
      if (key === 'onclick') made.addEventListener('click', attributes[key]);
      else if (attributes[key] !== undefined && attributes[key] !== false) made.setAttribute(key, attributes[key] === true ? '' : attributes[key]);
    });
    for (var index = 2; index < arguments.length; index += 1) {
      [].concat(arguments[index]).forEach(function (child) {
        if (child === null || child === undefined || child === '') return;
        made.appendChild(typeof child === 'object' ? child : document.createTextNode(String(child)));
      });
    }
    return made;
  }

  /** Of what is well: true, false, or neither. */
  function tone(good) { return good === true ? 'good' : good === false ? 'bad' : 'warn'; }

  function tag(good, text) { return make('span.tag.' + tone(good), {}, text); }

  /** Puts something in place of what an element holds, where it is something else; a finger's or key's place stays. */
  function put(id, sign, draw) {
    var place = at(id);
    var text = JSON.stringify(sign) + (me ? me.user : '');
    if (place.dataset.sign === text) return;
    var key = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    var open = [].map.call(place.querySelectorAll('details[open]'), function (one) { return one.dataset.key; });
    place.dataset.sign = text;
    place.textContent = '';
    [].concat(draw()).forEach(function (child) { place.appendChild(child); });
    [].forEach.call(place.querySelectorAll('details'), function (one) { one.open = open.indexOf(one.dataset.key) >= 0; });
    [].forEach.call(place.querySelectorAll('[data-key]'), function (one) { if (key && one.dataset.key === key) one.focus(); });
  }

  function span(ms) {
    var seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 60) return seconds + ' ' + say('seconds');
    if (seconds < 3600) return Math.floor(seconds / 60) + ' ' + say('minutes');
    if (seconds < 86400) return Math.floor(seconds / 3600) + ' ' + say('hours');
    return Math.floor(seconds / 86400) + ' ' + say('d');
  }

  function clock(ms) {
    var time = new Date(ms);
    var two = function (number) { return (number < 10 ? '0' : '') + number; };
    return two(time.getMonth() + 1) + '-' + two(time.getDate()) + ' ' + two(time.getHours()) + ':' + two(time.getMinutes()) + ':' + two(time.getSeconds());
  }

  function send(what, body) {
    return fetch(what, { method: 'POST', credentials: 'same-origin', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  /** What came of an order, in the reader's words: `kiosk-1: closed` is a name and a word. */
  function inWords(done) {
    var text = done.told || '';
    var parts = text.split(': ');
    if (done.code) return say(parts[0]) + ': ' + done.code + ' ' + done.summary + ' · ' + done.cure;
    return words[text] || parts.concat(say(parts.pop())).join(': ');
  }

  function tell(done) {
    var told = at('told');
    var text = inWords(done);
    told.className = done.done ? 'good' : 'bad';
    told.textContent = say(done.done ? 'done' : 'failed') + (text ? ': ' + text : '');
  }

  /** Who is logged in now. */
  function look() {
    return fetch('me', { credentials: 'same-origin' }).then(function (answer) {
      return answer.status === 200 ? answer.json() : null;
    }, function () { return me; }).then(function (found) {
      me = found;
      at('user').textContent = me ? me.user : '';
      at('logout').hidden = !me;
      at('login').hidden = !!me;
      changed(me);
      return me;
    });
  }

  /** Orders something; who is not logged in does so first. */
  function order(deed) {
    at('told').textContent = '';
    if (!me) { at('login').hidden = false; at('name').focus(); return Promise.resolve(null); }
    deed.csrf = me.csrf;
    return send('do' + window.location.search, deed).then(function (answer) {
      if (answer.status === 401) return look().then(function () { at('name').focus(); return null; });
      return answer.status === 200 ? answer.json() : answer.text().then(function (text) { return { done: false, told: text }; });
    }, function () { return { done: false, told: say('busy') }; }).then(function (done) {
      if (done) tell(done);
      return done;
    });
  }

  at('login').addEventListener('submit', function (event) {
    event.preventDefault();
    var password = at('password').value;
    at('password').value = '';
    at('refused').textContent = '';
    send('login', { name: at('name').value.trim(), password: password }).then(function (answer) {
      if (answer.status === 204) return look();
      return answer.json().then(function (told) {
        at('refused').textContent = say(told.told) + (told.told === 'later' ? ' ' + told.seconds : '');
        at('password').focus();
      });
    }).catch(function () { at('refused').textContent = say('busy'); });
  });
  at('logout').addEventListener('click', function () { send('logout', {}).then(look, look); });

  window.counter = {
    at: at, say: say, make: make, tag: tag, tone: tone, put: put, span: span, clock: clock, look: look, order: order,
    user: function () { return me; },
    onChange: function (then) { changed = then; }
  };
}());
