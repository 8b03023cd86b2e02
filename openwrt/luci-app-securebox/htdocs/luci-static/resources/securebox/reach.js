// SPDX-License-Identifier: Apache-2.0
// The part of the devices page about one device: whom it may reach, who may reach it.
'use strict';
'require baseclass';
'require securebox.gateway as gateway';
'require securebox.page as page';
'require securebox.words as words';

return baseclass.extend({
	/* `act`: as actions.on gives it. */
	panel: function(act, names) {
		const node = E('div');
		let open = null;
		const service = E('input', { 'class': 'cbi-input-text', 'type': 'text', 'placeholder': _('everything, or tcp/631'), 'aria-label': _('Service'), 'style': 'max-width:14em' });
		const chosen = () => service.value.trim() || 'all';
		const close = () => {
			open = null;
			page.replace(node, []);
		};
		const row = (mac) => (peer) => {
			const key = ' ' + mac + ' ' + peer.mac;
			return [
				[ E('span', { 'style': 'overflow-wrap:anywhere' }, [ peer.name ? '%s (%s)'.format(peer.name, peer.mac) : words.end(peer.mac, names) ]) ],
				[ page.badge(words.verdict(peer.to), peer.to) ], [ page.badge(words.verdict(peer.from), peer.from) ],
				[ E('div', { 'style': 'display:flex;flex-wrap:wrap;gap:.25em' }, [
					page.button(_('Allow'), 'positive', 'allow' + key, () => act.allow(mac, peer.mac, chosen()), page.readonly()),
					page.button(_('Deny'), 'negative', 'deny' + key, () => act.deny(mac, peer.mac, chosen()), page.readonly()),
					page.link(_('Why?'), 'why', { a: mac, b: peer.mac })
				]) ]
			];
		};
		const show = (mac, peers) => {
			const name = words.end(mac, names);
			page.replace(node, [ page.section(_('Who may reach whom: %s').format(name), [
				page.table([ _('Peer'), _('To the peer'), _('From the peer'), _('Do') ], peers.map(row(mac)), _('There is no other device.')),
				E('div', { 'style': 'display:flex;flex-wrap:wrap;gap:.5em;align-items:center' }, [ _('Allow and deny concern'), service, page.button(_('Close'), 'neutral', 'close', close) ])
			]) ]);
		};
		const again = () => open == null ? Promise.resolve() : gateway.reach(open).then(
			(answer) => open == null ? null : show(open, answer.peers || []),
			(error) => page.replace(node, [ page.alert(error.message) ]));
		return {
			node: node,
			again: again,
			open: (mac) => {
				open = mac;
				return again().then(() => node.scrollIntoView({ block: 'nearest' }));
			}
		};
	}
});
