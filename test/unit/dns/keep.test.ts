import { describe } from 'vitest';
import { dnsSuite } from '../../support/dns-suite.ts';
import { createFakeClient } from '../../support/fake-client.ts';

describe('the service kube-dns, with a fake API server in memory', () => {
  dnsSuite(async () => ({ client: createFakeClient(), stop: async () => {} }));
});
