// Signs and verifies with npm `jose`. Prints {}, then answers each line: {"sign": claims, "alg", "key"} with {"token"}, and
// {"verify": token, "alg", "key"} with {"claims"}; or either with {"error"}. A key is {"pem"} or {"secret"}.

import { createInterface } from 'node:readline';
import { SignJWT, importPKCS8, importSPKI, jwtVerify } from 'jose';

async function keyOf({ pem, secret }, alg) {
  if (secret !== undefined) return new TextEncoder().encode(secret);
  return pem.includes('PRIVATE') ? importPKCS8(pem, alg) : importSPKI(pem, alg);
}

async function answer({ sign, verify, alg, key }) {
  try {
    const imported = await keyOf(key, alg);
    if (sign !== undefined) return { token: await new SignJWT(sign).setProtectedHeader({ alg }).sign(imported) };
    return { claims: (await jwtVerify(verify, imported, { algorithms: [alg] })).payload };
  } catch (error) {
    return { error: error.code ?? String(error) };
  }
}

console.log('{}');
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
process.exit(0);
