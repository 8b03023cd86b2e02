// SPDX-License-Identifier: Apache-2.0
'use strict';
'require view';
'require securebox.gateway as gateway';
'require securebox.page as page';
'require securebox.words as words';
'require securebox.actions as actions';
'require securebox.reach as reach';

/* Seconds. */
const AGAIN = 15;

/* What somebody may look for a device by. */
function matches(device, text) {
	const all = [ device.name || '', device.mac, device.port || '', words.deviceState(device) ].concat(device.addresses || [], device.groups || []);
	return all.join(' ').toLowerCase().indexOf(text.toLowerCase()) >= 0;
}

/* The MAC address stands where a device has no name: it is how one calls it. */
function cells(device, buttons) {
	return [
		[ device.name ? E('strong', { 'style': 'overflow-wrap:anywhere' }, [ device.name ]) : E('em', {}, [ _('no name') ]) ],
		[ E('span', { 'style': 'white-space:nowrap' }, [ device.mac ]) ],
		(device.addresses || []).length ? device.addresses.map((address) => E('div', { 'style': 'overflow-wrap:anywhere' }, [ address ])) : [ '-' ],
		[ (device.groups || []).join(', ') || '-' ],
		[ device.port || '-' ],
		[ device.quarantined || device.blocked ? page.badge(words.deviceState(device), 'deny') : words.deviceState(device) ],
		[ E('div', { 'style': 'display:flex;flex-wrap:wrap;gap:.25em' }, buttons) ]
	];
}

/* How long a device has been silent changes with each answer; the page need not. */
function settled(promise) {
	return promise.then((all) => {
		(all[0].devices || []).forEach((device) => {
			device.idle = device.idle < 60 ? 0 : device.idle - device.idle % 60;
		});
		return { devices: all[0].devices || [], overrides: all[1].overrides || [] };
	});
}

return view.extend({
	ask: function() {
		return settled(Promise.all([ gateway.devices(), gateway.policy() ]));
	},

	load: function() {
		return gateway.settle(this.ask());
	},

	render: function(first) {
		const names = {};
		const known = { devices: [], overrides: [] };
		const top = E('div'), list = E('div'), decisions = E('div'), notices = page.notices();
		const filter = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'placeholder': _('Filter'), 'aria-label': _('Filter'), 'input': () => draw() });
		const changed = () => Promise.all([ again(), panel.again() ]);
		const act = actions.on(notices, names, changed);
		const panel = reach.panel(act, names);

		const row = (device) => cells(device, [
			page.button(_('Who reaches it'), 'action', 'reach ' + device.mac, () => panel.open(device.mac)),
			page.button(_('Isolate'), 'neutral', 'isolate ' + device.mac, () => act.isolate(device.mac), page.readonly()),
			page.button(_('Quarantine'), 'negative', 'quarantine ' + device.mac, () => act.quarantine(device.mac), page.readonly() || device.quarantined)
		]);
		const decision = (record) => [ [ words.override(record, names) ], [ words.time(record.at) ], [ page.button(_('Undo'), 'negative', 'undo ' + record.id, () => act.undo(record), page.readonly()) ] ];
		const draw = () => {
			const found = known.devices.filter((device) => matches(device, filter.value.trim()));
			page.replace(list, [ page.table([ _('Name'), _('MAC address'), _('Addresses'), _('Groups'), _('Where'), _('State'), _('Do') ], found.map(row), known.devices.length ? _('No device matches the filter.') : _('No devices known yet.')) ]);
			page.replace(decisions, [ page.table([ _('Decision'), _('Since'), '' ], known.overrides.map(decision), _('None: the policy alone decides.')) ]);
		};
		const show = (settled) => {
			page.replace(top, page.failure(settled));
			if (!settled.answer)
				return;
			Object.assign(known, settled.answer);
			Object.assign(names, words.namesOf(known.devices));
			draw();
		};
		const again = page.follow(AGAIN, first, () => this.ask(), show);
		return E('div', { 'class': 'cbi-map' }, [
			E('h2', {}, [ _('Devices') ]), top,
			E('div', { 'class': 'cbi-section' }, [ E('p', {}, [ filter ]), list ]),
			panel.node,
			page.section(_('Decisions made here'), [ decisions ]),
			notices
		]);
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
