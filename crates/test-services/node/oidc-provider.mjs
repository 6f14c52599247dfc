// An OpenID provider (npm `oidc-provider`) whose keys the test replaces while it runs.
//
// Prints {"issuer": …}, then answers each line of standard input with a line: "publish KID" publishes a key beside the
// others, "sign KID" makes it the one that signs, "remove KID" removes it.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const RESOURCE = 'https://orders.example';
const server = createServer((request, response) => handle(request, response));
let handle;
let keys = [await key('first')];

async function key(kid) {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' };
}

/// oidc-provider signs with the first key that fits, and publishes all of them.
function restart() {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: [{
      client_id: 'shop', client_secret: 'a secret of the tests alone', grant_types: ['client_credentials'],
      redirect_uris: [], response_types: [],
      id_token_signed_response_alg: 'ES256', token_endpoint_auth_method: 'client_secret_post',
    }],
    scopes: ['read:orders', 'write:orders'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        getResourceServerInfo: () => ({
          scope: 'read:orders write:orders', audience: RESOURCE, accessTokenTTL: 600, accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  handle = provider.callback();
}

await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
restart();
console.log(JSON.stringify({ issuer }));

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, kid] = line.split(' ');
  if (verb === 'publish') keys = [...keys, await key(kid)];
  if (verb === 'sign') keys = [...keys.filter((known) => known.kid === kid), ...keys.filter((known) => known.kid !== kid)];
  if (verb === 'remove') keys = keys.filter((known) => known.kid !== kid);
  restart();
  console.log(JSON.stringify({ done: line }));
}
process.exit(0);
