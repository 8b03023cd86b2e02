// SPDX-License-Identifier: Apache-2.0
// What is installed on the host, and what is unpacked for the guest. Their dependencies come along.
import type { Machine } from "./machines.ts";

/** On this machine; package -> what for. */
export const hostPackages = (machine: Machine): Record<string, string> => ({
  [machine.package]: "the emulator",
  kmod: "finds the modules of the first file system and indexes the guest's",
  cpio: "the first file system",
  "xz-utils": "takes the kernel out of its compressed image",
  ...(machine.root === "ext4" && { e2fsprogs: "the root file system" }),
});

/** In the guest; package -> what for. */
export const guestPackages: Record<string, string> = {
  hostapd: "access points",
  wpasupplicant: "stations",
  iw: "radios into namespaces",
  "wireless-regdb": "without it a kernel says so at every channel",
  "openvswitch-switch": "the switch",
  iproute2: "namespaces, interfaces",
  "iputils-ping": "traffic",
  "iputils-arping": "traffic",
  iperf3: "throughput",
  tcpdump: "what a station's radio received",
  ethtool: "offloads",
  nftables: "counters and filters of access points that are not ours",
  ipvsadm: "load balancing",
  "dnsmasq-base": "DHCP and DNS",
  "avahi-daemon": "printers and who looks for them, by mDNS", "avahi-utils": "the same", "dbus-daemon": "what Avahi's programs speak",
  "miniupnpd-nftables": "a device that SSDP finds", miniupnpc: "who looks for it",
  kmod: "modules",
  procps: "sysctl",
  "busybox-static": "the first program, and udhcpc",
  dash: "sh", bash: "shells of Debian's scripts", coreutils: "everywhere", sed: "everywhere", grep: "everywhere", mawk: "everywhere", "util-linux": "setpriv, nsenter",
  "libstdc++6": "libraries that only maintainer scripts would ask for",
};
