import { describe } from 'vitest';
import { dnsSuite } from '../../support/dns-suite.ts';
import { createFakeClient } from '../../support/fake-client.ts';

describe('The service kube-dns over a server in memory', () => {
  dnsSuite(async () => ({ client: createFakeClient(), stop: async () => {} }));
});
