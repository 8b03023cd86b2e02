// SPDX-License-Identifier: Apache-2.0
/*
 * Scripts for the reconnect machine. A line is a command, or, indented, what is expected after it:
 *   options KEY=VALUE...   enable   disable   connecting   connected   lost   activity
 *   at MILLIS              moves the clock and asks `run`
 * After each command: "STATE [next MILLIS]" (the deadline), with "do ACTION" before it where `run` says one.
 */
export const scripts: Record<string, string> = {
  "the first try is immediate, the waits double up to the limit": `
enable
  waiting next 0
at 0
  do connect, waiting next 0
connecting
  connecting
lost
  waiting next 1000
at 999
  waiting next 1000
at 1000
  do connect, waiting next 1000
connecting
  connecting
lost
  waiting next 3000
at 3000
  do connect, waiting next 3000
connecting
  connecting
lost
  waiting next 7000
at 7000
  do connect, waiting next 7000
connecting
  connecting
lost
  waiting next 15000
at 15000
  do connect, waiting next 15000
connecting
  connecting
lost
  waiting next 23000`,

  "silence is probed, and ends the connection when it lasts": `
enable
  waiting next 0
connecting
  connecting
connected
  active next 5000
at 4999
  active next 5000
at 5000
  do probe, probing next 10000
at 10000
  do disconnect, probing next 10000
lost
  waiting next 11000`,

  "any activity ends the suspicion": `
enable
  waiting next 0
connecting
  connecting
connected
  active next 5000
at 3000
  active next 5000
activity
  active next 8000
at 8000
  do probe, probing next 13000
at 8100
  probing next 13000
activity
  active next 13100`,

  "a connection that lived longer than the back-off starts it over": `
enable
  waiting next 0
connecting
  connecting
lost
  waiting next 1000
at 1000
  do connect, waiting next 1000
connecting
  connecting
lost
  waiting next 3000
at 3000
  do connect, waiting next 3000
connecting
  connecting
connected
  active next 8000
at 6000
  active next 8000
activity
  active next 11000
lost
  waiting next 7000`,

  "a connection that breaks at once does not": `
enable
  waiting next 0
connecting
  connecting
lost
  waiting next 1000
at 1000
  do connect, waiting next 1000
connecting
  connecting
connected
  active next 6000
lost
  waiting next 3000`,

  "a process that stood still does not blame the peer": `
enable
  waiting next 0
connecting
  connecting
connected
  active next 5000
at 5000
  do probe, probing next 10000
at 60000
  probing next 61000
at 61000
  do disconnect, probing next 61000`,

  "with several remotes the others are tried without waiting": `
options freeTries=2
enable
  waiting next 0
at 0
  do connect, waiting next 0
connecting
  connecting
lost
  waiting next 0
connecting
  connecting
lost
  waiting next 0
connecting
  connecting
lost
  waiting next 1000`,

  "a connection that held gives the free tries back": `
options freeTries=1 probe=0
enable
  waiting next 0
connecting
  connecting
lost
  waiting next 0
connecting
  connecting
lost
  waiting next 1000
at 1000
  do connect, waiting next 1000
connecting
  connecting
connected
  active
at 3000
  active
activity
  active
lost
  waiting next 3000
connecting
  connecting
lost
  waiting next 5000`,

  "probing can be switched off, and back-off chosen": `
options probe=0 minimum=50 maximum=100
enable
  waiting next 0
connecting
  connecting
connected
  active
lost
  waiting next 50
connecting
  connecting
lost
  waiting next 100
connecting
  connecting
lost
  waiting next 100`,

  "disabled, it wants nothing; losses are no news then": `
enable
  waiting next 0
connecting
  connecting
disable
  stopped
lost
  stopped
at 100000
  stopped
enable
  waiting next 100000`,
};
