# SPDX-License-Identifier: Apache-2.0
# The guest's kernel panics.
echo "about to crash"
echo 1 > /proc/sys/kernel/sysrq
echo c > /proc/sysrq-trigger
