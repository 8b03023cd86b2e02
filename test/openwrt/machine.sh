# SPDX-License-Identifier: Apache-2.0
# PREFIX DIRECTORY: in namespaces of its own, OpenWrt's programs at their places and its procd as process 1. DIRECTORY/root is laid over the root
# (etc, and bin, sbin and share below usr); DIRECTORY itself is /tmp/host, the one place seen from both sides.
set -e
P=$1 D=$2
mount -t tmpfs none /mnt
mkdir -p /mnt/bin /mnt/sbin /mnt/etc/rc.d /mnt/etc/config /mnt/etc/init.d /mnt/var/lock /mnt/var/log /mnt/dev /mnt/host
cp -a "$P/bin/." /mnt/bin
ln -sf busybox /mnt/bin/sh # OpenWrt's scripts are written for its ash
cp -a "$P/sbin/." /mnt/sbin
cp -a "$P/etc/." /mnt/etc
cp -r /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache /mnt/etc
cp -a "$D/root/." /mnt
ln -s /run /mnt/var/run
mount -t overlay overlay -o "lowerdir=$P/lib:/usr/lib" /usr/lib
mkdir -p /mnt/share
mount -t overlay overlay -o "lowerdir=/mnt/share:$P/usr/share:/usr/share" /usr/share
mount -t overlay overlay -o lowerdir=/mnt/sbin:/usr/sbin /usr/sbin
mount -t overlay overlay -o lowerdir=/mnt/bin:/usr/bin /usr/bin
mount --bind /mnt/etc /etc
mount --bind /mnt/var /var
mount -t tmpfs none /run
mkdir -p /run/ubus
# A /dev without the machine's own: logd and procd would read and write the kernel's log.
mount -t tmpfs none /mnt/dev
mknod -m 666 /mnt/dev/null c 1 3
mknod -m 666 /mnt/dev/zero c 1 5
mknod -m 666 /mnt/dev/urandom c 1 9
mknod -m 666 /mnt/dev/random c 1 8
: >"$D/console"
: >"$D/kmsg"
: >/mnt/dev/console
: >/mnt/dev/kmsg
mount --bind "$D/console" /mnt/dev/console
mount --bind "$D/kmsg" /mnt/dev/kmsg
mount --bind "$D/kmsg" /proc/kmsg
mount --bind "$D" /mnt/host
mount --move /mnt/dev /dev
mount -t tmpfs none /tmp
mkdir /tmp/host
mount --bind /mnt/host /tmp/host
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=1 /sbin/procd
