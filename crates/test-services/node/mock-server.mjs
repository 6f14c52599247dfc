// An issuer for tests (npm `oauth2-mock-server`). Prints {"issuer": …}, then answers each line of claims with a token.

import { createInterface } from 'node:readline';
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
console.log(JSON.stringify({ issuer: server.issuer.url }));

for await (const line of createInterface({ input: process.stdin })) {
  const token = await server.issuer.buildToken({
    scopesOrTransform: (_, payload) => Object.assign(payload, JSON.parse(line)),
  });
  console.log(JSON.stringify({ token }));
}
process.exit(0);
