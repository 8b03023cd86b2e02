// SPDX-License-Identifier: Apache-2.0
// Stand-in for LuCI's form.js: Map, TypedSection, TableSection; Value, Flag, ListValue, DynamicList as plain inputs. Of datatypes it knows and(uinteger,range(A,B)).
'use strict';
'require baseclass';
'require dom';
'require uci';

const Value = baseclass.extend({
	__init__: function(map, name, title, what) {
		Object.assign(this, { map: map, option: name, title: title, what: what, choices: [], rmempty: true });
	},

	value: function(key) {
		this.choices.push(key);
	},

	cfgvalue: function(id) {
		return uci.get(this.map.config, id, this.option);
	},

	/* Of a field that is empty. */
	remove: function(id) {
		if (uci.get(this.map.config, id, this.option) != null)
			uci.set(this.map.config, id, this.option, null);
	},

	cfg: function(id) {
		const found = this.cfgvalue(id);
		return found == null ? this['default'] : found;
	},

	input: function(id) {
		return E('input', { 'type': this.password ? 'password' : 'text', 'class': 'cbi-input-text', 'value': this.cfg(id), 'placeholder': this.placeholder });
	},

	read: (node) => node.querySelector('input').value.trim(),

	render: function(id) {
		const key = '%s-%s-%s'.format(this.map.config, id, this.option);
		const node = E('div', { 'class': 'cbi-value', 'id': 'cbi-' + key, 'data-name': this.option }, [
			E('label', { 'class': 'cbi-value-title' }, this.title),
			E('div', { 'class': 'cbi-value-field' }, [ L.hasViewPermission() ? this.input(id) : E('fieldset', { 'disabled': true }, [ this.input(id) ]), E('div', { 'class': 'cbi-value-description' }, this.what) ])
		]);
		this.map.fields.push(() => this.parse(id, node));
		return node;
	},

	check: function(value) {
		const range = (this.datatype || '').match(/^and\(uinteger,range\((\d+),(\d+)\)\)$/);
		const empty = value == null || value.length == 0;
		if (empty && !this.rmempty)
			L.raise('TypeError', this.title + ': must not be empty');
		if (!empty && range && !(/^\d+$/.test(value) && +value >= +range[1] && +value <= +range[2]))
			L.raise('TypeError', this.title + ': out of range');
		return empty ? null : value;
	},

	parse: function(id, node) {
		if (!node.isConnected)
			return;
		const value = this.check(this.read(node));
		if (value == null)
			return this.remove(id);
		if (JSON.stringify(value) != JSON.stringify(this.cfgvalue(id) || null))
			uci.set(this.map.config, id, this.option, value);
	}
});

const Flag = Value.extend({
	input: function(id) {
		return E('input', { 'type': 'checkbox', 'checked': this.cfg(id) == '1' ? true : null });
	},
	read: (node) => node.querySelector('input').checked ? '1' : '0'
});

const ListValue = Value.extend({
	input: function(id) {
		return E('select', { 'class': 'cbi-input-select' }, this.choices.map((each) => E('option', { 'value': each, 'selected': each == this.cfg(id) ? true : null }, [ each ])));
	},
	read: (node) => node.querySelector('select').value
});

const DynamicList = Value.extend({
	input: function(id) {
		const values = [].concat(this.cfg(id) || []);
		return E('div', {}, values.concat('').map((each) => E('input', { 'type': 'text', 'value': each })));
	},
	read: (node) => Array.from(node.querySelectorAll('input')).map((each) => each.value.trim()).filter(Boolean)
});

const TypedSection = baseclass.extend({
	__init__: function(map, type, title, what) {
		Object.assign(this, { map: map, type: type, title: title, what: what, options: [] });
	},

	option: function(kind, name, title, what) {
		this.options.push(new kind(this.map, name, title, what));
		return this.options[this.options.length - 1];
	},

	add: function() {
		uci.add(this.map.config, this.type);
		this.map.draw();
	},

	render: function() {
		const one = (section) => {
			const id = section['.name'];
			const remove = () => {
				uci.remove(this.map.config, id);
				this.map.draw();
			};
			return E('div', { 'class': 'cbi-section-node' }, this.options.map((option) => option.render(id)).concat(this.addremove ? [ E('button', { 'class': 'cbi-button-remove', 'click': remove }, [ _('Delete') ]) ] : []));
		};
		return E('div', { 'class': 'cbi-section', 'id': 'cbi-%s-%s'.format(this.map.config, this.type) }, [ E('h3', {}, this.title), E('div', { 'class': 'cbi-section-descr' }, this.what) ]
			.concat(uci.sections(this.map.config, this.type).map(one), this.addremove ? [ E('button', { 'class': 'cbi-button-add', 'click': () => this.add() }, [ _('Add') ]) ] : []));
	}
});

const Map = baseclass.extend({
	__init__: function(config, title, what) {
		Object.assign(this, { config: config, title: title, what: what, sections: [], fields: [] });
		L.maps.push(this);
	},

	section: function(kind, type, title, what) {
		this.sections.push(new kind(this, type, title, what));
		return this.sections[this.sections.length - 1];
	},

	draw: function() {
		this.fields = [];
		dom.content(this.node, [ E('h2', {}, this.title), E('div', { 'class': 'cbi-map-descr' }, this.what) ].concat(this.sections.map((section) => section.render())));
	},

	render: function() {
		this.node = E('div', { 'class': 'cbi-map', 'id': 'cbi-' + this.config });
		this.draw();
		return Promise.resolve(this.node);
	},

	save: function() {
		return Promise.resolve(this.fields).then((fields) => Promise.all(fields.map((parse) => parse()))).then(() => uci.save());
	}
});

return baseclass.extend({ Map: Map, TypedSection: TypedSection, TableSection: TypedSection.extend({}), Value: Value, Flag: Flag, ListValue: ListValue, DynamicList: DynamicList });
