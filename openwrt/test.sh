#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=busybox
# Run by the feeds' CI in a root filesystem with the package installed: PKG_NAME and PKG_VERSION, or the first two arguments of older releases.

name="${PKG_NAME:-$1}"
version="${PKG_VERSION:-$2}"

securebox_runs() {
	securebox version | grep -F "$version" || return 1
	securebox policy check /etc/securebox/policy.yaml || return 1
	securebox config check --config /etc/config/securebox || return 1
	sh -n /etc/init.d/securebox && sh -n /etc/init.d/securebox-recover
}

pages_are_there() {
	[ -s /usr/share/luci/menu.d/luci-app-securebox.json ] && [ -s /usr/share/rpcd/acl.d/luci-app-securebox.json ] &&
		[ -s /www/luci-static/resources/view/securebox/status.js ]
}

case "$name" in
securebox) securebox_runs ;;
luci-app-securebox) pages_are_there ;;
*) echo "no such package: $name" >&2; exit 1 ;;
esac
