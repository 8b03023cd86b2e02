# SPDX-License-Identifier: Apache-2.0
#
# A stand-in for OpenWrt's include/package.mk and package-pack.mk, to run the recipes of openwrt/Makefile and lay their packages out as those two do:
# `ipk` (a .ipk of control.tar.gz and data.tar.gz, as opkg wants it) and `apk` (the tree, scripts and fields that are handed to `apk mkpkg`, which Debian lacks).
# As there: $(eval $(call BuildPackage,NAME)) expands a package's definition into variables and its recipes once; a field that is missing is an error;
# the scripts around postinst and prerm; .list, .conffiles and .conffiles_static of apk.
# Not as there: no cross compiler, stripping, check of dependencies against libraries, download and hash, patches, ABI versions, PROVIDES, users, image
# builder; DEPENDS loses its "+" and conditions are refused; one architecture.

PKG_BUILD_DIR ?= $(BUILD_DIR)/$(PKG_NAME)-$(PKG_VERSION)
VERSION := $(PKG_VERSION)-r$(PKG_RELEASE)
comma := ,
empty :=
space := $(empty) $(empty)
define newline


endef

.PHONY: all ipk apk dump
all: ipk apk

define BuildPackage
  $(foreach field,TITLE SECTION CATEGORY DEPENDS PKGARCH,$(eval $(field) :=))
  $(eval $(Package/$(1)))
  $(foreach field,TITLE SECTION CATEGORY,$(if $($(field)),,$(error Package/$(1) is missing the $(field) field)))
  $(if $(findstring :,$(DEPENDS))$(findstring @,$(DEPENDS)),$(error Package/$(1): conditions of DEPENDS are beyond this stand-in))
  $(call PackageTargets,$(1),$(subst +,,$(DEPENDS)),$(if $(PKGARCH),$(PKGARCH),host),$(OUT)/ipk/$(1),$(OUT)/apk/$(1))
endef

# 1: name, 2: dependencies, 3: architecture, 4: folder of the ipk, 5: of the apk
define PackageTargets
  dump: dump-$(1)
  ipk: $(4)/$(1)_$(VERSION)_$(3).ipk
  apk: $(5)/info

  .PHONY: dump-$(1)
  dump-$(1):
	@echo '$(1): $(strip $(SECTION)); $(strip $(CATEGORY)); $(strip $(TITLE)); $(strip $(2))'

  $(4)/files.done: $(PKG_BUILD_DIR)/.built
	rm -rf $(4) && mkdir -p $(4)/root $(4)/control
	$(call Package/$(1)/install,$(4)/root)
	touch $$@

  $(4)/$(1)_$(VERSION)_$(3).ipk: $(4)/files.done
	$$(file >$(4)/control/control,Package: $(1)$$(newline)Version: $(VERSION)$$(newline)Depends: $(subst $(space),$(comma) ,$(strip $(2)))$$(newline)License: $(PKG_LICENSE)$$(newline)Section: $(SECTION)$$(newline)Architecture: $(3)$$(newline)Description: $$(Package/$(1)/description))
	$$(if $$(Package/$(1)/conffiles),$$(file >$(4)/control/conffiles,$$(Package/$(1)/conffiles)))
	$$(if $$(Package/$(1)/prerm),$$(file >$(4)/control/prerm-pkg,$$(Package/$(1)/prerm)) chmod 0755 $(4)/control/prerm-pkg)
	printf '%s\n' '#!/bin/sh' '[ "$$$${IPKG_NO_SCRIPT}" = "1" ] && exit 0' '[ -s $$$${IPKG_INSTROOT}/lib/functions.sh ] || exit 0' '. $$$${IPKG_INSTROOT}/lib/functions.sh' 'default_postinst $$$$0 $$$$@' >$(4)/control/postinst
	printf '%s\n' '#!/bin/sh' '[ -s $$$${IPKG_INSTROOT}/lib/functions.sh ] || exit 0' '. $$$${IPKG_INSTROOT}/lib/functions.sh' 'default_prerm $$$$0 $$$$@' >$(4)/control/prerm
	chmod 0755 $(4)/control/postinst $(4)/control/prerm
	cd $(4)/root && tar --format=gnu --numeric-owner --owner=0 --group=0 --sort=name -czf ../data.tar.gz .
	cd $(4)/control && tar --format=gnu --numeric-owner --owner=0 --group=0 --sort=name -czf ../control.tar.gz .
	echo 2.0 >$(4)/debian-binary
	cd $(4) && tar --format=gnu --numeric-owner --sort=name -czf $$@ ./debian-binary ./data.tar.gz ./control.tar.gz

  $(5)/info: $(4)/files.done
	rm -rf $(5) && mkdir -p $(5)/root/lib/apk/packages $(5)/scripts
	cp -a $(4)/root/. $(5)/root
	cd $(5)/root && find . -type f,l -printf '/%P\n' | sort >$(5)/list && mv $(5)/list lib/apk/packages/$(1).list
	for file in $(strip $(Package/$(1)/conffiles)); do echo $$$$file >>$(5)/root/lib/apk/packages/$(1).conffiles; echo $$$$file $$$$(sha256sum <$(5)/root$$$$file | cut -d' ' -f1) >>$(5)/root/lib/apk/packages/$(1).conffiles_static; done
	printf '%s\n' '#!/bin/sh' '[ -s $$$${IPKG_INSTROOT}/lib/functions.sh ] || exit 0' '. $$$${IPKG_INSTROOT}/lib/functions.sh' 'export pkgname="$(1)"' default_postinst >$(5)/scripts/post-install
	printf '%s\n' name:$(1) version:$(VERSION) arch:$(if $(filter all,$(3)),noarch,$(3)) 'depends:$(strip $(2))' 'license:$(PKG_LICENSE)' >$$@
endef

$(PKG_BUILD_DIR)/.prepared:
	mkdir -p $(PKG_BUILD_DIR)
	$(Build/Prepare)
	touch $@

$(PKG_BUILD_DIR)/.built: $(PKG_BUILD_DIR)/.prepared
	$(Build/Configure)
	$(Build/Compile)
	touch $@
