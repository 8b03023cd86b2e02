// SPDX-License-Identifier: Apache-2.0
// What record.ts has ovs-ofctl say, once for each OpenFlow version. `add-flow` lines are made from the two lists below.

/** Matches: every field, plain and (where it can be) masked. */
const MATCHES = [
  "", "in_port=1", "in_port=LOCAL", "dp_hash=0x5", "dp_hash=0x5/0xf", "recirc_id=0", "conj_id=7",
  "dl_src=02:00:00:00:00:01", "dl_src=02:00:00:00:00:00/ff:ff:00:00:00:00", "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00", "eth_dst=ff:ff:ff:ff:ff:ff",
  "dl_type=0x88cc", "dl_vlan=0xffff", "dl_vlan=7", "dl_vlan=7,dl_vlan_pcp=3", "dl_vlan_pcp=3", "vlan_tci=0x1005/0x1fff", "vlan_tci=0x1000/0x1000", "vlan_vid=0x1000/0x1001", "vlan_tci=0xf005",
  "mpls,mpls_label=7,mpls_tc=3,mpls_bos=1", "mplsm,mpls_ttl=9",
  "ip,nw_src=10.0.0.1,nw_dst=10.0.0.0/8", "ip,ip_src=10.0.0.1/255.0.0.255", "ip,ip_frag=no", "ip,ip_frag=yes", "ip,ip_frag=first", "ip,ip_frag=later", "ipv6,ip_frag=not_later",
  "ip,nw_tos=184", "ip,ip_dscp=46", "ip,nw_ecn=2", "ip,nw_ttl=64", "ip,nw_proto=47", "ip,nw_tos=184,nw_ecn=1,nw_ttl=3",
  "ipv6,ipv6_src=2001:db8::1,ipv6_dst=2001:db8::/32", "ipv6,ipv6_label=0x12345", "ipv6,ipv6_label=0x1/0xff", "ipv6,ipv6_dst=::ffff:0:0/::ffff:0:ff",
  "tcp,tp_src=80,tp_dst=443", "tcp,tp_src=1024/0xfc00", "tcp,tcp_flags=+syn-ack", "tcp,tcp_flags=0x12", "tcp6,tcp_dst=22", "udp,udp_src=53,udp_dst=5353", "udp6,tp_dst=546/0xfffe", "sctp,sctp_src=1,sctp_dst=2", "sctp6,tp_src=5",
  "icmp,icmp_type=8,icmp_code=0", "icmp6,icmp_type=128,icmp_code=0", "icmp6,icmpv6_type=135,icmpv6_code=0,nd_target=fe80::1,nd_sll=02:00:00:00:00:01", "icmp6,icmp_type=136,nd_target=fe80::/64,nd_tll=02:00:00:00:00:00/ff:00:00:00:00:00", "icmp6,icmp_type=136,icmp_code=0,nd_reserved=5,nd_options_type=2",
  "arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.0/24,arp_sha=02:00:00:00:00:01,arp_tha=00:00:00:00:00:00", "rarp,arp_op=3", "arp,nw_src=10.1.0.0/16,nw_dst=10.1.2.3,nw_proto=2",
  "tun_id=0x1234", "tun_id=0x5/0xff", "tun_src=192.0.2.1", "tun_dst=192.0.2.0/24", "tun_ipv6_src=2001:db8::1", "tun_ipv6_dst=2001:db8::/32", "tun_flags=oam", "tun_flags=+oam", "tun_gbp_id=5", "tun_gbp_id=5/0xff", "tun_gbp_flags=8", "tun_gbp_flags=0/8",
  "tun_erspan_ver=1,tun_erspan_idx=0x5", "tun_erspan_ver=2,tun_erspan_dir=1,tun_erspan_hwid=3", "tun_erspan_idx=0x1/0xff",
  "tun_metadata0=0x01020304", "tun_metadata0=0x1/0xf", "tun_gtpu_flags=0x30", "tun_gtpu_msgtype=255",
  "reg0=1", "reg1=0x5/0xff", "reg0=1,reg1=2", "reg15=0xffffffff", "reg2=1,reg3=2/3,reg9=7", "xreg0=0x100000002", "xreg3=0x5/0xff00000000ff", "xxreg1=0x1", "xxreg0=0x50000000000000000000000000000001/0xf000000000000000000000000000000f",
  "pkt_mark=7", "pkt_mark=1/3", "ct_state=+trk", "ct_state=+trk+new-est", "ct_state=+trk+rel+rpl+inv+snat-dnat", "ct_state=0x21/0x23", "ct_zone=5", "ct_mark=5", "ct_mark=0x5/0xf", "ct_label=0x5", "ct_label=0x1000000000000000000000000000000f/0xf000000000000000000000000000000f",
  "ip,ct_state=+trk,ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.0/8,ct_nw_proto=6,ct_tp_src=80,ct_tp_dst=1024/0xfc00", "ipv6,ct_state=+trk,ct_ipv6_src=2001:db8::1,ct_ipv6_dst=2001:db8::/32,ct_nw_proto=17,ct_tp_dst=53",
  "metadata=0x5", "metadata=0x5/0xff", "in_port=1,dl_src=02:00:00:00:00:01,dl_vlan=9,tcp,nw_src=10.0.0.1,tp_dst=80,reg0=5,ct_state=+trk+est,ct_mark=1,metadata=7,tun_id=3",
] as const;

const ACTIONS = [
  "drop", "output:1", "2", "normal", "flood", "all", "local", "in_port", "table", "controller", "controller:128", "CONTROLLER:65535", "controller(max_len=100)", "controller(reason=no_match)", "controller(reason=invalid_ttl,max_len=64,id=3)", "controller(id=5)",
  "controller(pause)", "controller(userdata=01.02.03.04.05.06.07.08.09)", "controller(userdata=00,pause,meter_id=5)", "controller(meter_id=7)", "controller(max_len=5,reason=packet_out,id=9,userdata=ff,pause)",
  "output:NXM_NX_REG0[]", "output:reg1[0..15]", "output:xreg0[3..18]", "output(port=1,max_len=100)", "enqueue(1,5)", "set_queue:3,output:1,pop_queue", "group:7",
  "strip_vlan", "pop_vlan", "push_vlan:0x88a8", "mod_vlan_vid:5", "mod_vlan_pcp:3", "mod_dl_src:02:00:00:00:00:09", "mod_dl_dst:02:00:00:00:00:0a",
  "set_tunnel:5", "set_tunnel64:0x123456789a", "resubmit:1", "resubmit(,5)", "resubmit(2,)", "resubmit(2,6)", "resubmit(in_port,6)",
  "load:0x1->NXM_NX_REG0[]", "load:0x7->NXM_NX_REG3[4..6]", "load:0x020000000001->NXM_OF_ETH_DST[]", "load:1->OXM_OF_METADATA[5]", "load:3->NXM_NX_XXREG1[60..63]", "load:0x5->xreg2[]", "load:0->NXM_OF_IN_PORT[]", "load:5->NXM_NX_TUN_ID[0..31]", "load:0x3->vlan_vid[0..11]", "load:5->tun_metadata0[0..7]",
  "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]", "move:NXM_NX_REG0[0..7]->NXM_NX_REG1[24..31]", "move:xxreg0[0..63]->xreg2[]", "move:tun_id[0..31]->reg5[]", "move:NXM_NX_REG0[0..11]->vlan_vid[0..11]", "move:tun_metadata0[0..7]->reg0[0..7]",
  "set_field:02:00:00:00:00:05->eth_src", "set_field:02:00:00:00:00:00/ff:00:00:00:00:00->eth_dst", "set_field:5->reg0", "set_field:0x5/0xf->reg1", "set_field:0x50005/0xf000f->reg2", "set_field:7->xreg1", "set_field:0x9/0xff->xxreg2", "set_field:7->metadata", "set_field:3->pkt_mark", "set_field:10.0.0.9->tun_src", "set_field:2001:db8::9->tun_ipv6_dst", "set_field:oam->tun_flags", "set_field:5->tun_gbp_id", "set_field:0x12345678->tun_metadata0", "set_field:1->in_port", "set_field:3->tun_erspan_ver",
  "push:reg0[0..7],pop:reg1[0..7]", "push:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[]",
  "learn(table=5,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])", "learn(table=1,idle_timeout=5,hard_timeout=6,priority=7,cookie=0x8,send_flow_rem,delete_learned,fin_idle_timeout=2,fin_hard_timeout=3,eth_type=0x800,reg0[0..3]=reg1[4..7],load:0x3->NXM_NX_REG2[0..1],load:reg3[]->reg4[],reg5=9)", "learn(limit=5,table=2,reg0[],load:1->reg1[])", "learn(table=3,limit=7,result_dst=reg0[4],vlan_vid[0..11],output:reg3[0..15])", "learn(table=9,eth_type=0x800,nw_proto=6,ip_src[]=ip_dst[],tcp_src[]=tcp_dst[])",
  "ct(table=3,zone=NXM_NX_REG0[0..15])", "ct(commit,zone=9)", "ct(commit,force,zone=1,exec(set_field:5->ct_mark,set_field:0x77->ct_label,load:1->NXM_NX_CT_MARK[3]))", "ct(commit,alg=ftp,table=4)", "ct(commit,alg=tftp,nat(src=10.0.0.1))", "ct(nat,table=2)", "ct(commit,nat(src=10.0.0.1-10.0.0.9:10-20,persistent,random))", "ct(commit,nat(dst=10.0.0.1:80,hash))", "ct(commit,nat(src=10.0.0.1-10.0.0.9))", "ct_clear",
  "clone(set_field:1->reg0,output:1),output:2", "clone(clone(ct(commit,exec(set_field:1->ct_mark))))", "note:", "note:00.11.22", "note:00.11.22.33.44.55.66.77.88.99", "exit", "fin_timeout(idle_timeout=1,hard_timeout=2)", "check_pkt_larger(1500)->reg0[1]", "delete_field:tun_metadata0", "write_metadata:0x5/0xff", "write_metadata:7,goto_table:9", "write_actions(output:1,group:3)", "clear_actions,goto_table:9", "meter:5,output:1", "meter:5,output:1,clear_actions,write_actions(output:2),write_metadata:1,goto_table:33", "goto_table:200",
] as const;

/** Actions that need something in the match. */
const PAIRS = [
  "ip,actions=mod_nw_src:10.0.0.1,mod_nw_dst:10.0.0.2,mod_nw_tos:184,mod_nw_ecn:1,mod_nw_ttl:9,dec_ttl,output:1", "ip,actions=dec_ttl(1,2,3)", "tcp,actions=mod_tp_src:1,mod_tp_dst:2", "udp,actions=mod_tp_dst:2", "sctp,actions=mod_tp_src:3",
  "dl_vlan=5,actions=mod_vlan_vid:6,mod_vlan_pcp:2", "mpls,actions=pop_mpls:0x800", "mpls,actions=dec_mpls_ttl,set_mpls_ttl(5),set_mpls_label(7),set_mpls_tc(3)", "ip,actions=push_mpls:0x8847,set_field:9->mpls_label",
  "ip,actions=set_field:10.0.0.5->ip_src,set_field:10.0.0.6->nw_dst,set_field:5->ip_dscp,set_field:1->nw_ecn,set_field:7->nw_ttl", "ip,actions=set_field:10.0.0.0/255.0.0.0->ip_src", "ipv6,actions=set_field:2001:db8::5->ipv6_src,set_field:2001:db8::/32->ipv6_dst,set_field:5->ipv6_label", "tcp,actions=set_field:80->tcp_src,set_field:81->tp_dst", "udp,actions=set_field:80->udp_src,load:5->NXM_OF_UDP_DST[]", "arp,actions=move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],load:2->NXM_OF_ARP_OP[],set_field:02:00:00:00:00:01->arp_sha,set_field:10.0.0.1->arp_spa,in_port",
  "icmp,actions=set_field:0->icmp_type,set_field:1->icmp_code", "icmp6,icmp_type=135,icmp_code=0,actions=set_field:136->icmpv6_type,set_field:fe80::1->nd_target,set_field:5->nd_reserved,set_field:2->nd_options_type,set_field:02:00:00:00:00:01->nd_sll",
  "ip,actions=ct(table=1)", "ip,ct_state=+trk,actions=resubmit(,8,ct)", "ip,actions=conjunction(1,1/2),conjunction(2,2/3)", "ipv6,actions=ct(commit,nat(src=[2001:db8::1]-[2001:db8::9]:10-20))", "ipv6,actions=ct(commit,nat(dst=2001:db8::1))", "dl_vlan=5,actions=set_field:4102->vlan_vid,set_field:3->vlan_pcp",
  "tcp,actions=learn(table=7,fin_hard_timeout=3,eth_type=0x800,nw_proto=6,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],NXM_OF_TCP_SRC[]=NXM_OF_TCP_DST[],load:NXM_OF_IP_SRC[]->NXM_NX_REG0[],output:NXM_OF_IN_PORT[])",
  "send_flow_rem,check_overlap,reset_counts,no_packet_counts,no_byte_counts,idle_timeout=1,hard_timeout=2,importance=5,cookie=0xffffffffffffffff,actions=output:1",
];

/** Actions that a flow with an IP match needs around them. */
const IP_ACTIONS = /^(ct\(|resubmit\(,5,ct)|clone\(clone/;

export interface Command {
  cmd: string;
  text: string;
}

const add = (text: string): Command => ({ cmd: "add-flow", text });

/** In this order; groups and meters that flows refer to come first. */
export const COMMANDS: readonly Command[] = [
  { cmd: "add-tlv-map", text: "{class=0xffff,type=0,len=4}->tun_metadata0" },
  { cmd: "dump-tlv-map", text: "" },
  { cmd: "add-meter", text: "meter=5,pktps,bands=type=drop,rate=10" },
  { cmd: "add-meter", text: "meter=7,kbps,burst,stats,bands=type=drop,rate=100,burst_size=20" },
  { cmd: "mod-meter", text: "meter=5,pktps,stats,bands=type=drop,rate=20" },
  { cmd: "add-meter", text: "meter=9,kbps,bands=type=dscp_remark,rate=5,prec_level=1" },
  { cmd: "add-group", text: "group_id=3,type=all,bucket=output:1,bucket=output:2" },
  { cmd: "add-group", text: "group_id=4,type=indirect,bucket=set_field:1->reg0,output:1" },
  { cmd: "add-group", text: "group_id=5,type=ff,bucket=watch_port:1,output:1,bucket=watch_port:2,watch_group:3,output:2" },
  { cmd: "add-group", text: "group_id=6,type=select,bucket=weight:10,output:1,bucket=output:2" },
  { cmd: "add-group", text: "group_id=7,type=select,selection_method=hash,fields(eth_src,ip_dst),bucket=bucket_id:5,output:1" },
  { cmd: "add-group", text: "group_id=8,type=select,selection_method=dp_hash,selection_method_param=1,bucket=bucket_id:5,weight:2,output:1" },
  { cmd: "mod-group", text: "group_id=3,type=all,bucket=output:2" },
  { cmd: "insert-buckets", text: "group_id=3,command_bucket_id=first,bucket=bucket_id:7,output:1" },
  { cmd: "remove-buckets", text: "group_id=3,command_bucket_id=7" },
  ...MATCHES.map((match) => add(`table=1,${match}${match && ","}actions=output:1`)),
  ...ACTIONS.map((actions) => add(`table=2,priority=5,${IP_ACTIONS.test(actions) || actions.includes("learn(table=9") ? "tcp," : ""}actions=${actions}`)),
  ...PAIRS.map((text) => add(`table=3,${text}`)),
  { cmd: "mod-flows", text: "table=2,reg0=1,actions=output:1" },
  { cmd: "mod-flows", text: "cookie=5/-1,table=2,actions=output:2" },
  { cmd: "--strict mod-flows", text: "table=2,priority=5,reg0=1,actions=drop" },
  { cmd: "--bundle add-flow", text: "table=4,priority=7,ip,actions=ct(table=5)" },
  { cmd: "packet-out", text: "in_port=local packet=ffffffffffff0200000000010800 actions=output:1,set_field:1->reg0,resubmit(,0)" },
  { cmd: "packet-out", text: "in_port=1 packet=ffffffffffff0200000000010800 actions=table" },
  { cmd: "dump-flows", text: "table=3,cookie=0xffffffffffffffff/-1" },
  { cmd: "dump-flows", text: "table=1,out_port=1,ip" },
  { cmd: "dump-flows", text: "" },
  { cmd: "dump-aggregate", text: "table=1" },
  { cmd: "dump-tables", text: "" },
  { cmd: "dump-ports", text: "" },
  { cmd: "dump-ports", text: "1" },
  { cmd: "dump-ports-desc", text: "" },
  { cmd: "queue-stats", text: "" },
  { cmd: "dump-desc", text: "" },
  { cmd: "show", text: "" },
  { cmd: "dump-groups", text: "" },
  { cmd: "dump-groups", text: "3" },
  { cmd: "dump-group-stats", text: "" },
  { cmd: "dump-group-stats", text: "6" },
  { cmd: "dump-group-features", text: "" },
  { cmd: "dump-meters", text: "" },
  { cmd: "dump-meter", text: "meter=5" },
  { cmd: "meter-stats", text: "" },
  { cmd: "meter-stats", text: "meter=7" },
  { cmd: "meter-features", text: "" },
  { cmd: "dump-table-desc", text: "" },
  { cmd: "mod-table", text: "1 controller" },
  { cmd: "mod-table", text: "2 evict" },
  { cmd: "mod-table", text: "2 vacancy:20,80" },
  { cmd: "mod-port", text: "p2 no-flood" },
  { cmd: "get-frags", text: "" },
  { cmd: "set-frags", text: "nx-match" },
  { cmd: "ct-flush-zone", text: "9" },
  { cmd: "ct-flush", text: "zone=5" },
  { cmd: "ct-flush", text: "zone=5 ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_nw_proto=6,ct_tp_src=1,ct_tp_dst=2" },
  { cmd: "ct-flush", text: "zone=5 ct_nw_proto=17,ct_tp_dst=53 ct_ipv6_src=2001:db8::1,ct_tp_src=9" },
  { cmd: "ct-flush", text: "ct_nw_src=10.0.0.1,ct_nw_proto=1,icmp_type=8,icmp_code=0,icmp_id=7" },
  { cmd: "ct-flush", text: "" },
  { cmd: "del-flows", text: "table=2,out_port=1" },
  { cmd: "del-flows", text: "table=3,out_group=3" },
  { cmd: "--strict del-flows", text: "table=1,priority=32768,in_port=1" },
  { cmd: "del-flows", text: "" },
  { cmd: "del-groups", text: "group_id=4" },
  { cmd: "del-groups", text: "" },
  { cmd: "del-meter", text: "meter=5" },
  { cmd: "del-meters", text: "" },
  { cmd: "del-tlv-map", text: "{class=0xffff,type=0,len=4}->tun_metadata0" },
];
