// SPDX-License-Identifier: Apache-2.0
// Stand-in for LuCI's uci.js: one load per package, changes kept until save().
'use strict';
'require baseclass';
'require rpc';

const call = (method, params) => rpc.declare({ object: 'uci', method: method, params: params });
const callGet = call('get', [ 'config' ]), callSet = call('set', [ 'config', 'section', 'values' ]);
const callAdd = call('add', [ 'config', 'type', 'name', 'values' ]), callDelete = call('delete', [ 'config', 'section', 'options' ]);

return baseclass.extend({
	__init__: function() {
		this.values = {};
		this.changes = [];
	},

	load: function(config) {
		return callGet(config).then((answer) => {
			if (typeof(answer) == 'number')
				L.raise('Error', 'ubus status ' + answer);
			this.values[config] = answer.values;
		});
	},

	sections: function(config, type) {
		const all = Object.keys(this.values[config] || {}).map((id) => this.values[config][id]);
		return all.filter((section) => section['.type'] == type).sort((a, b) => a['.index'] - b['.index']);
	},

	get: function(config, id, name) {
		return (this.values[config][id] || {})[name];
	},

	add: function(config, type, name) {
		const id = name || 'new' + this.changes.length;
		this.values[config][id] = { '.type': type, '.name': id, '.index': 1000 + this.changes.length, '.anonymous': name == null };
		this.changes.push(() => {
			const own = this.values[config][id];
			const values = {};
			Object.keys(own || {}).filter((key) => key.charAt(0) != '.').forEach((key) => { values[key] = own[key]; });
			return own ? callAdd(config, type, name, values) : null;
		});
		return id;
	},

	set: function(config, id, name, value) {
		const isNew = this.values[config][id]['.index'] >= 1000;
		if (value == null)
			delete this.values[config][id][name];
		else
			this.values[config][id][name] = value;
		if (!isNew)
			this.changes.push(() => value == null ? callDelete(config, id, [ name ]) : callSet(config, id, Object.fromEntries([ [ name, value ] ])));
	},

	remove: function(config, id) {
		const isNew = this.values[config][id]['.index'] >= 1000;
		delete this.values[config][id];
		if (!isNew)
			this.changes.push(() => callDelete(config, id));
	},

	save: function() {
		return this.changes.splice(0).reduce((before, change) => before.then(change), Promise.resolve());
	}
});
