// Verifies tokens as a service does that uses npm `jose`. Prints {}, then answers each line of {"jwks", "token", "options"}
// with the claims, or the error's code.

import { createInterface } from 'node:readline';
import { createRemoteJWKSet, jwtVerify } from 'jose';

console.log('{}');
for await (const line of createInterface({ input: process.stdin })) {
  const { jwks, token, options } = JSON.parse(line);
  try {
    const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks)), options);
    console.log(JSON.stringify({ claims: payload, header: protectedHeader }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.code ?? String(error) }));
  }
}
process.exit(0);
