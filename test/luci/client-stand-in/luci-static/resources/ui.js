// SPDX-License-Identifier: Apache-2.0
// Stand-in for LuCI's ui.js: handlers that keep their button busy, one dialog, the start of a view.
'use strict';
'require baseclass';
'require dom';

return baseclass.extend({
	instantiateView: function(path) {
		return L.require('view.' + path.replaceAll('/', '.'));
	},

	createHandlerFn: function(context, run) {
		return (event) => {
			const button = event.currentTarget;
			button.disabled = true;
			return Promise.resolve(run.call(context, event)).finally(() => { button.disabled = false; });
		};
	},

	showModal: function(title, children) {
		this.hideModal();
		document.body.appendChild(E('div', { 'id': 'modal_overlay' }, [ E('div', { 'class': 'modal', 'role': 'dialog', 'aria-modal': 'true' }, [ E('h4', {}, title) ].concat(children)) ]));
	},

	hideModal: function() {
		const open = document.getElementById('modal_overlay');
		if (open)
			open.remove();
	}
});
