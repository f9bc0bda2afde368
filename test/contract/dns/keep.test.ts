import { describe } from 'vitest';
import { startApiserver } from '../../support/apiserver.ts';
import { dnsSuite } from '../../support/dns-suite.ts';

describe('the service kube-dns, with the real API server', () => {
  dnsSuite(() => startApiserver());
});
