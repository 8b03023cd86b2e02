#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# First program of the guest. Mounts the root (read-only, changes in memory), the shares, and becomes its PID 1: modprobe and the kernel's look for
# firmware need the real root. Then runs /share/start.sh; its exit status goes to /share/status. Nothing here outlives `deadline` seconds.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for module in $($b cat /modules/order); do $b insmod "/modules/$module" || echo "GUEST cannot load $module"; done
setting() { for word in $($b cat /proc/cmdline); do case $word in "$1"=*) echo "${word#*=}" ;; esac; done; }
share() { $b mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2"; }
fail() { echo "GUEST $1"; $b poweroff -f; }

deadline=$(setting deadline)
case $(setting root) in
  9p) share rootfs /low ro,cache=loose || fail "no root" ;;
  ext4) $b mount -t ext4 -o ro,noload /dev/vda /low || fail "no root" ;;
esac
$b mount -t tmpfs -o size=80% changes /rw
$b mkdir /rw/upper /rw/work
$b mount -t overlay -o lowerdir=/low,upperdir=/rw/upper,workdir=/rw/work root /new || fail "no overlay"
share work /new/share cache=none || fail "no share"
share modules /new/lib/modules ro,cache=loose || fail "no modules"
for name in proc sys dev; do $b mount --move /$name /new/$name; done
$b mkdir -p /new/dev/pts /new/dev/shm
$b mount -t devpts pts /new/dev/pts
$b mount -t tmpfs shm /new/dev/shm
$b mount -t tmpfs run /new/run
$b mount -t tmpfs tmp /new/tmp
$b cp $b /new/run/busybox
$b cat > /new/run/second <<EOF
b=/run/busybox
(\$b sleep $deadline; echo "GUEST deadline"; \$b poweroff -f) &
\$b ip link set lo up
\$b mount -t debugfs debug /sys/kernel/debug
\$b mount -t cgroup2 cgroup /sys/fs/cgroup
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
cd /
/bin/sh /share/start.sh > /share/log 2>&1
echo \$? > /share/status
\$b dmesg > /share/dmesg
\$b sync
\$b poweroff -f
EOF
exec $b switch_root /new /run/busybox sh /run/second
