# SPDX-License-Identifier: Apache-2.0
echo "about to hang"
sleep 1000
