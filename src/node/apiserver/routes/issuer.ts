// OpenID discovery of the issuer of service account tokens, with which other programs can verify these tokens.
import type { Answer, Exchange } from '../exchange/exchange.ts';

/** @returns undefined for any other path */
export const issuer = ({ api, url }: Pick<Exchange, 'api' | 'url'>): Answer | undefined => {
  const { issuer, jwt } = api.tokens;
  switch (url.pathname) {
    case '/.well-known/openid-configuration':
      return json({
        issuer,
        jwks_uri: `https://${api.address}/openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [...new Set(jwt.keys.map((key) => (key as { alg: string }).alg))],
      });
    case '/openid/v1/jwks':
      return json({ keys: jwt.keys }, 'application/jwk-set+json');
    default:
      return undefined;
  }
};

const json = (body: object, type = 'application/json'): Answer => ({
  code: 200,
  body: JSON.stringify(body),
  headers: { 'content-type': type, 'cache-control': 'public, max-age=3600' },
});
