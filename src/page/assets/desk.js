// The triage desk: what became of whom, today's counts, the lanes.
'use strict';
(function () {
  var c = window.counter;
  var at = c.at, say = c.say, make = c.make, tag = c.tag, tone = c.tone;
  var posted = [];

  function get(what) {
    return fetch(what, { credentials: 'same-origin' }).then(function (answer) {
      at('away').hidden = true;
      if (answer.status === 401) { c.look(); return null; }
      return answer.status === 200 ? answer.json() : null;
    }, function () { at('away').hidden = false; return null; });
  }

  function visitCard(visit, codes) {
    var result = visit.undone ? 'annulled' : visit.result || 'open';
    var good = result === 'checked_in' || result === 'already' || result === 're_queued' ? true : result === 'unknown' || result === 'open' || result === 'annulled' ? null : false;
    var code = visit.code && codes[visit.code];
    return make('div.card.' + tone(good), { 'data-session': visit.session },
      make('h3', {}, make('span', {}, visit.number || visit.session), tag(good, say('result-' + result))),
      visit.place ? make('p', {}, visit.place) : null,
      make('p', {}, c.clock(visit.at) + ' · ' + visit.lane + (visit.slip ? ' · ' + say('slip') + ' ' + say('slip-' + visit.slip) : '') + (visit.gate ? ' · ' + say('gate') + ' ' + say('gate-' + visit.gate) : '')),
      visit.why ? make('p', {}, say('why-' + visit.why)) : null,
      code ? make('p', {}, visit.code + ' ' + code.summary + ' · ' + code.cure) : visit.code ? make('p', {}, visit.code) : null,
      make('p.note', {}, say('reference') + ' ' + visit.session),
      make('div.row', {},
        visit.undoable ? make('button', { type: 'button', 'data-key': 'undo' + visit.session, onclick: function () {
          if (window.confirm(say('undo-sure') + ' ' + (visit.number || visit.session))) c.order({ do: 'undo', session: visit.session }).then(again);
        } }, say('undo')) : null,
        visit.number ? make('button', { type: 'button', 'data-key': 'reprint' + visit.session, onclick: function () { c.order({ do: 'reprint', session: visit.session }); } }, say('reprint')) : null));
  }

  function find() {
    var which = at('which').value.trim();
    if (!which) return Promise.resolve();
    return get('visit?of=' + encodeURIComponent(which)).then(function (told) {
      var found = at('found');
      if (!told) return;
      found.textContent = '';
      if (told.visits.length === 0) found.appendChild(make('p.card.warn', {}, say('nobody')));
      told.visits.forEach(function (visit) { found.appendChild(visitCard(visit, told.codes)); });
    });
  }

  function today() {
    return get('today').then(function (told) {
      if (!told) return;
      c.put('today', told.counts, function () {
        var names = Object.keys(told.counts);
        if (names.length === 0) return make('p', {}, say('none-today'));
        return names.map(function (name) { return make('div.card', {}, make('p.big', {}, String(told.counts[name])), make('p', {}, say('result-' + name))); });
      });
      c.put('unknown', told.unknown, function () {
        if (told.unknown.visits.length === 0) return make('p.card.good', {}, say('none-unknown'));
        return told.unknown.visits.map(function (visit) { return visitCard(visit, told.unknown.codes); });
      });
    });
  }

  function lanes() {
    return get('lanes').then(function (told) {
      if (!told) return;
      c.put('lanes', told, function () {
        posted = told.lanes;
        choose();
        return told.lanes.map(function (lane) {
          var mode = function (word) { return function () { c.order({ do: 'lane', lane: lane.lane, mode: word }).then(lanes); }; };
          return make('div.card.' + (lane.serves ? 'good' : 'bad'), { 'data-lane': lane.lane },
            make('h3', {}, make('span', {}, lane.lane), tag(lane.serves, say(lane.serves ? 'serves' : 'closed'))),
            lane.hours ? make('p', {}, say('open') + ' ' + lane.hours) : null,
            lane.zh || lane.en ? make('p.note', {}, [lane.zh, lane.en].filter(Boolean).join(' · ')) : null,
            lane.summary ? make('p', {}, lane.closed_by + ' ' + lane.summary) : null,
            make('div.row', {}, make('button', { type: 'button', 'data-key': 'open' + lane.lane, onclick: mode('normal') }, say('open')),
              make('button', { type: 'button', 'data-key': 'close' + lane.lane, onclick: mode('closed') }, say('close'))));
        });
      });
    });
  }

  /** The lanes to choose from, and what stands there. */
  function choose() {
    c.put('lane', posted.map(function (lane) { return lane.lane; }), function () {
      return [make('option', { value: '' }, say('every-lane'))].concat(posted.map(function (lane) { return make('option', { value: lane.lane }, lane.lane); }));
    });
    if (!at('post').dataset.lane) fill();
  }

  /** What stands for the chosen lane, or for all of them alike: what is posted next is in place of it. */
  function fill() {
    var chosen = at('lane').value;
    var of = posted.filter(function (lane) { return !chosen || lane.lane === chosen; });
    at('post').dataset.lane = chosen || '*';
    ['hours', 'zh', 'en'].forEach(function (what) {
      var first = (of[0] && of[0][what]) || '';
      at(what).value = of.every(function (lane) { return (lane[what] || '') === first; }) ? first : '';
    });
  }

  function post(deed) {
    if (at('lane').value) deed.lane = at('lane').value;
    c.order(deed).then(lanes);
  }

  function again() { return Promise.all([find(), today(), lanes()]); }

  at('lane').addEventListener('change', fill);
  at('post').addEventListener('submit', function (event) { event.preventDefault(); });
  at('set-hours').addEventListener('click', function () { post({ do: 'hours', hours: at('hours').value }); });
  at('set-notice').addEventListener('click', function () { post({ do: 'notice', zh: at('zh').value, en: at('en').value }); });
  at('find').addEventListener('submit', function (event) { event.preventDefault(); find(); });
  at('reconcile').addEventListener('submit', function (event) {
    event.preventDefault();
    c.order({ do: 'reconcile', theirs: Number(at('theirs').value) }).then(function (done) {
      at('told').textContent = '';
      if (!done || !done.done) return;
      var both = JSON.parse(done.told);
      var difference = both.ours - both.theirs;
      at('difference').textContent = say('ours') + ' ' + both.ours + ' · ' + say('their') + ' ' + both.theirs + ' · ' +
        (difference === 0 ? say('equal') : say('differs') + ' ' + (difference > 0 ? '+' : '') + difference);
    });
  });
  c.onChange(function (me) {
    at('inside').hidden = !me;
    if (me) { again(); } else { ['found', 'unknown', 'today', 'lanes', 'lane'].forEach(function (id) { at(id).textContent = ''; delete at(id).dataset.sign; }); at('difference').textContent = ''; delete at('post').dataset.lane; }
  });
  window.setInterval(function () { if (c.user() && !document.hidden) { today(); lanes(); } }, 10000);
  c.look();
}());
