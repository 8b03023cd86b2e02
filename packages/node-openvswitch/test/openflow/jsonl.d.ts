// SPDX-License-Identifier: Apache-2.0
declare module "*.jsonl" {
  const text: string;
  export default text;
}
