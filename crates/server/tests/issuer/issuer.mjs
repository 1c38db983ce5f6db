// A real issuer for the tests in a browser: oidc-provider with one client, and a group that makes an owner.
// Its page asks for a login name and takes every password. Arguments: the redirect address of the client.

import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirect] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'rollcall-console',
      client_secret: 'a secret of two',
      redirect_uris: [redirect],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    }],
    claims: { openid: ['sub'], profile: ['name', 'groups'], email: ['email'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    async findAccount(_, id) {
      const groups = id === 'ingrid' ? ['rollcall-owners'] : [];
      const claims = { sub: id, name: `${id} of the directory`, email: `${id}@directory.example`, groups };
      return { accountId: id, claims: async () => claims };
    },
  });
  server.on('request', provider.callback());
  console.log(`ready ${issuer}`);
});
