# SPDX-License-Identifier: Apache-2.0
echo "about to fail"
exit 7
