# SPDX-License-Identifier: Apache-2.0
# A stand-in for OpenWrt's rules.mk: the names that openwrt/Makefile uses, for this machine's own compiler. See include/package.mk.

INCLUDE_DIR := $(TOPDIR)/include
DL_DIR := $(OUT)/dl
BUILD_DIR := $(OUT)/build

INSTALL_DIR := install -d -m0755
INSTALL_BIN := install -m0755
INSTALL_DATA := install -m0644
INSTALL_CONF := install -m0600
CP := cp -fpR
TAR := tar

HOSTCC := gcc
HOST_CFLAGS := -O0
TARGET_CC := gcc
TARGET_CFLAGS := -O0
PKG_JOBS := -j2
