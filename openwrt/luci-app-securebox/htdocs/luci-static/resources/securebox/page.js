// SPDX-License-Identifier: Apache-2.0
/*
 * What the pages are made of. Invariant: a text that comes from outside goes into an array of children, which E() makes a text node of;
 * a bare string would be taken as markup, and devices choose their names themselves.
 */
'use strict';
'require baseclass';
'require dom';
'require poll';
'require ui';
'require securebox.gateway as gateway';

/* So many actions stay in sight, newest last. */
const MAX_NOTICES = 3;
const GROUNDS = { allow: '#2a7d2a', deny: '#b3261e', ask: '#8a6100' };

return baseclass.extend({
	/* New children; a control with the same data-key keeps the focus. */
	replace: function(node, children) {
		const active = document.activeElement;
		const key = active && node.contains(active) ? active.getAttribute('data-key') : null;
		dom.content(node, children);
		const again = key ? Array.from(node.querySelectorAll('[data-key]')).filter((each) => each.getAttribute('data-key') == key)[0] : null;
		if (again)
			again.focus();
	},

	/*
	 * Shows an answer, then asks again every so many seconds while somebody looks, and shows what differs.
	 * `first`: as gateway.settle gives it. Returns a function that asks at once.
	 */
	follow: function(seconds, first, ask, show) {
		let shown = null;
		const take = (settled) => {
			const text = JSON.stringify(settled);
			if (text != shown)
				show(settled);
			shown = text;
		};
		const again = () => gateway.settle(ask()).then(take);
		take(first);
		poll.add(() => document.hidden ? Promise.resolve() : again(), seconds);
		return again;
	},

	/* titles: texts; rows: arrays of cells, each an array of children. Narrow windows show a row as a card with the titles. */
	table: function(titles, rows, empty) {
		const head = E('tr', { 'class': 'tr table-titles' }, titles.map((title) => E('th', { 'class': 'th' }, [ title ])));
		const cell = (children, column) => E('td', { 'class': 'td', 'data-title': titles[column] || null }, children);
		const body = rows.map((cells) => E('tr', { 'class': 'tr' }, cells.map(cell)));
		const none = E('tr', { 'class': 'tr placeholder' }, [ E('td', { 'class': 'td' }, [ E('em', {}, [ empty || _('Nothing to show.') ]) ]) ]);
		return E('table', { 'class': 'table' }, [ head ].concat(body.length ? body : [ none ]));
	},

	/* pairs: [ label, children ]; a pair without children is left out. */
	facts: function(pairs) {
		const row = (pair) => E('tr', { 'class': 'tr' }, [
			E('td', { 'class': 'td left', 'width': '25%' }, [ pair[0] ]),
			E('td', { 'class': 'td left' }, pair[1])
		]);
		return E('table', { 'class': 'table' }, pairs.filter((pair) => pair[1] != null && pair[1].length > 0).map(row));
	},

	/* Each text on a line of its own. */
	lines: function(texts) {
		return texts.map((text) => E('div', {}, [ text ]));
	},

	section: function(title, children) {
		return E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ title ]) ].concat(children));
	},

	alert: function(text, hint) {
		return E('div', { 'class': 'alert-message warning', 'role': 'alert' }, [ E('strong', {}, [ text ]) ].concat(hint ? [ E('p', {}, [ hint ]) ] : []));
	},

	/* A word on a ground of its own, readable in dark themes and light ones. verdict: "allow", "deny", "ask". */
	badge: function(text, verdict) {
		return E('span', { 'style': 'background:%s;color:#fff;font-weight:bold;padding:.1em .5em;border-radius:.3em;white-space:nowrap'.format(GROUNDS[verdict] || '#555') }, [ text ]);
	},

	/* A sentence about a gateway that could not be asked; empty when it could. */
	failure: function(settled) {
		return settled.failure == null ? [] : [ this.alert(settled.failure, settled.absent ? _('The switch keeps the rules that it has. This page goes on asking.') : null) ];
	},

	/* kind: "action", "negative", "positive", "neutral". `key` tells the control apart when the page is drawn anew. */
	button: function(label, kind, key, run, disabled) {
		return E('button', {
			'class': 'btn cbi-button cbi-button-' + kind, 'type': 'button', 'data-key': key, 'disabled': disabled ? true : null,
			'click': ui.createHandlerFn(this, run)
		}, [ label ]);
	},

	link: function(label, page, query) {
		const words = Object.keys(query || {}).filter((name) => query[name]).map((name) => name + '=' + encodeURIComponent(query[name]));
		return E('a', { 'class': 'btn cbi-button cbi-button-neutral', 'href': L.url('admin/services/securebox', page) + (words.length ? '?' + words.join('&') : '') }, [ label ]);
	},

	/* May the person only look? */
	readonly: function() {
		return L.hasViewPermission() === false;
	},

	/* Stays at the lower edge of the window, so that one sees what a click did wherever the button was. */
	notices: function() {
		return E('div', { 'aria-live': 'polite', 'style': 'position:sticky;bottom:.5em;z-index:10' });
	},

	/* `undo`: undefined, or a function that gives a promise. */
	notice: function(node, text, bad, undo) {
		const gone = () => box.remove();
		const box = E('div', { 'class': bad ? 'alert-message error' : 'alert-message success', 'style': 'display:flex;gap:.5em;align-items:center;flex-wrap:wrap' }, [
			E('span', { 'style': 'flex:1 1 12em;overflow-wrap:anywhere' }, [ text ])
		]);
		if (undo)
			box.appendChild(this.button(_('Undo'), 'negative', null, () => undo().then(gone)));
		box.appendChild(this.button(_('Close'), 'neutral', null, gone));
		node.appendChild(box);
		while (node.childNodes.length > MAX_NOTICES)
			node.firstChild.remove();
	}
});
