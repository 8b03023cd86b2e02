// SPDX-License-Identifier: Apache-2.0
// The gateway's ubus object "securebox". Each call resolves to its answer or rejects with an Error whose message is for people.
'use strict';
'require baseclass';
'require rpc';

/* In the order of the arguments below. */
const METHODS = {
	status: [],
	devices: [],
	policy: [],
	reach: [ 'device' ],
	explain: [ 'a', 'b', 'service' ],
	events: [ 'since' ],
	allow: [ 'a', 'b', 'service' ],
	deny: [ 'a', 'b', 'service' ],
	isolate: [ 'device' ],
	quarantine: [ 'device' ],
	undo: [ 'id' ],
	enroll: [ 'token' ],
	unenroll: []
};

const ABSENT = _('The gateway is not running.');
const DENIED = _('You have no permission for this: your account lacks the access group of Securebox.');

/* Of a ubus status that comes without a text. */
const STATUS = {
	1: _('The gateway does not know this request; its version is another than that of these pages.'),
	2: _('The gateway did not understand the request.'),
	3: _('The gateway does not know this request; its version is another than that of these pages.'),
	4: ABSENT,
	5: _('The gateway had nothing to answer.'),
	6: DENIED,
	7: _('The gateway did not answer in time.'),
	8: _('The gateway refused the request.'),
	10: _('The gateway ended while it was asked.')
};

/* rpc.js has no codes, only a sentence with the number of uhttpd in it. */
function wordsOf(error) {
	const message = '' + (error ? error.message : error);
	if (message.indexOf('error -32000') >= 0)
		return ABSENT;
	if (message.indexOf('error -32002') >= 0)
		return DENIED;
	if (message.indexOf('error -32003') >= 0)
		return STATUS[7];
	return _('The access point did not answer: %s').format(message);
}

/*
 * Characters that move or hide others: controls, zero-width ones, changes of writing direction. A name that holds them could pass for another's, or turn
 * round the MAC address beside it; they become U+FFFD.
 */
const HIDING = [ [ 0x0, 0x8 ], [ 0xb, 0x1f ], [ 0x7f, 0x9f ], [ 0xad, 0xad ], [ 0x61c, 0x61c ], [ 0x200b, 0x200f ], [ 0x2028, 0x202e ], [ 0x2060, 0x206f ], [ 0xfeff, 0xfeff ] ];

function visible(value) {
	if (typeof(value) == 'string')
		return Array.from(value).map((each) => HIDING.some((range) => each.codePointAt(0) >= range[0] && each.codePointAt(0) <= range[1]) ? String.fromCharCode(0xfffd) : each).join('');
	if (Array.isArray(value))
		return value.map(visible);
	if (!L.isObject(value))
		return value;
	return Object.keys(value).reduce((copy, name) => {
		copy[name] = visible(value[name]);
		return copy;
	}, {});
}

function answerOf(answer) {
	if (typeof(answer) == 'number' && answer != 0)
		throw new Error(STATUS[answer] || _('The gateway failed with ubus status %d.').format(answer));
	if (L.isObject(answer) && L.isObject(answer.error))
		throw new Error(visible('' + answer.error.message));
	return L.isObject(answer) ? visible(answer) : {};
}

function caller(method) {
	const call = rpc.declare({ object: 'securebox', method: method, params: METHODS[method] });
	return function() {
		return call.apply(null, arguments).then(answerOf, (error) => { throw new Error(wordsOf(error)); });
	};
}

const calls = {};
Object.keys(METHODS).forEach((method) => { calls[method] = caller(method); });

return baseclass.extend(Object.assign(calls, {
	/* Never rejects: { answer } or { failure: sentence, absent: no gateway runs }. For pages, which show something in either case. */
	settle: function(promise) {
		return promise.then((answer) => ({ answer: answer }), (error) => ({ failure: error.message, absent: error.message == ABSENT }));
	}
}));
