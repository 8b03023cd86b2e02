// SPDX-License-Identifier: Apache-2.0
// Stand-in for LuCI's rpc.js: declare() with object, method and positional params.
'use strict';
'require baseclass';

let last = 0;

function take(object, method, answer) {
	if (answer.error)
		L.raise('RPCError', 'RPC call to %s/%s failed with error %d: %s'.format(object, method, answer.error.code, answer.error.message));
	return answer.result.length > 1 ? answer.result[1] : answer.result[0];
}

return baseclass.extend({
	declare: function(it) {
		return function() {
			const values = Array.from(arguments);
			const args = {};
			(it.params || []).forEach((name, index) => { args[name] = values[index]; });
			const request = { jsonrpc: '2.0', id: ++last, method: 'call', params: [ L.env.sessionid, it.object, it.method, args ] };
			return fetch(L.env.ubuspath, { method: 'POST', body: JSON.stringify(request) }).then((answer) => answer.json()).then((answer) => take(it.object, it.method, answer));
		};
	}
});
