// SPDX-License-Identifier: Apache-2.0
// Made of src/gateway/config/uci/options.ts by node tools/run.mjs tools/luci-files.ts; do not edit.
'use strict';
'require baseclass';

return baseclass.extend({ sections: [
	{ type: 'securebox', name: 'main', title: _('Gateway'), what: _('The gateway itself.'), options: [
		{ name: 'enabled', kind: 'flag', value: '1', title: _('Enabled'), what: _('Start the gateway. The file that is installed has 0: nothing changes before its owner says so.') },
		{ name: 'bridge', kind: 'value', value: 'br0', title: _('Bridge'), what: _('The Open vSwitch bridge; created with fail_mode secure when it does not exist.') },
		{ name: 'datapath', kind: 'choice', values: [ 'system', 'netdev' ], value: 'system', title: _('Datapath'), what: _('Datapath of a bridge that the gateway creates: the kernel\'s or in userspace.') },
		{ name: 'manage_ports', kind: 'flag', value: '1', title: _('Manage ports'), what: _('Add the ports below to the bridge when they are missing.') },
		{ name: 'ovsdb', kind: 'value', value: '/var/run/openvswitch/db.sock', title: _('OVSDB'), what: _('Socket of ovsdb-server.') },
		{ name: 'openflow', kind: 'value', note: 'BRIDGE.mgmt beside ovsdb', title: _('OpenFlow'), what: _('The bridge\'s management socket.') },
		{ name: 'policy', kind: 'value', value: '/etc/securebox/policy.yaml', title: _('Policy'), what: _('The policy file; watched.') },
		{ name: 'state', kind: 'value', value: '/etc/securebox/state', title: _('State'), what: _('Devices, overrides and the last valid policy outlive a restart here: on flash, as /var is in memory.') },
		{ name: 'socket', kind: 'value', value: '/var/run/securebox.sock', title: _('Socket'), what: _('Control socket.') },
		{ name: 'ubus', kind: 'value', value: '/var/run/ubus/ubus.sock', title: _('Ubus'), what: _('Socket of ubusd: stations come from hostapd there, names from dnsmasq and odhcpd; the gateway\'s object securebox is there.') },
		{ name: 'stations', kind: 'value', title: _('Stations'), what: _('Socket that tells station events, instead of hostapd on ubus. Stations of a radio that neither tells of are learnt from their frames.') },
		{ name: 'log_level', kind: 'choice', values: [ 'debug', 'info', 'warn', 'error' ], value: 'info', title: _('Log level'), what: _('Least level that is logged.') },
		{ name: 'log_format', kind: 'choice', values: [ 'logd', 'text', 'json' ], value: 'logd', title: _('Log format'), what: _('Form of a line of the log. logd: without time, warnings and errors apart from the rest, for logread.') },
		{ name: 'confine', kind: 'flag', value: '0', title: _('Confine'), what: _('Run without capabilities and new privileges. Needs the package procd-ujail.') }
	] },
	{ type: 'port', title: _('Port'), what: _('One per port of the bridge. At least one; at most one uplink.'), options: [
		{ name: 'device', kind: 'value', required: true, title: _('Device'), what: _('The interface.') },
		{ name: 'role', kind: 'choice', values: [ 'bss', 'wired', 'thin', 'uplink', 'local' ], required: true, title: _('Role'), what: _('bss: an access point\'s interface with client isolation; wired: devices under the policy; thin: the VLAN or tunnel of an access point that only isolates; uplink: towards router and internet; local: the bridge\'s own interface.') }
	] },
	{ type: 'network', name: 'network', title: _('Network'), what: _('The network whose devices are under the policy.'), options: [
		{ name: 'prefix', kind: 'list', datatype: 'or(cidr4,cidr6)', required: true, title: _('Prefix'), what: _('The client subnets; link-local is implied.') },
		{ name: 'gateway', kind: 'list', datatype: 'ipaddr', title: _('Gateway'), what: _('The router\'s addresses in them.') },
		{ name: 'gateway_mac', kind: 'list', datatype: 'macaddr', title: _('Gateway MAC'), what: _('MAC addresses that no station may use.') },
		{ name: 'resolver', kind: 'list', datatype: 'ipaddr', title: _('Resolver'), what: _('Only their DNS answers are believed by dns: rules.') }
	] },
	{ type: 'wifi', title: _('Wi-Fi'), what: _('One per wifi-iface that is set up for isolation; its settings are changed as a transaction. None: the wireless configuration is left alone.'), options: [
		{ name: 'iface', kind: 'value', required: true, title: _('Interface'), what: _('Section of /etc/config/wireless.') },
		{ name: 'group_keys', kind: 'choice', values: [ 'random', 'per-station', 'shared' ], value: 'random', title: _('Group keys'), what: _('How stations are kept from reaching each other under a shared group key: random (disable_dgaf; wants a full wpad), per-station (an interface per station), or not at all.') }
	] },
	{ type: 'key', title: _('Key'), what: _('One per Wi-Fi key of a device, or of devices that belong together; written to /etc/config/wireless as wifi-station (and wifi-vlan) sections named sbk_... (sbv_...), and taken out with this section. The key\'s name is the section\'s, or name.'), options: [
		{ name: 'name', kind: 'value', datatype: 'uciname', note: 'the section\'s name', title: _('Name'), what: _('Names the key in the policy and the log; of one key only.') },
		{ name: 'key', kind: 'secret', datatype: 'wpakey', required: true, title: _('Key'), what: _('The passphrase. It is in no message and no answer.') },
		{ name: 'mac', kind: 'list', datatype: 'macaddr', title: _('MAC'), what: _('The devices that may use the key. Empty: any device; from OpenWrt 25.12 on such a key is left out of hostapd\'s files, and is told as a problem.') },
		{ name: 'vlan', kind: 'value', datatype: 'and(uinteger,range(1,4094))', title: _('VLAN'), what: _('A VLAN of this key alone, for a key with one mac: hostapd tells by it who proved the key. Its station is at an interface of its own, such as phy0-ap0-20, which the gateway makes a port. Wants a full wpad. With no mac or several it is left out and told as a problem, as a radio passes frames between devices of one VLAN past the policy.') },
		{ name: 'iface', kind: 'list', note: 'those of every wifi section', title: _('Interface'), what: _('The networks that take the key, as iface of a wifi section names them.') }
	] },
	{ type: 'apply', name: 'apply', title: _('Apply'), what: _('Changes are confirmed when what worked before works again, else rolled back.'), options: [
		{ name: 'deadline', kind: 'value', datatype: 'and(uinteger,range(10,900))', value: '120', title: _('Deadline'), what: _('Seconds until a change is rolled back that was not confirmed.') }
	] },
	{ type: 'limits', name: 'limits', title: _('Limits'), what: _('How long queues may become and how long waits may last.'), options: [
		{ name: 'held_per_device', kind: 'value', datatype: 'and(uinteger,range(1,4096))', value: '64', title: _('Held per device'), what: _('Packets of unknown flows held at a time, per device.') },
		{ name: 'held_total', kind: 'value', datatype: 'and(uinteger,range(1,65536))', value: '1024', title: _('Held total'), what: _('The same of all devices.') },
		{ name: 'hold_deadline', kind: 'value', datatype: 'and(uinteger,range(10,60000))', value: '200', title: _('Hold deadline'), what: _('Milliseconds; then the rule\'s fallback decides.') },
		{ name: 'roaming_patience', kind: 'value', datatype: 'and(uinteger,range(100,10000))', value: '500', title: _('Roaming patience'), what: _('Milliseconds; with thin ports: a station that turns up at another port has left its own when it does not answer there for so long.') },
		{ name: 'reassociation_hold', kind: 'value', datatype: 'and(uinteger,range(0,3600))', value: '10', title: _('Reassociation hold'), what: _('Seconds for which a MAC address that appears at a second place is refused.') },
		{ name: 'devices', kind: 'value', datatype: 'and(uinteger,range(1,65534))', value: '1024', title: _('Devices'), what: _('Devices known at a time; the longest absent is forgotten first.') }
	] },
	{ type: 'backend', name: 'backend', title: _('Backend'), what: _('Nothing to set: securebox enroll writes what is needed.'), options: [
		{ name: 'enabled', kind: 'flag', value: '1', title: _('Enabled'), what: _('0: standalone, whatever was enrolled.') },
		{ name: 'state', kind: 'value', note: 'backend below state', title: _('State'), what: _('Key, certificate, documents, events not sent yet.') }
	] }
] });
