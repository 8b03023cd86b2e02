// SPDX-License-Identifier: Apache-2.0
'use strict';
'require view';
'require securebox.gateway as gateway';
'require securebox.page as page';
'require securebox.words as words';

/* Seconds. */
const AGAIN = 10;
/* Events kept in the page. */
const MAX_EVENTS = 500;
const LEVELS = [ 'debug', 'info', 'warn', 'error' ];

/*
 * Asks for the newest event known as well: when it does not come back as it was, the gateway began anew and counts from 1 again.
 * `known`: the events so far, oldest first. Resolves to the events then.
 */
function newer(known) {
	const last = known[known.length - 1];
	if (!last)
		return gateway.events(0).then((answer) => (answer.events || []).slice(-MAX_EVENTS));
	return gateway.events(last.sequence - 1).then((answer) => {
		const events = answer.events || [];
		const same = events[0] && events[0].sequence == last.sequence && events[0].time == last.time;
		return same ? known.concat(events.slice(1)).slice(-MAX_EVENTS) : newer([]);
	});
}

function fieldText(fields) {
	return Object.keys(fields).map((name) => '%s=%s'.format(name, fields[name])).join(' ');
}

/* The two ends of a flow, when the event is about one that did not pass. */
function endsOf(event) {
	const fields = event.fields || {};
	return fields.from && fields.to ? { a: fields.from, b: fields.to, service: fields.service } : null;
}

function row(event) {
	const ends = endsOf(event);
	return [
		[ E('span', { 'style': 'white-space:nowrap' }, [ words.time(event.time) ]) ],
		[ words.level(event.level) ],
		[ event.event ],
		[ E('span', { 'style': 'overflow-wrap:anywhere' }, [ fieldText(event.fields || {}) ]) ],
		ends ? [ page.link(_('Why?'), 'why', ends) ] : []
	];
}

return view.extend({
	load: function() {
		return gateway.settle(newer([]));
	},

	render: function(first) {
		let known = [];
		const top = E('div'), list = E('div');
		const filter = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'placeholder': _('Filter'), 'aria-label': _('Filter'), 'input': () => draw() });
		const level = E('select', { 'class': 'cbi-input-select', 'aria-label': _('Least level'), 'style': 'width:auto', 'change': () => draw() }, LEVELS.map((each) => E('option', { 'value': each, 'selected': each == 'info' ? true : null }, [ words.level(each) ])));
		const visible = (event) => LEVELS.indexOf(event.level) >= LEVELS.indexOf(level.value) && (event.event + ' ' + fieldText(event.fields || {})).toLowerCase().indexOf(filter.value.trim().toLowerCase()) >= 0;
		const draw = () => page.replace(list, [ page.table([ _('Time'), _('Level'), _('Event'), _('Details'), '' ], known.filter(visible).reverse().map(row), _('No events.')) ]);
		const show = (settled) => {
			page.replace(top, page.failure(settled));
			known = settled.answer || known;
			draw();
		};
		page.follow(AGAIN, first, () => newer(known), show);
		return E('div', { 'class': 'cbi-map' }, [
			E('h2', {}, [ _('Events') ]), top,
			E('div', { 'class': 'cbi-section' }, [ E('p', { 'style': 'display:flex;flex-wrap:wrap;gap:.5em' }, [ level, filter ]), list ])
		]);
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
