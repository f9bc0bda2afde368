import { describe } from 'vitest';
import { startApiserver } from '../../support/apiserver.ts';
import { dnsSuite } from '../../support/dns-suite.ts';

describe('The service kube-dns over the real API server', () => {
  dnsSuite(() => startApiserver());
});
