// SPDX-License-Identifier: Apache-2.0

export interface Crypto {
  /** FIPS 180-4; 32 bytes. */
  sha256(data: Uint8Array): Uint8Array;
  /** RFC 2104 with SHA-256; 32 bytes. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** ECDSA P-256 with SHA-256 (FIPS 186-5). `publicKey`: SubjectPublicKeyInfo, PEM. `signature`: r and s, 32 bytes each (IEEE P1363). False for any mismatch; throws TypeError for a malformed key. */
  verifyP256(publicKey: string, data: Uint8Array, signature: Uint8Array): boolean;
  /** A new P-256 key pair, PEM: PKCS #8 or SEC 1 (as the engine writes keys) and SubjectPublicKeyInfo. */
  generateP256(): { privateKey: string; publicKey: string };
  /** ECDSA P-256 with SHA-256 (FIPS 186-5): r and s, 32 bytes each (IEEE P1363). `privateKey`: PKCS #8 or SEC 1, PEM. Throws TypeError for a malformed key. */
  signP256(privateKey: string, data: Uint8Array): Uint8Array;
  /** The public half of a private key: SubjectPublicKeyInfo, PEM. Throws TypeError for a malformed key. */
  publicKeyOf(privateKey: string): string;
  /** From the kernel's generator. */
  random(size: number): Uint8Array;
}
