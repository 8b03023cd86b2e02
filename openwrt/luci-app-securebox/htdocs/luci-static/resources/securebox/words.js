// SPDX-License-Identifier: Apache-2.0
// What the gateway's answers are called. Texts only: nothing here is markup.
'use strict';
'require baseclass';

const VERDICTS = { allow: _('allowed'), deny: _('denied'), ask: _('asked for each flow') };
const LEVELS = { debug: _('Detail'), info: _('Information'), warn: _('Warning'), error: _('Error') };

return baseclass.extend({
	/* "3 min": whole units, as exact as somebody wants to know. */
	duration: function(seconds) {
		if (seconds < 120)
			return _('%d s').format(Math.max(0, Math.floor(seconds)));
		if (seconds < 7200)
			return _('%d min').format(Math.floor(seconds / 60));
		if (seconds < 172800)
			return _('%d h').format(Math.floor(seconds / 3600));
		return _('%d days').format(Math.floor(seconds / 86400));
	},

	/* In the browser's zone and language; what is no time stays as it is. */
	time: function(text) {
		const date = new Date(text);
		return isNaN(date.getTime()) ? '' + text : date.toLocaleString();
	},

	megabytes: function(bytes) {
		return _('%s MB').format((bytes / 1e6).toFixed(1));
	},

	verdict: function(verdict) {
		return VERDICTS[verdict] || '' + verdict;
	},

	level: function(level) {
		return LEVELS[level] || '' + level;
	},

	/* What a person knows the end of a flow by. `names`: MAC address -> name. */
	end: function(end, names) {
		if (end == 'internet')
			return _('the internet');
		if (end == 'gateway')
			return _('the router');
		return names[end] ? '%s (%s)'.format(names[end], end) : '' + end;
	},

	/* One line about a decision of an operator. */
	override: function(record, names) {
		const it = record.override || {};
		if (it.kind == 'quarantine')
			return _('%s is in quarantine').format(this.end(it.device, names));
		if (it.kind == 'isolate')
			return _('%s is isolated: internet and router only').format(this.end(it.device, names));
		if (it.kind != 'allow' && it.kind != 'deny')
			return '' + record.text;
		const text = it.kind == 'allow' ? _('%s may reach %s: %s') : _('%s may not reach %s: %s');
		return text.format(this.end(it.a, names), this.end(it.b, names), it.service && it.service != 'all' ? it.service : _('everything'));
	},

	deviceState: function(device) {
		if (device.quarantined)
			return _('In quarantine');
		if (device.blocked)
			return device.reason ? _('Blocked: %s').format(device.reason) : _('Blocked');
		if (device.associated)
			return _('Connected');
		return _('Seen %s ago').format(this.duration(device.idle || 0));
	},

	namesOf: function(devices) {
		const names = {};
		devices.forEach((device) => {
			if (device.name)
				names[device.mac] = device.name;
		});
		return names;
	}
});
