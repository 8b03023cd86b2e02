// SPDX-License-Identifier: Apache-2.0
// Epochs of signing keys: what the recovery key has signed, and the key that waits for its signature.
export const recovery: readonly string[] = [
  // In which the key was made, and of which are the documents that it signs.
  "ALTER TABLE keys ADD COLUMN epoch bigint NOT NULL DEFAULT 0",
  `CREATE TABLE next_key (
    one integer PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    epoch bigint NOT NULL,
    private_pem text NOT NULL,
    -- PublicKey of the contract
    public_key jsonb NOT NULL)`,
  // The last one of each network, as it was signed: nobody here could sign it again.
  `CREATE TABLE recovery_documents (
    network text PRIMARY KEY REFERENCES networks ON DELETE CASCADE,
    document jsonb NOT NULL)`,
];
