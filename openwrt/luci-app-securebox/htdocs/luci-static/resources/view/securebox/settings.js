// SPDX-License-Identifier: Apache-2.0
'use strict';
'require view';
'require form';
'require uci';
'require securebox.options as options';
'require securebox.page as page';

const KINDS = { flag: form.Flag, choice: form.ListValue, list: form.DynamicList, value: form.Value, secret: form.Value };

/* Kinds without a name stand in any number. */
const several = (kind) => kind.name == null;

/* Never shown: the field is empty, and what is not filled in stays as it is. */
function keepSecret(option) {
	option.password = true;
	option.placeholder = _('not shown');
	option.cfgvalue = () => null;
	option.remove = (section) => uci.get('securebox', section, option.option) != null ? Promise.resolve() : Promise.reject(new TypeError(_('%s: expected a value').format(option.title)));
}

function addOption(section, it) {
	const option = section.option(KINDS[it.kind], it.name, it.title, it.what);
	(it.values || []).forEach((value) => option.value(value));
	if (it.datatype)
		option.datatype = it.datatype;
	/* An option that is not there stays away, and has its default, until somebody gives it a value. */
	if (it.kind == 'value')
		option.placeholder = it.value != null ? it.value : it.note;
	else if (it.value != null)
		option['default'] = it.value;
	/* A flag that is off must stand in the file when its default is on; what is required must not be empty. */
	option.rmempty = it.kind == 'flag' || it.required && it.kind != 'secret' ? false : true;
	if (it.kind == 'secret')
		keepSecret(option);
}

function addSection(map, kind) {
	const section = map.section(several(kind) ? form.TableSection : form.TypedSection, kind.type, kind.title, kind.what);
	section.anonymous = true;
	section.addremove = several(kind);
	kind.options.forEach((it) => addOption(section, it));
}

/* A section that somebody removed is there to be filled in; it is written only when something is saved. */
function complete() {
	options.sections.forEach((kind) => {
		if (!several(kind) && uci.sections('securebox', kind.type).length == 0)
			uci.add('securebox', kind.type, kind.name);
	});
}

return view.extend({
	load: function() {
		return uci.load('securebox').then(() => null, (error) => error.message);
	},

	render: function(failure) {
		if (failure != null)
			return E('div', { 'class': 'cbi-map' }, [ E('h2', {}, [ _('Settings') ]), page.alert(_('The settings cannot be read: %s').format(failure)) ]);
		complete();
		const map = new form.Map('securebox', _('Settings'), _('What is wrong here is told in the log of the system; the former settings stay in force then. Some settings take effect when the gateway starts anew.'));
		options.sections.forEach((kind) => addSection(map, kind));
		return map.render();
	}
});
