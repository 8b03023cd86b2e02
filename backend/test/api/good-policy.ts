// SPDX-License-Identifier: Apache-2.0
export const goodPolicy = (network: string, comment = ""): string => `${comment ? `# ${comment}\n` : ""}network: ${network}
rules: []
`;
