// SPDX-License-Identifier: Apache-2.0
'use strict';
'require view';
'require securebox.gateway as gateway';
'require securebox.page as page';
'require securebox.words as words';
'require securebox.actions as actions';

const OTHER = '*';

/* A device, the internet, the router, or what somebody types. */
function chooser(label, devices, value) {
	const option = (key, text) => E('option', { 'value': key, 'selected': key == value ? true : null }, [ text ]);
	const known = [ [ 'internet', _('The internet') ], [ 'gateway', _('The router') ] ].concat(devices.map((device) => [ device.mac, device.name ? '%s (%s)'.format(device.name, device.mac) : device.mac ]));
	const isKnown = !value || known.some((each) => each[0] == value);
	const select = E('select', { 'class': 'cbi-input-select', 'aria-label': label }, [ option('', _('Please choose')) ]
		.concat(known.map((each) => option(each[0], each[1])), [ E('option', { 'value': OTHER, 'selected': isKnown ? null : true }, [ _('Another address or name…') ]) ]));
	const text = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'value': isKnown ? '' : value, 'aria-label': _('%s: address or name').format(label), 'placeholder': 'www.example.org' });
	const change = () => { text.style.display = select.value == OTHER ? '' : 'none'; };
	select.addEventListener('change', change);
	change();
	return { nodes: [ select, ' ', text ], value: () => select.value == OTHER ? text.value.trim() : select.value };
}

function field(label, nodes) {
	return E('div', { 'class': 'cbi-value' }, [ E('label', { 'class': 'cbi-value-title' }, [ label ]), E('div', { 'class': 'cbi-value-field' }, nodes) ]);
}

/* Decisions of an operator that may be why: any that names one of the two ends. */
function decisions(overrides, answer, ends) {
	if (answer.because != 'override' && answer.because != 'quarantine')
		return [];
	const named = (it) => [ it.device, it.a, it.b ].some((each) => each && ends.indexOf(each) >= 0);
	return overrides.filter((record) => record.override && named(record.override));
}

function macOf(devices, end) {
	const found = devices.filter((device) => device.mac == end || device.name == end || (device.addresses || []).indexOf(end) >= 0)[0];
	return found ? found.mac : end;
}

function ruleFacts(answer) {
	return page.facts([
		[ _('Decided by'), answer.rule == null ? [] : [ _('rule %d of the policy').format(answer.rule + 1) ] ],
		[ _('The rule'), answer.ruleText ? [ E('code', { 'style': 'overflow-wrap:anywhere;white-space:normal' }, [ answer.ruleText ]) ] : [] ]
	]);
}

function explanation(answer) {
	const open = answer.verdict == 'ask' ? (answer.allowed ? _('; without an answer: allowed') : _('; without an answer: denied')) : '';
	return [
		E('p', {}, [ page.badge(words.verdict(answer.verdict) + open, answer.verdict), ' ', answer.reason ]),
		E('div', { 'style': 'overflow-wrap:anywhere' }, page.lines(answer.lines || [])),
		ruleFacts(answer)
	];
}

return view.extend({
	load: function() {
		return Promise.all([ gateway.settle(gateway.devices()), gateway.settle(gateway.policy()) ]);
	},

	render: function(loaded) {
		const query = new URLSearchParams(window.location.search);
		let devices = loaded[0].answer ? loaded[0].answer.devices || [] : [];
		const names = words.namesOf(devices);
		const notices = page.notices();
		const result = E('div', { 'aria-live': 'polite' });
		const a = chooser(_('From'), devices, query.get('a'));
		const b = chooser(_('To'), devices, query.get('b'));
		const service = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'value': query.get('service') || '', 'aria-label': _('Service'), 'placeholder': _('any, or tcp/631') });
		const act = actions.on(notices, names, () => explain());

		const remedies = (answer, overrides) => {
			const asked = answer.service || 'all';
			const undo = decisions(overrides, answer, [ macOf(devices, answer.a), macOf(devices, answer.b) ]);
			return E('div', { 'class': 'right' }, undo.map((record) => page.button(_('Undo: %s').format(words.override(record, names)), 'neutral', null, () => act.undo(record), page.readonly())).concat([
				' ', answer.allowed
					? page.button(_('Deny this'), 'negative', null, () => act.deny(answer.a, answer.b, asked), page.readonly())
					: page.button(_('Allow this'), 'positive', null, () => act.allow(answer.a, answer.b, asked), page.readonly())
			]));
		};
		const show = (answer, overrides) => page.replace(result, [ page.section('%s → %s'.format(words.end(answer.a, names), words.end(answer.b, names)), explanation(answer).concat([ remedies(answer, overrides) ])) ]);
		const explain = () => {
			if (!a.value() || !b.value())
				return page.replace(result, [ page.alert(_('Choose both ends first.')) ]);
			return Promise.all([ gateway.explain(a.value(), b.value(), service.value.trim() || undefined), gateway.policy() ])
				.then((both) => show(both[0], both[1].overrides || []), (error) => page.replace(result, [ page.alert(error.message) ]));
		};
		if (query.get('a') && query.get('b'))
			explain();

		return E('div', { 'class': 'cbi-map' }, [
			E('h2', {}, [ _('Why') ]),
			E('div', { 'class': 'cbi-map-descr' }, [ _('What becomes of traffic between two ends, and what decides it.') ])
		].concat(page.failure(loaded[0]), [
			E('div', { 'class': 'cbi-section' }, [ field(_('From'), a.nodes), field(_('To'), b.nodes), field(_('Service'), [ service ]),
				E('div', { 'class': 'right' }, [ page.button(_('Explain'), 'action', 'explain', explain) ]) ]),
			result, notices
		]));
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
