# SPDX-License-Identifier: Apache-2.0
# Boots, says which kernel, ends: how long the machine itself takes.
echo "kernel $(uname -r) up after $(cut -d' ' -f1 /proc/uptime) s"
