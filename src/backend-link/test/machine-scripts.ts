// SPDX-License-Identifier: Apache-2.0
/*
 * Scripts for the link's machine. A line "MILLIS INPUT [ARGUMENT]" is an input at a time, the indented line after it what is expected: the effects, then the state
 * and the deadline. `random` is 1 unless "random X" says otherwise, so that waits stand at their ceilings.
 */
export const scripts: Record<string, string> = {
  "the way up: connect, subscribe, hello, ready; then a ping for each 25 s of silence": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
50 subscribed
  hello -> greeting until 10050
60 welcomed
  ready -> ready until 25040
25040 time
  ping -> ready until 28040
25060 received
  -> ready until 50060
50060 time
  ping -> ready until 53060
53060 time
  destroy lost(the broker is silent: nothing within 3 s of a ping, 500) welcomed -> waiting until 53560
`,
  "no route: waits double from 0.5 s to 3 s while the cut is young, then to 60 s": `
0 start
  connect(10000) -> connecting until 11000
10 closed ENETUNREACH
  lost(ENETUNREACH, 500) -> waiting until 510
510 time
  connect(10000) -> connecting until 11510
520 closed ENETUNREACH
  lost(ENETUNREACH, 1000) -> waiting until 1520
1520 time
  connect(10000) -> connecting until 12520
1530 closed ENETUNREACH
  lost(ENETUNREACH, 2000) -> waiting until 3530
3530 time
  connect(10000) -> connecting until 14530
3540 closed ENETUNREACH
  lost(ENETUNREACH, 3000) -> waiting until 6540
6540 time
  connect(10000) -> connecting until 17540
6550 closed ENETUNREACH
  lost(ENETUNREACH, 3000) -> waiting until 9550
59990 time
  connect(10000) -> connecting until 70990
60010 closed ENETUNREACH
  lost(ENETUNREACH, 16000) -> waiting until 76010
76010 time
  connect(45000) -> connecting until 122010
76020 closed ENETUNREACH
  lost(ENETUNREACH, 32000) -> waiting until 108020
108020 time
  connect(45000) -> connecting until 154020
108030 closed ENETUNREACH
  lost(ENETUNREACH, 60000) -> waiting until 168030
`,
  "full jitter: a wait may be anything down to nothing": `
random 0
0 start
  connect(10000) -> connecting until 11000
10 closed refused
  lost(refused, 0) -> waiting until 10
random 0.5
10 time
  connect(10000) -> connecting until 11010
20 closed refused
  lost(refused, 500) -> waiting until 520
`,
  "after a cut a try lasts 2.5 s at most, so that the link is back within 5 s of its return": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
50 subscribed
  hello -> greeting until 10050
60 welcomed
  ready -> ready until 25040
20000 closed reset
  lost(reset, 500) welcomed -> waiting until 20500
20500 time
  connect(2500) -> connecting until 24000
23000 closed timeout
  lost(timeout, 1000) -> waiting until 24000
`,
  "a slow line gets three times what it needed last": `
0 start
  connect(10000) -> connecting until 11000
8000 connected
  subscribe -> subscribing until 18000
9000 closed reset
  lost(reset, 500) -> waiting until 9500
9500 time
  connect(24000) -> connecting until 34500
`,
  "a connection that never answers at all is left by the machine itself": `
0 start
  connect(10000) -> connecting until 11000
11000 time
  destroy lost(no connection within the deadline, 500) -> waiting until 11500
`,
  "no SUBACK, or a refused one": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
10040 time
  destroy lost(the broker did not answer SUBSCRIBE within 10 s, 500) -> waiting until 10540
10540 time
  connect(2500) -> connecting until 14040
10550 connected
  subscribe -> subscribing until 20550
10560 refused not granted
  destroy lost(not granted, 1000) -> waiting until 11560
`,
  "no welcome: hello again, then away": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
50 subscribed
  hello -> greeting until 10050
10050 time
  hello -> greeting until 20050
20050 time
  destroy lost(the backend did not answer hello twice within 10 s, 500) -> waiting until 20550
`,
  "half-open with something to say: a ping after 2 s, dead 3 s later": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
50 subscribed
  hello -> greeting until 10050
60 welcomed
  ready -> ready until 25040
100000 published 1
  -> ready until 102000
102000 time
  ping -> ready until 105000
105000 time
  destroy lost(the broker is silent: nothing within 3 s of a ping, 500) welcomed -> waiting until 105500
`,
  "a slow database is no dead broker: pings are answered, PUBACK takes 40 s": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
50 subscribed
  hello -> greeting until 10050
60 welcomed
  ready -> ready until 25040
1000 published 1
  -> ready until 3000
3000 time
  ping -> ready until 6000
3010 received
  -> ready until 5010
5010 time
  ping -> ready until 8010
5020 received
  -> ready until 7020
41000 acknowledged 1
  -> ready until 66000
`,
  "but not for ever": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
50 subscribed
  hello -> greeting until 10050
60 welcomed
  ready -> ready until 25040
1000 published 1
  -> ready until 3000
60990 received
  -> ready until 61000
61000 time
  destroy lost(no PUBACK within 60 s, 500) welcomed -> waiting until 61500
`,
  "a hint that the network changed: look at once, or try at once": `
0 start
  connect(10000) -> connecting until 11000
10 closed refused
  lost(refused, 500) -> waiting until 510
20 probe
  connect(10000) -> connecting until 11020
40 connected
  subscribe -> subscribing until 10040
50 subscribed
  hello -> greeting until 10050
60 welcomed
  ready -> ready until 25040
500 probe
  ping -> ready until 3500
510 probe
  -> ready until 3500
3500 time
  destroy lost(the broker is silent: nothing within 3 s of a ping, 1000) welcomed -> waiting until 4500
`,
  "a stop ends in order; what comes after it is nothing": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
50 stop
  end -> idle
60 subscribed
  -> idle
70 closed gone
  -> idle
80 start
  connect(2500) -> connecting until 3580
90 stop
  destroy -> idle
`,
  "another certificate: end and connect, without waiting": `
0 start
  connect(10000) -> connecting until 11000
40 connected
  subscribe -> subscribing until 10040
50 subscribed
  hello -> greeting until 10050
60 welcomed
  ready -> ready until 25040
500 renew
  end connect(2500) -> connecting until 4000
`,
  "taken over again and again, with welcomes for somebody else: long waits and a word about it": `
0 start
  connect(10000) -> connecting until 11000
10 connected
  subscribe -> subscribing until 10010
20 subscribed
  hello -> greeting until 10020
25 foreign
  -> greeting until 10020
30 welcomed
  ready -> ready until 25010
1000 closed by peer
  lost(by peer, 500) welcomed -> waiting until 1500
1500 time
  connect(2500) -> connecting until 5000
1510 connected
  subscribe -> subscribing until 11510
1520 subscribed
  hello -> greeting until 11520
1525 foreign
  -> greeting until 11520
1530 welcomed
  ready -> ready until 26510
2500 closed by peer
  lost(by peer, 60000) welcomed taken-over -> waiting until 62500
`,
};
