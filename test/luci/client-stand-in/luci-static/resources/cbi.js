// SPDX-License-Identifier: Apache-2.0
// Stand-in for a part of LuCI's cbi.js: translation (none here) and String.prototype.format with %s, %d and %%.
'use strict';

function _(text) {
	return text;
}

String.prototype.format = function() {
	const words = Array.from(arguments);
	return this.replace(/%(s|d|%)/g, (all, kind) => kind == '%' ? '%' : kind == 'd' ? String(Math.floor(+words.shift() || 0)) : String(words.shift()));
};
