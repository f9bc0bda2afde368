// Writes docs/faults.md, the page of the faults that a lab.yaml can name: `node scripts/node.mjs faults.ts`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultsPage } from './lib/faults-page.ts';

writeFileSync(join(import.meta.dirname, '../docs/faults.md'), faultsPage());
