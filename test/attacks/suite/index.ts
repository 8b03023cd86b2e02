// SPDX-License-Identifier: Apache-2.0
import type { Attack } from "../attack.ts";
import { arpSpoofing } from "./arp-spoofing.ts";
import { broadcastReflection } from "./broadcast-reflection.ts";
import { floodMalformedArp } from "./flood-malformed-arp.ts";
import { floodMalformedDhcp } from "./flood-malformed-dhcp.ts";
import { floodMalformedMdns } from "./flood-malformed-mdns.ts";
import { floodMalformedNd } from "./flood-malformed-nd.ts";
import { floodMulticast } from "./flood-multicast.ts";
import { floodNewFlows } from "./flood-new-flows.ts";
import { floodNewMacs } from "./flood-new-macs.ts";
import { fourAddressClient } from "./four-address-client.ts";
import { gatewayBouncingV4 } from "./gateway-bouncing-v4.ts";
import { gatewayBouncingV6 } from "./gateway-bouncing-v6.ts";
import { groupKeyInjectionOwnKeys } from "./group-key-injection-own-keys.ts";
import { groupKeyInjection } from "./group-key-injection.ts";
import { icmpRedirect } from "./icmp-redirect.ts";
import { ipFragments } from "./ip-fragments.ts";
import { ipSpoofing } from "./ip-spoofing.ts";
import { ipv6ExtensionHeaders } from "./ipv6-extension-headers.ts";
import { macSpoofing } from "./mac-spoofing.ts";
import { mdnsAmplification } from "./mdns-amplification.ts";
import { multicastReflection } from "./multicast-reflection.ts";
import { ndSpoofing } from "./nd-spoofing.ts";
import { otherProtocols } from "./other-protocols.ts";
import { overlappingFragments } from "./overlapping-fragments.ts";
import { passphraseDecryption } from "./passphrase-decryption.ts";
import { plainUnicast } from "./plain-unicast.ts";
import { portStealingDownlinkOtherBss } from "./port-stealing-downlink-other-bss.ts";
import { portStealingDownlinkSameBss } from "./port-stealing-downlink-same-bss.ts";
import { portStealingUplinkOtherBss } from "./port-stealing-uplink-other-bss.ts";
import { portStealingUplinkSameBss } from "./port-stealing-uplink-same-bss.ts";
import { reassociationLeak } from "./reassociation-leak.ts";
import { rogueDhcp } from "./rogue-dhcp.ts";
import { rogueDhcpv6 } from "./rogue-dhcpv6.ts";
import { rogueRouterAdvertisement } from "./rogue-router-advertisement.ts";
import { sharedPassphraseDecryption } from "./shared-passphrase-decryption.ts";
import { slowFlowExhaustion } from "./slow-flow-exhaustion.ts";
import { tdlsDirectLink } from "./tdls-direct-link.ts";
import { vlanHopping } from "./vlan-hopping.ts";

/** All attacks, in the order of the table. */
export const attacks: readonly Attack[] = [
  plainUnicast,
  portStealingDownlinkSameBss, portStealingDownlinkOtherBss, portStealingUplinkSameBss, portStealingUplinkOtherBss,
  reassociationLeak,
  groupKeyInjection, groupKeyInjectionOwnKeys,
  sharedPassphraseDecryption, passphraseDecryption,
  fourAddressClient, tdlsDirectLink,
  floodNewFlows, floodNewMacs, floodMalformedArp, floodMalformedNd, floodMalformedDhcp, floodMalformedMdns, floodMulticast, mdnsAmplification, slowFlowExhaustion,
  arpSpoofing, ndSpoofing, macSpoofing, ipSpoofing,
  broadcastReflection, multicastReflection, gatewayBouncingV4, gatewayBouncingV6,
  rogueDhcp, rogueDhcpv6, rogueRouterAdvertisement, ipv6ExtensionHeaders, icmpRedirect,
  vlanHopping, ipFragments, overlappingFragments, otherProtocols,
];
