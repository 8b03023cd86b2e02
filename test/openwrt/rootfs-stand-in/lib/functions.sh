# SPDX-License-Identifier: Apache-2.0
# A stand-in for OpenWrt's /lib/functions.sh: config_load and what reads its result, for files as `uci commit` writes them. No callbacks, no state, no nesting.

config_load() {
	CONFIG_SECTIONS= CONFIG_ANONYMOUS=0
	local word name value
	while read -r word name value; do
		value="${value#\'}"
		value="${value%\'}"
		case "$word" in
		config)
			section="$value"
			[ -n "$section" ] || { section="cfg$CONFIG_ANONYMOUS"; CONFIG_ANONYMOUS=$((CONFIG_ANONYMOUS + 1)); }
			CONFIG_SECTIONS="$CONFIG_SECTIONS $section"
			eval "TYPE_$section=\${name#\\'}; TYPE_$section=\${TYPE_$section%\\'}"
			for name in $CONFIG_NAMES; do unset "CONFIG_${section}_$name"; done ;;
		option|list) CONFIG_NAMES="$CONFIG_NAMES $name"; eval "CONFIG_${section}_$name=\$value" ;;
		esac
	done <"/etc/config/$1"
}
config_get() { eval "$1=\${CONFIG_$2_$3:-\$4}"; }
config_get_bool() {
	config_get "$@"
	eval "case \"\$$1\" in 1|on|true|yes|enabled) $1=1 ;; *) $1=0 ;; esac"
}
config_foreach() {
	local each type function="$1" wanted="$2"
	shift 2
	for each in $CONFIG_SECTIONS; do
		eval "type=\$TYPE_$each"
		[ "$type" != "$wanted" ] || "$function" "$each" "$@"
	done
}
append() { eval "$1=\"\${$1}\${$1:+ }\$2\""; }
