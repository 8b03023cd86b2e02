#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Records frames.ts: what the Linux kernel, dnsmasq, dhclient, dig and ping say to each other on one link.
# As root, with dnsmasq-base, isc-dhcp-client, dnsutils, ethtool, tcpdump:  src/packets/test/vectors/record.sh > src/packets/test/vectors/frames.ts
set -eu
work=$(mktemp -d)
server=vec-s-$$ client=vec-c-$$
pids=""
finish() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  for ns in $server $client; do ip netns del "$ns" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT INT TERM
ip netns add "$server"; ip netns add "$client"
ip -n "$server" link add eth0 address 02:00:00:00:00:01 type veth peer name eth0 netns "$client"
ip -n "$client" link set eth0 address 02:00:00:00:00:11
ip -n "$server" addr add 10.99.0.1/24 dev eth0
ip -n "$server" addr add 2001:db8:99::1/64 dev eth0 nodad
ip -n "$server" link set eth0 up
ip netns exec "$server" tcpdump -Z root -i eth0 -U -s 0 -w "$work/frames.pcap" 2>"$work/tcpdump.log" &
pids="$pids $!"
sleep 1
for ns in $server $client; do ip netns exec "$ns" ethtool -K eth0 tx off >/dev/null; ip -n "$ns" link set lo up; ip -n "$ns" link set eth0 up; done
sleep 2
ip netns exec "$server" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= \
  --dhcp-leasefile="$work/leases" --interface=eth0 --bind-interfaces --enable-ra --dhcp-authoritative \
  --dhcp-range=10.99.0.100,10.99.0.200,1h --dhcp-range=2001:db8:99::100,2001:db8:99::1ff,64,10m --dhcp-option=option6:dns-server,[2001:db8:99::1] \
  --host-record=web.example.test,10.99.0.1,2001:db8:99::1 --cname=www.example.test,web.example.test --local=/test/ --local-ttl=60 \
  $(for i in 1 2 3 4 5 6 7 8 9; do echo "--host-record=many.example.test,198.51.100.$i"; done) 2>"$work/dnsmasq.log" &
pids="$pids $!"
sleep 3
in_client() { ip netns exec "$client" "$@" >/dev/null 2>&1 || true; }
printf 'send host-name "laptop";\nrequest subnet-mask, routers, domain-name-servers, host-name;\n' > "$work/dhclient.conf"
for family in -4 -6; do
  in_client timeout 20 dhclient $family -1 -d -sf /bin/true -cf "$work/dhclient.conf" -lf "$work/lease$family" -pf "$work/pid$family" eth0 &
  pids="$pids $!"
done
sleep 8
ip -n "$client" addr add 10.99.0.111/24 dev eth0
for name in www.example.test many.example.test missing.example.test; do
  for kind in A AAAA; do in_client dig +tries=1 +time=1 @10.99.0.1 $name $kind; done
done
in_client dig +tcp +tries=1 +time=1 @10.99.0.1 www.example.test
in_client dig +tries=1 +time=1 @2001:db8:99::1 www.example.test AAAA
in_client ping -c 1 -W 1 10.99.0.1
in_client ping -c 1 -W 1 -s 3000 10.99.0.1
in_client ping -c 1 -W 1 2001:db8:99::1
in_client ping -c 1 -W 1 -s 3000 2001:db8:99::1
in_client dig +tries=1 +time=1 -p 9 @10.99.0.1 refused.example.test
sleep 6
ip -n "$client" addr add 10.99.0.112/24 dev eth0
sleep 1
echo '// SPDX-License-Identifier: Apache-2.0'
echo '// Frames of real programs, made by record.sh; each with its description by tcpdump.'
echo 'export const FRAMES: readonly (readonly [description: string, hex: string])[] = ['
tcpdump -Z root -r "$work/frames.pcap" -tnn > "$work/text" 2>/dev/null
tcpdump -Z root -r "$work/frames.pcap" -tnn -xx 2>/dev/null | awk -v text="$work/text" '
  function flush() { if (hex != "") { getline line < text; gsub(/["\\]/, "", line); printf "  [\"%s\", \"%s\"],\n", substr(line, 1, 140), hex; } hex = "" }
  /^\t0x/ { sub(/^\t0x[0-9a-f]+: */, ""); gsub(/ /, ""); hex = hex $0; next }
  { flush() }
  END { flush() }'
echo '];'
