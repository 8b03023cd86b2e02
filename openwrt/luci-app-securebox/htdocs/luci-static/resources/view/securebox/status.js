// SPDX-License-Identifier: Apache-2.0
'use strict';
'require view';
'require securebox.gateway as gateway';
'require securebox.page as page';
'require securebox.words as words';
'require securebox.backend as backend';

/* Seconds. */
const AGAIN = 10;

const SOURCES = {
	backend: _('from the backend'),
	file: _('from the policy file'),
	'last-valid': _('last valid version: the policy file is invalid or gone'),
	none: _('none')
};
const SWITCH = { ready: _('rules are in force'), syncing: _('being brought up to date'), down: _('not connected; it keeps the rules it has') };

function problems(status) {
	const sentences = status.problems || [];
	if (sentences.length == 0)
		return [];
	return [ E('div', { 'class': 'alert-message warning', 'role': 'alert' }, [
		E('strong', {}, [ _('Something is wrong') ])
	].concat(page.lines(sentences))) ];
}

function gatewayFacts(status) {
	const devices = status.devices || {};
	const held = status.held || {};
	return page.facts([
		[ _('State'), [ page.badge(status.healthy ? _('Healthy') : _('Not healthy'), status.healthy ? 'allow' : 'deny') ] ],
		[ _('Version'), [ _('%s on %s, up %s').format(status.version, status.engine, words.duration(status.uptime || 0)) ] ],
		[ _('Devices'), [ _('%d known, %d connected, %d in quarantine, %d blocked').format(devices.known, devices.present, devices.quarantined, devices.blocked) ] ],
		[ _('Held packets'), [ _('%d now, %d released, %d dropped').format(held.now, held.released, held.dropped) ] ],
		[ _('Stored in'), status.state ? [ status.state.error ? _('%s: not saved: %s').format(status.state.path, status.state.error) : status.state.path ] : [] ],
		[ _('Memory'), status.memory ? [ words.megabytes(status.memory.resident) ] : [] ]
	]);
}

function switchFacts(status) {
	const it = status.switch || {};
	const port = (each) => '%s (%s%s)'.format(each.name, each.role, each.number == null ? _(', missing') : '');
	return page.facts([
		[ _('Bridge'), [ it.bridge ] ],
		[ _('State'), [ SWITCH[it.state] || '' + it.state ] ],
		[ _('Software'), it.software ? [ _('Open vSwitch %s, OpenFlow %s').format(it.software, it.version) ] : [] ],
		[ _('Flows'), [ '%d'.format(it.flows || 0) ] ],
		[ _('Ports'), (it.ports || []).length ? [ it.ports.map(port).join(', ') ] : [] ],
		[ _('Last error'), it.lastError ? [ it.lastError ] : [] ]
	]);
}

/* "line 3: rules[0].from: expected ..." */
function problemText(problem) {
	return (problem.line == null ? '' : _('line %d: ').format(problem.line)) + (problem.field ? problem.field + ': ' : '') + problem.message;
}

function policyFacts(status) {
	const it = status.policy || {};
	const version = it.source == 'backend' && it.version != null ? _(', version %d').format(it.version) : '';
	const none = it.source == 'none';
	return page.facts([
		[ _('Source'), [ none ? _('No policy is in force: everything is denied') : (SOURCES[it.source] || '' + it.source) + version ] ],
		[ _('Network'), !none && it.network ? [ it.network ] : [] ],
		[ _('Extent'), none ? [] : [ _('%d rules, %d groups').format(it.rules, it.groups) ] ],
		[ _('In force since'), it.since ? [ words.time(it.since) ] : [] ],
		[ _('File'), it.source == 'backend' || !it.path ? [] : [ it.path ] ],
		[ _('Errors'), page.lines((it.errors || []).map(problemText)) ],
		[ _('Warnings'), page.lines((it.warnings || []).map(problemText)) ],
		[ _('Not enforced yet'), page.lines((it.unenforced || []).map((each) => each.path + ': ' + each.reason)) ],
		[ _('Not understood'), page.lines(it.ignored || []) ]
	]);
}

/* Where the gateway learns stations and addresses from; "bus" is there on OpenWrt only. */
function sourceFacts(status) {
	const stations = status.stations || {};
	const stationText = stations.source == 'none' ? _('learnt from their frames') : stations.source == 'down' ? _('not connected') : _('connected');
	const bus = status.bus;
	const busText = (it) => Object.keys(it).map((name) => '%s: %s'.format(name, L.isObject(it[name]) ? JSON.stringify(it[name]) : it[name])).join(', ');
	return page.facts([
		[ _('Stations'), [ stationText + (stations.path ? ' (%s)'.format(stations.path) : '') ] ],
		[ _('ubus'), bus == null ? [] : [ L.isObject(bus) ? busText(bus) : '' + bus ] ]
	]);
}

return view.extend({
	load: function() {
		return gateway.settle(gateway.status());
	},

	render: function(first) {
		const top = E('div');
		const facts = E('div');
		const link = backend.section(() => again());
		const notices = link.notices;
		const show = (settled) => {
			const status = settled.answer;
			page.replace(top, status ? problems(status) : page.failure(settled));
			facts.style.opacity = status ? '' : '.5';
			link.node.style.display = status || facts.firstChild ? '' : 'none';
			if (!status)
				return;
			page.replace(facts, [
				page.section(_('Gateway'), [ gatewayFacts(status) ]),
				page.section(_('Policy'), [ policyFacts(status) ]),
				page.section(_('Switch'), [ switchFacts(status) ]),
				page.section(_('Sources'), [ sourceFacts(status) ])
			]);
			link.show(status.backend);
		};
		const again = page.follow(AGAIN, first, gateway.status, show);
		return E('div', { 'class': 'cbi-map' }, [ E('h2', {}, [ _('Securebox') ]), top, facts, link.node, notices ]);
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
