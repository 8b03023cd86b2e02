// SPDX-License-Identifier: Apache-2.0
// The part of the status page about the backend: the link, enrolment by token, leaving.
'use strict';
'require baseclass';
'require ui';
'require securebox.gateway as gateway';
'require securebox.page as page';
'require securebox.words as words';

function stateText(link) {
	if (link.state == 'connected')
		return link.synchronised ? _('Connected') : _('Connected, not up to date yet');
	const again = link.retryIn == null ? '' : _('; next try in %s').format(words.duration(link.retryIn));
	return _('Not connected') + (link.lastError ? ': ' + link.lastError : '') + again;
}

function refusedText(refused) {
	return _('%s document (%s): %s').format(refused.kind, refused.code, refused.message);
}

function approvalText(enrolment) {
	return _('An operator of the backend has to approve this gateway; its key is %s').format(enrolment.keyFingerprint) + (enrolment.lastError ? ' (%s)'.format(enrolment.lastError) : '');
}

function outboxText(outbox) {
	const lost = outbox.lost > 0 ? _(', %d lost').format(outbox.lost) : '';
	return outbox.events > 0 || lost ? [ _('%d waiting').format(outbox.events) + lost ] : [];
}

function facts(link) {
	return page.facts([
		[ _('Link'), [ stateText(link) ] ],
		[ _('Since'), link.since ? [ words.time(link.since) ] : [] ],
		[ _('Gateway'), [ _('%s of network %s').format(link.gateway, link.network) ] ],
		[ _('Broker'), link.broker ? [ link.broker ] : [] ],
		[ _('Policy'), [ link.desired ? _('version %d').format(link.desired.version) : _('none of it in force yet') ] ],
		[ _('Refused'), link.refused ? [ refusedText(link.refused) ] : [] ],
		[ _('Certificate'), link.certificateExpires ? [ _('until %s').format(words.time(link.certificateExpires)) ] : [] ],
		[ _('Clock'), link.clock == 'floor' ? [ _('not confirmed by the backend yet') ] : [] ],
		[ _('Events'), link.outbox ? outboxText(link.outbox) : [] ],
		[ _('Not stored'), link.storeError ? [ link.storeError ] : [] ],
		[ _('Approval'), link.enrolment ? [ approvalText(link.enrolment) ] : [] ]
	]);
}

function confirmLeave(leave) {
	ui.showModal(_('Leave the backend?'), [
		E('p', {}, [ _('The key, the certificate and the policy of the backend are removed from this access point. The policy file counts from then on; without one, everything is denied.') ]),
		E('div', { 'class': 'right' }, [
			page.button(_('Stay'), 'neutral', null, ui.hideModal), ' ',
			page.button(_('Leave the backend'), 'negative', null, () => leave().finally(ui.hideModal))
		])
	]);
}

return baseclass.extend({
	/* `changed` is called after an enrolment or a leave. `show` takes LinkStatus or undefined; the form keeps what somebody typed. */
	section: function(changed) {
		const notices = page.notices();
		const live = E('div');
		const token = E('textarea', { 'class': 'cbi-input-textarea', 'rows': '4', 'style': 'width:100%', 'aria-label': _('Enrolment token'), 'spellcheck': 'false', 'autocomplete': 'off', 'data-key': 'token' });
		const told = (text) => (answer) => {
			page.notice(notices, text(answer), false);
			return changed();
		};
		const failed = (error) => page.notice(notices, error.message, true);
		const enroll = () => {
			const value = token.value.trim();
			if (value == '')
				return page.notice(notices, _('Paste the token first; the backend shows one when a gateway is added.'), true);
			return gateway.enroll(value).then((answer) => {
				token.value = '';
				return told(() => _('Enrolled as %s of network %s. The policy of the backend comes into force as soon as it arrives.').format(answer.gateway, answer.network))(answer);
			}).catch(failed);
		};
		const leave = () => gateway.unenroll().then(told((answer) => _('Left network %s. The backend still lists %s: revoke it there if it is not to come back.').format(answer.network, answer.gateway))).catch(failed);
		const form = E('div', {}, [
			E('p', {}, [ _('This gateway stands alone: the policy file counts. With a token from the backend it takes its policy from there.') ]),
			token,
			E('div', { 'class': 'right', 'style': 'margin-top:.5em' }, [ page.button(_('Enrol'), 'positive', 'enroll', enroll, page.readonly()) ])
		]);
		const leaving = E('div', { 'class': 'right' }, [ page.button(_('Leave the backend…'), 'negative', 'unenroll', () => confirmLeave(leave), page.readonly()) ]);
		const show = (link) => {
			const member = link != null && link.state != 'none';
			page.replace(live, member ? [ facts(link) ] : []);
			form.style.display = member ? 'none' : '';
			leaving.style.display = member ? '' : 'none';
		};
		show(null);
		return { node: page.section(_('Backend'), [ live, form, leaving ]), notices: notices, show: show };
	}
});
