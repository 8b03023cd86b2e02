// SPDX-License-Identifier: Apache-2.0
// What an operator may do about devices. Each says what it did and offers to undo it.
'use strict';
'require baseclass';
'require securebox.gateway as gateway';
'require securebox.page as page';
'require securebox.words as words';

return baseclass.extend({
	/* Results go to `notices`; `changed` is called after each. `names`: MAC address -> name. */
	on: function(notices, names, changed) {
		const failed = (error) => page.notice(notices, error.message, true);
		const undo = (record) => gateway.undo(record.id).then((answer) => {
			page.notice(notices, _('Undone: %s').format(words.override(answer.undone || record, names)), false);
			return changed();
		}).catch(failed);
		const done = (call) => call.then((answer) => {
			const record = answer.override;
			page.notice(notices, _('In force: %s').format(words.override(record, names)), false, () => undo(record));
			return changed();
		}).catch(failed);
		return {
			allow: (a, b, service) => done(gateway.allow(a, b, service)),
			deny: (a, b, service) => done(gateway.deny(a, b, service)),
			isolate: (device) => done(gateway.isolate(device)),
			quarantine: (device) => done(gateway.quarantine(device)),
			undo: undo
		};
	}
});
