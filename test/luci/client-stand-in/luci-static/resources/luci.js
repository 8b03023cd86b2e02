// SPDX-License-Identifier: Apache-2.0
/*
 * A stand-in for LuCI's client, for tests where the real one is absent: the parts that the pages of luci-app-securebox use, in this folder. It keeps the traps of
 * the real one: a bare string as content is markup, modules are singletons. Not in it: translations, batches of requests, request timeouts, session expiry, themes
 * and menus, widgets other than plain inputs, most datatypes, sorting and editing in place of tables, dialogs of changes. OPENWRT_PREFIX with www/luci-static/resources
 * runs the same tests with the real one.
 */
'use strict';

class BaseClass {
	constructor() {
		this.__init__.apply(this, arguments);
	}

	__init__() {}

	static extend(members) {
		const derived = class extends this {};
		Object.keys(members).forEach((name) => { derived.prototype[name] = members[name]; });
		return derived;
	}
}

const dom = {
	elem: (node) => node != null && typeof(node) == 'object' && 'nodeType' in node,

	append: (node, children) => {
		if (Array.isArray(children))
			children.filter((child) => child != null).forEach((child) => node.appendChild(dom.elem(child) ? child : document.createTextNode('' + child)));
		else if (dom.elem(children))
			node.appendChild(children);
		else if (children != null)
			node.innerHTML = '' + children;
		return node.lastChild;
	},

	content: (node, children) => {
		while (node.firstChild)
			node.removeChild(node.firstChild);
		return dom.append(node, children);
	},

	attr: (node, attributes) => Object.keys(attributes).filter((name) => attributes[name] != null).forEach((name) => {
		if (typeof(attributes[name]) == 'function')
			node.addEventListener(name, attributes[name]);
		else
			node.setAttribute(name, typeof(attributes[name]) == 'object' ? JSON.stringify(attributes[name]) : attributes[name]);
	})
};

function E(tag, attributes, children) {
	const node = document.createElement(tag);
	const isAttributes = attributes != null && typeof(attributes) == 'object' && !Array.isArray(attributes) && !dom.elem(attributes);
	if (isAttributes)
		dom.attr(node, attributes);
	dom.append(node, isAttributes ? children : attributes);
	return node;
}

/* Each entry is asked again only when its last answer has come. */
const poll = {
	add: (run, seconds) => {
		const again = () => Promise.resolve(run()).finally(() => setTimeout(again, seconds * 1000));
		setTimeout(again, seconds * 1000);
	}
};

/* The maps on the page; "Save" saves them all. */
const maps = [];

const View = BaseClass.extend({
	__init__: function() {
		const place = document.getElementById('view');
		Promise.resolve(this.load ? this.load() : null).then((loaded) => this.render(loaded)).then((nodes) => {
			dom.content(place, nodes);
			dom.append(place, this.footer());
		}).catch((error) => {
			dom.content(place, [ '' + error ]);
			throw error;
		});
	},

	footer: function() {
		const place = document.getElementById('view'), disabled = L.hasViewPermission() ? null : true;
		const said = (error) => {
			dom.append(place, E('div', { 'class': 'alert-message', 'role': 'dialog' }, [ error.message ]));
			throw error;
		};
		const save = (apply) => Promise.all(maps.map((map) => map.save())).catch(said).then(() => apply ? fetch(L.url('admin/uci/apply_rollback'), { method: 'POST' }) : null);
		return this.handleSave === null ? [] : [ E('div', { 'class': 'cbi-page-actions' }, [
			E('button', { 'class': 'btn cbi-button cbi-button-apply', 'disabled': disabled, 'click': () => save(true) }, [ _('Save & Apply') ]),
			E('button', { 'class': 'btn cbi-button cbi-button-save', 'disabled': disabled, 'click': () => save(false) }, [ _('Save') ])
		]) ];
	}
});

class LuCI {
	constructor(env) {
		Object.assign(LuCI.prototype, { env: env, maps: maps });
		this.loaded = { baseclass: Promise.resolve(BaseClass), dom: Promise.resolve(dom), poll: Promise.resolve(poll), view: Promise.resolve(View) };
	}

	/* A module is the body of a function; the directives at its beginning are its parameters. */
	require(name) {
		this.loaded[name] = this.loaded[name] || fetch(this.env.resource + '/' + name.replaceAll('.', '/') + '.js').then((answer) => answer.text()).then((source) => {
			const wanted = Array.from(source.matchAll(/^'require ([\w.]+)(?: as (\w+))?';$/gm));
			const names = wanted.map((each) => each[2] || each[1]);
			return Promise.all(wanted.map((each) => this.require(each[1]))).then((modules) => {
				const made = new Function('window', 'document', 'L', ...names, source)(window, document, this, ...modules);
				return new made();
			});
		});
		return this.loaded[name];
	}

	url() {
		return [ this.env.scriptname ].concat(Array.from(arguments)).join('/');
	}

	isObject(value) {
		return value != null && typeof(value) == 'object';
	}

	hasViewPermission() {
		return !this.env.nodespec.readonly;
	}

	raise(kind, text) {
		throw Object.assign(new Error(text), { name: kind });
	}
}

let L;
