// The technician's page: shows what the daemon tells once a second.
'use strict';
(function () {
  var c = window.counter;
  var at = c.at, say = c.say, make = c.make, tag = c.tag;
  var seen = null;
  var heard = 0;

  function button(key, text, deed, first) {
    return make('button' + (first ? '.first' : ''), { type: 'button', 'data-key': key, onclick: function () { c.order(deed()); } }, text);
  }

  function list(pairs) {
    return make('dl', {}, [].concat.apply([], pairs.filter(Boolean).map(function (pair) {
      return [make('dt', {}, pair[0]), make('dd', {}, pair[1])];
    })));
  }

  function modeOf(lane, mode) { return function () { return { do: 'lane', lane: lane, mode: mode }; }; }

  function exercise(lane, device) { return function () { return { do: 'exercise', lane: lane, device: device }; }; }

  function partOf(of) {
    if (typeof of === 'string') return say(of);
    if (of.device) return say('device-' + of.device);
    if (of.certificate) return say('certificate');
    return say('thread') + ' ' + of.thread;
  }

  /** The way from what is wrong to service again. */
  function guide(ailment, lane) {
    var device = ailment.of.device;
    var key = lane + ailment.code;
    if (!lane) return null;
    if (device === 'printer' || device === 'paper') {
      return make('ol', {}, make('li', {}, say('step-paper')),
        make('li', {}, button(key + 'slip', say('test-slip'), exercise(lane, 'slip'), true)),
        make('li', {}, button(key + 'open', say('open'), modeOf(lane, 'normal'))));
    }
    if (device === 'panel') {
      return make('ol', {}, make('li', {}, button(key + 'maintain', say('maintain'), modeOf(lane, 'maintenance'))),
        make('li', {}, say('step-panel'), ' ', button(key + 'panel', say('test-panel'), exercise(lane, 'panel'))),
        make('li', {}, button(key + 'open', say('open'), modeOf(lane, 'normal'))));
    }
    if (device === 'gate') {
      return make('ol', {}, make('li', {}, button(key + 'maintain', say('maintain'), modeOf(lane, 'maintenance'))),
        make('li', {}, say('step-gate'), ' ', button(key + 'gate', say('test-gate'), exercise(lane, 'gate'))),
        make('li', {}, button(key + 'open', say('open'), modeOf(lane, 'normal'))));
    }
    if (device === 'terminal') return make('ol', {}, make('li', {}, say('step-terminal')));
    if (ailment.of === 'lane') return make('div.row', {}, button(key + 'open', say('open'), modeOf(lane, 'normal'), true));
    return null;
  }

  function repairs(told) {
    var all = told.status.ailments;
    c.put('repairs', all, function () {
      if (all.length === 0) return make('p.card.good', {}, say('nothing-to-mend'));
      return all.map(function (one) {
        var text = told.codes[one.code] || {};
        var where = [one.lane, one.merchant ? say('merchant') + ' ' + one.merchant : '', one.system || '', partOf(one.of)].filter(Boolean).join(' · ');
        return make('div.card.' + (one.of === 'lane' ? 'warn' : 'bad'), { 'data-code': one.code },
          make('h3', {}, make('span', {}, one.code + ' ' + text.summary), make('span', {}, where)),
          make('p', {}, say('cure') + ': ' + text.cure),
          one.since ? make('p.note', {}, say('since') + ' ' + c.clock(one.since)) : null,
          guide(one, one.lane));
      });
    });
  }

  /** What stands on the panel, but for what is the person's. */
  function picture(shown) {
    if (!shown) return null;
    var hidden = ['name', 'number', 'details'].filter(function (what) { return shown[what]; }).map(function (what) {
      return make('span.hidden', {}, '＊＊＊ ' + say('hidden-' + what));
    });
    if (shown.options) hidden.push(make('span.hidden', {}, shown.options + ' ' + say('hidden-options')));
    return make('figure.glass', {}, make('figcaption', {}, say('picture')), make('b', {}, shown.headline), hidden,
      shown.advice ? make('span', {}, shown.advice) : null, shown.code ? make('small', {}, shown.code) : null);
  }

  function laneCard(told, lane) {
    var name = lane.lane;
    var modes = lane.modes.map(function (mode) { return say('mode-' + mode.mode); });
    var visits = lane.results.map(function (one) { return say('result-' + one.result) + ' ' + one.count; }).join(' · ');
    var devices = lane.devices.map(function (one) {
      var code = one.fault || one.last;
      return make('li', {}, say('device-' + one.device) + ' ', tag(!one.fault, one.fault ? one.fault : say('well')),
        ' ' + (code && told.codes[code] ? told.codes[code].summary : '') + ' · ' + say('since') + ' ' + c.clock(one.since) + ' · ' + say('failures') + ' ' + one.failures);
    });
    var key = 'lane' + name;
    var tests = make('details', { 'data-key': key + 'tests' }, make('summary', { 'data-key': key + 'summary' }, say('exercise')),
      make('p.note', {}, say('exercise-note')),
      make('div.row', {}, button(key + 'slip', say('test-slip'), exercise(name, 'slip')), button(key + 'panel', say('test-panel'), exercise(name, 'panel')),
        button(key + 'gate', say('test-gate'), exercise(name, 'gate')), button(key + 'voice', say('test-voice'), exercise(name, 'voice'))),
      make('p', {}, say('test-signal')),
      make('div.row', {}, ['ready', 'success', 'retry', 'denied', 'fault'].map(function (signal) {
        return button(key + signal, say('signal-' + signal), exercise(name, signal));
      })));
    return make('div.card.' + (lane.serves ? 'good' : 'bad'), { 'data-lane': name },
      make('h3', {}, make('span', {}, name), tag(lane.serves, lane.serves ? say('serves') : say('closed') + ' ' + (lane.closed_by || ''))),
      list([
        [say('shows'), say('scene-' + lane.scene) + (modes.length ? ' (' + modes.join(', ') + ')' : '')],
        [say('terminals'), String(lane.terminals.connected) + (lane.terminals.heard ? ' · ' + say('heard') + ' ' + c.clock(lane.terminals.heard) : '')],
        lane.viewers === null || lane.viewers === undefined ? null : [say('viewers'), String(lane.viewers)],
        lane.paper_low ? [say('device-paper'), tag(null, say('paper-low'))] : null,
        visits ? [say('visits'), visits] : null
      ]),
      picture(lane.picture),
      devices.length ? make('ul', {}, devices) : null,
      make('div.row', {}, button(key + 'open', say('open'), modeOf(name, 'normal')), button(key + 'close', say('close'), modeOf(name, 'closed')),
        button(key + 'maintain', say('maintain'), modeOf(name, 'maintenance'))),
      tests);
  }

  function contact(of, more) {
    if (!of) return [say('never-asked')].concat(more || []).join(' · ');
    var text = (of.failed ? say('not-answered') + ' ' + of.failed : say('answered')) + ' ' + c.clock(of.at);
    return [tag(!of.failed, text)].concat((more || []).map(function (one) { return ' · ' + one; }));
  }

  function peers(told) {
    var status = told.status;
    c.put('peers', [status.wechat, status.weixin, status.site, status.sites, status.site_passed_over], function () {
      var rows = status.wechat.map(function (one, index) {
        var more = [];
        if (one.permission) more.push(say(one.permission.granted ? 'granted' : 'not-granted'));
        if (one.domain === 'backup') more.push(say('backup-domain'));
        if (one.offset) more.push(one.offset + ' ' + say('ahead'));
        return [say('wechat') + (status.wechat.length > 1 ? ' ' + (index + 1) : ''), contact(one.contact, more)];
      });
      if (status.weixin) rows.push([say('weixin'), contact(status.weixin)]);
      if (status.sites) status.sites.forEach(function (one) { rows.push([say('site') + ' ' + one.name, contact(one)]); });
      else rows.push([say('site'), contact(status.site)]);
      return list(rows);
    });
    c.put('took', told.durations, function () {
      return ['lookup', 'check-in', 'visit'].map(function (name) {
        var buckets = told.durations[name];
        var before = 0;
        var most = 1;
        var counts = buckets.map(function (one) { var own = one[1] - before; before = one[1]; most = Math.max(most, own); return own; });
        return make('div.card', {}, make('h3', {}, make('span', {}, say(name)), make('span', {}, String(before))), counts.map(function (count, index) {
          var bound = buckets[index][0];
          var bar = make('i', {});
          bar.style.width = Math.round(100 * count / most) + '%';
          var text = bound === null ? '> ' + buckets[index - 1][0] / 1000 : '≤ ' + bound / 1000;
          return make('div.bar', {}, make('span', {}, text + ' ' + say('seconds')), bar, make('span', {}, String(count)));
        }));
      });
    });
  }

  function rest(told) {
    var status = told.status;
    c.put('keys', status.certificates, function () {
      if (status.certificates.length === 0) return make('p', {}, say('no-certificates'));
      return list(status.certificates.map(function (one) {
        var good = one.days < 0 ? false : one.days < 30 && one.kind !== 'platform' ? null : true;
        return [say('of-' + one.kind) + ' ' + one.number, tag(good, one.days + ' ' + say('days'))];
      }));
    });
    var journal = status.journal;
    var late = status.workers.filter(function (one) { return one.late; }).map(function (one) { return one.thread + (one.lane ? ' ' + one.lane : '') + ' ' + say('hangs'); });
    var mib = function (bytes) { return (bytes / 1048576).toFixed(1) + ' MiB'; };
    c.put('machine', [Math.floor(status.uptime / 60), Math.floor(status.at / 10000), journal, late], function () {
      return list([
        [say('version'), status.version.join('.')], [say('uptime'), c.span(status.uptime * 1000)], [say('clock'), c.clock(status.at)],
        [say('journal'), mib(journal.bytes) + ' / ' + mib(journal.max_bytes) + ' · ' + say('waiting') + ' ' + journal.waiting + ' · ' + say('outbox') + ' ' + journal.outbox + (journal.failures ? ' · ' + say('not-written') + ' ' + journal.failures : '') + (journal.fault ? ' · ' + journal.fault : '')],
        [say('threads'), late.length ? tag(false, late.join(', ')) : tag(true, say('well'))]
      ]);
    });
    c.put('faults', told.faults, function () {
      if (told.faults.length === 0) return make('p', {}, say('no-faults'));
      return make('div.scroll', {}, make('table.stack', {},
        make('thead', {}, make('tr', {}, ['when', 'where', 'code', 'what', 'cure'].map(function (name) { return make('th', { scope: 'col' }, say(name)); }))),
        make('tbody', {}, told.faults.map(function (one) {
          return make('tr', {}, make('td', {}, c.clock(one.at)), make('td', {}, one.lane || ''), make('td', {}, one.code),
            make('td', {}, told.codes[one.code].summary, make('div.note', {}, one.error)), make('td', {}, one.cure));
        }))));
    });
  }

  function draw() {
    if (!seen) return;
    var status = seen.status;
    var word = status.stopping ? 'stopping' : status.ready ? 'ready' : 'degraded';
    c.put('state', word, function () { return tag(word === 'ready', say(word)); });
    repairs(seen);
    c.put('lanes', [status.lanes, Object.keys(seen.codes)], function () { return status.lanes.map(function (lane) { return laneCard(seen, lane); }); });
    peers(seen);
    rest(seen);
  }

  function listen() {
    var source = new EventSource('events' + window.location.search);
    source.onmessage = function (event) {
      heard = Date.now();
      at('away').hidden = true;
      seen = JSON.parse(event.data);
      draw();
    };
    source.addEventListener('log', function (event) {
      var log = at('log');
      var stays = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
      var lines = log.textContent.split('\n').filter(Boolean).concat(JSON.parse(event.data));
      log.textContent = lines.slice(-300).join('\n');
      if (stays) log.scrollTop = log.scrollHeight;
    });
    source.onerror = function () {
      at('away').hidden = false;
      // Whoever closes for good does not come again by itself.
      if (source.readyState === 2) { source.close(); window.setTimeout(listen, 1000); }
    };
    source.onopen = function () { at('log').textContent = ''; c.look(); };
  }

  window.setInterval(function () { if (heard && Date.now() - heard > 4000) at('away').hidden = false; }, 1000);
  at('reload').addEventListener('click', function () { c.order({ do: 'reload' }); });
  c.onChange(draw);
  listen();
}());
