#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Called by udhcpc with a lease; configures only the interface it is told, never the host's resolver.
set -e
case "$1" in
deconfig)
	ip -4 address flush dev "$interface"
	;;
bound | renew)
	ip address replace "$ip/$mask" dev "$interface"
	if [ -n "$router" ]; then ip route replace default via "${router%% *}"; fi
	;;
esac
